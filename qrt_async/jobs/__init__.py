"""Meaning and awaiting: job handles, and the one task that watches them all."""
