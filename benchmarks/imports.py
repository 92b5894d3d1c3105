"""What does importing cost, in time and memory?"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from benchmarks.processes import surroundings

_PROGRAM = """
import resource, time
before = time.perf_counter()
{code}
print(time.perf_counter() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
SUBJECTS = [
    ("qrt_async", "import qrt_async", None),
    (
        "qrt_async, service constructed",
        "import qrt_async; qrt_async.RuntimeService(url='http://127.0.0.1:9')",
        None,
    ),
    ("aiohttp", "import aiohttp", None),
    ("official client", "import qiskit_ibm_runtime", "QRT_OFFICIAL_PYTHON"),
]


def run(jobs: int, quick: bool) -> list[dict[str, Any]]:
    """The quickest of several fresh processes, which is the least disturbed one."""
    rows = []
    for name, code, variable in SUBJECTS:
        python = sys.executable if variable is None else os.environ.get(variable)
        if python is None:
            print(f"{name}: left out, {variable} names no interpreter", file=sys.stderr)
            continue
        runs = [_once(python, code) for _ in range(2 if quick else 7)]
        rows.append(
            {"contender": name, "seconds": min(r[0] for r in runs), "peak_mib": min(r[1] for r in runs)}
        )
    return rows


def _once(python: str, code: str) -> tuple[float, float]:
    command = [python, "-c", _PROGRAM.format(code=code)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=surroundings())
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)
