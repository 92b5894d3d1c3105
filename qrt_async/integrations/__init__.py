"""Where this package meets others: a file for each, imported by nobody but you."""
