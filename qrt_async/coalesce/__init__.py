"""One job for many: compatible programs of several submissions travel together, and each gets its own slice back."""
