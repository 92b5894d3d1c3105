"""Side by side: `python -m benchmarks [name] [--json]`.

One file for each question, one in `contenders/` for each contender. A contender runs in a process of its
own; requests are counted by the emulator. Absolute times are noise: read the columns against each other.
"""
