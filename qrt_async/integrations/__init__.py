"""Ways into other worlds: each a leaf that nothing imports, with what it needs imported when it is used."""
