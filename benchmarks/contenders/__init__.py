"""One script for each contender. Each takes a URL, a mode and a number, and prints one line of JSON.

`official.py` is run by an interpreter that has `qiskit-ibm-runtime` and not this package.
"""
