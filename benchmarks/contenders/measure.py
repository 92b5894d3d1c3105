"""What a contender says of itself. Standard library only: every interpreter runs it, by path."""

from __future__ import annotations

import json
import resource
import threading
import time
from pathlib import Path
from typing import Any


class Meter:
    """CPU since the imports, peak memory, most threads, and when each result was in hand."""

    def __init__(self) -> None:
        self._cpu = time.process_time()
        self._wall = time.time()
        self._lock = threading.Lock()
        self._threads = 0
        self._done: dict[str, float] = {}

    def in_hand(self, job_id: str) -> None:
        """The result of this job has been read."""
        now = time.time()
        with self._lock:
            self._done[job_id] = now
            self._threads = max(self._threads, _threads())

    def report(self) -> None:
        found: dict[str, Any] = {
            "wall": time.time() - self._wall,
            "cpu": time.process_time() - self._cpu,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "threads": self._threads,
            "done": self._done,
        }
        print(json.dumps(found), flush=True)


def _threads() -> int:
    """Threads of the operating system, those of C libraries included."""
    status = Path("/proc/self/status")
    if not status.exists():
        return threading.active_count()
    line = next(line for line in status.read_text().splitlines() if line.startswith("Threads:"))
    return int(line.split()[1])
