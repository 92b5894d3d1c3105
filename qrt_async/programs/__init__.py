"""What runs and what comes back: programs and their parameters in, results out. Nothing here waits."""
