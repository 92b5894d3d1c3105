"""How much does it cost to wait for many jobs, and how late does one hear of an end?"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.processes import surroundings
from benchmarks.server import INSTANCE, TOKEN, Server, server

HERE = Path(__file__).parent / "contenders"
OFFICIAL = "QRT_OFFICIAL_PYTHON"
MODES = [
    ("qrt_async", "ours.py", "-"),
    ("aiohttp by hand", "by_hand.py", "-"),
    ("official, loop", "official.py", "loop"),
    ("official, 32 threads", "official.py", "pool"),
    ("official, run and wait", "official.py", "pool-run"),
]
_STATUS = ("GET /v1/jobs", "GET /v1/jobs/{id}", "GET /v1/jobs/{id}/metrics")


def run(jobs: int, quick: bool) -> list[dict[str, Any]]:
    """One row for each contender; those of the official client only if its interpreter is named."""
    rows = []
    for name, script, mode in MODES:
        python = os.environ.get(OFFICIAL) if script == "official.py" else sys.executable
        if python is None:
            print(f"{name}: left out, {OFFICIAL} names no interpreter", file=sys.stderr)
            continue
        with server(*((0.1, 0.2) if quick else (1.0, 4.0))) as here:
            _warm(here)
            rows.append({"contender": name, **_measured(here, python, script, mode, jobs)})
    return rows


def _warm(here: Server) -> None:
    """The first job pays for starting the simulators; it is nobody's."""
    _contend(here, sys.executable, "by_hand.py", "-", 2)
    here.control("POST", "reset")
    here.control("POST", "history", {"count": 500, "key": TOKEN, "instance": INSTANCE})


def _contend(here: Server, python: str, script: str, mode: str, jobs: int) -> dict[str, Any]:
    command = [python, str(HERE / script), here.url, TOKEN, INSTANCE, mode, str(jobs)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=600, check=False, env=surroundings()
    )
    if done.returncode != 0:
        raise RuntimeError(f"{script} {mode} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measured(here: Server, python: str, script: str, mode: str, jobs: int) -> dict[str, Any]:
    told = _contend(here, python, script, mode, jobs)
    counts: dict[str, int] = here.control("GET", "stats")["requests"]
    ends = {job["id"]: job["finished"] for job in here.control("GET", "jobs") if job["id"] in told["done"]}
    if len(ends) != jobs:
        raise RuntimeError(f"{script} {mode}: {jobs} jobs were wanted, {len(ends)} were waited for")
    late = sorted(told["done"][job_id] - end for job_id, end in ends.items())
    return {
        "jobs": jobs,
        "requests": sum(counts.values()),
        "status_requests": sum(counts.get(name, 0) for name in _STATUS),
        "late_p50": statistics.median(late),
        "late_p95": late[int(0.95 * (len(late) - 1))],
        "late_max": late[-1],
        "cpu_ms_per_job": 1000 * told["cpu"] / jobs,
        "peak_mib": told["peak_mib"],
        "threads": told["threads"],
        "wall": told["wall"],
    }
