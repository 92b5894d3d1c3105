"""The processes that programs run in."""
