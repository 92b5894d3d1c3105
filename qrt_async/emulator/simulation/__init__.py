"""Circuits in, shots out: what runs in the worker processes."""
