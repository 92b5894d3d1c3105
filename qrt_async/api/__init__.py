"""Bytes and meaning: the service's JSON as structs, one function for each endpoint."""
