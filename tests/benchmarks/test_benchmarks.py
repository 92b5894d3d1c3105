"""The benchmarks work, and count on the server. What they measure decides no test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def benchmark(*arguments: str, official: bool = False) -> dict[str, list[dict[str, Any]]]:
    environ = dict(os.environ)
    if not official:
        environ.pop("QRT_OFFICIAL_PYTHON", None)
    command = [sys.executable, "-m", "benchmarks", *arguments, "--json", "--quick"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=100, check=True, cwd=ROOT, env=environ
    )
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return found


def test_waiting_counts_requests_on_the_server() -> None:
    rows = {row["contender"]: row for row in benchmark("waiting", "--jobs", "3")["waiting"]}
    assert set(rows) == {"qrt_async", "aiohttp by hand"}
    # Each job is at least a POST and a GET of its result; before them one token.
    assert all(row["requests"] >= 1 + 2 * 3 + row["status_requests"] for row in rows.values())
    assert all(0 < row["status_requests"] < 20 and row["jobs"] == 3 for row in rows.values())


def test_importing_this_package_is_measured_beside_aiohttp() -> None:
    rows = {row["contender"]: row for row in benchmark("imports")["imports"]}
    assert rows["qrt_async"]["seconds"] > 0
    assert {"qrt_async", "aiohttp"} <= set(rows)


@pytest.mark.official
@pytest.mark.timeout(150)
@pytest.mark.skipif(
    "QRT_OFFICIAL_PYTHON" not in os.environ, reason="QRT_OFFICIAL_PYTHON names no interpreter"
)
def test_the_official_client_runs_beside_ours() -> None:
    rows = benchmark("waiting", "--jobs", "2", official=True)["waiting"]
    assert len(rows) == 5
    official = [row for row in rows if row["contender"].startswith("official")]
    assert all(row["requests"] > 3 * row["jobs"] for row in official), "three requests for each submission"
