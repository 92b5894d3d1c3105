"""Sweeps: many points of parameters, few jobs, one stream of results."""
