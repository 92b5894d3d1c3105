"""The programs of the service: params in, results out."""
