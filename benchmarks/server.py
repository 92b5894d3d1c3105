"""An emulator in a process of its own, and what it says afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import Request, urlopen

from benchmarks.processes import surroundings

TOKEN = "bench"  # noqa: S105 - the emulator takes any
INSTANCE = "crn:v1:bluemix:public:quantum-computing:us-east:a/bench:bench::"
OLD_JOBS = 500


class Server:
    """Control of one emulator."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, method: str, what: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.url}/_emulator/{what}", data=data, method=method), timeout=30) as reply:  # noqa: S310 - loopback
            content = reply.read()
        return json.loads(content) if content else None


@contextmanager
def server(queue: float = 1.0, run: float = 4.0) -> Iterator[Server]:
    """Jobs of about five seconds, side by side; older jobs in the listing, which lags up to a second."""
    command = [sys.executable, "-m", "qrt_async.emulator", "--rate-limit", "none", "--backend", "bench:5"]
    command += ["--queue-seconds", str(queue), "--run-seconds", str(run), "--jitter", "0.1", "--seed", "7"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=surroundings())
    try:
        assert process.stdout is not None
        found = Server(json.loads(process.stdout.readline())["url"])
        found.control("POST", "config", {"listing_lag": [0.0, 1.0]})
        found.control("POST", "history", {"count": OLD_JOBS, "key": TOKEN, "instance": INSTANCE})
        yield found
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()
