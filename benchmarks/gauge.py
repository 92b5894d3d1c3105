"""What a process can say of itself. Standard library only: any interpreter runs it.

Memory is in bytes, and ``None`` where the platform does not tell.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

KIB = 1024


def status(field: str, process: int | str = "self") -> int | None:
    """A number of Linux' ``/proc/PID/status``; those of memory are in KiB."""
    try:
        lines = Path(f"/proc/{process}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(f"{field}:")]
    return int(found[0]) if found else None


def memory() -> int | None:
    """What is resident now."""
    now = status("VmRSS")
    return None if now is None else now * KIB


def peak_memory() -> int | None:
    """The most that was ever resident. Not ``getrusage`` on Linux: there a child inherits its parent's peak."""
    peak = status("VmHWM")
    if peak is not None:
        return peak * KIB
    if sys.platform == "win32":
        return None
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * KIB


def forget_peak() -> None:
    """Let the peak start anew, where that is possible; elsewhere it stays what the import left."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")


def timed(counts: Callable[[], Mapping[str, int]], runs: int) -> dict[str, Any]:
    """The best time of some runs, the memory that the first one took, and a digest of what was counted."""
    before = memory()
    forget_peak()
    seconds, found = _clocked(counts)
    peak = peak_memory()
    again = [_clocked(counts)[0] for _ in range(runs - 1)]
    return {
        "seconds": min([seconds, *again]),
        "growth": None if before is None or peak is None else peak - before,
        "peak": peak,
        "shots": sum(found.values()),
        "outcomes": len(found),
    }


def _clocked(counts: Callable[[], Mapping[str, int]]) -> tuple[float, Mapping[str, int]]:
    begun = time.perf_counter()
    found = counts()
    return time.perf_counter() - begun, found
