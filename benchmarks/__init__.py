"""What the client costs, beside its peers: ``python -m benchmarks [name ...] [--json]``."""
