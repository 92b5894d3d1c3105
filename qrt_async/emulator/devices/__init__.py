"""The machines the emulator pretends to have."""
