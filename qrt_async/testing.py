"""Fixtures for tests of programs that use this package: ``pytest_plugins = ["qrt_async.testing"]``.

An emulator of the service with real circuits behind it, in a process of its own, for the whole test run; it
is emptied before each test that uses it. The fixtures are plain ones: no plugin for asyncio is needed, and
any will do. Needs the extra ``local``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from qrt_async.service import RuntimeService

_WITHIN = 30.0


@pytest.fixture(scope="session")
def qrt_emulator_arguments() -> list[str]:
    """Arguments of ``python -m qrt_async.emulator``. Override it for other timings, limits or backends.

    By default jobs queue and run for a moment, nothing limits submitting, and results are repeatable.
    """
    timings = ["--queue-seconds", "0.05", "--run-seconds", "0.05", "--jitter", "0"]
    return [*timings, "--rate-limit", "none", "--seed", "0"]


@pytest.fixture(scope="session")
def qrt_emulator_process(qrt_emulator_arguments: list[str]) -> Iterator[str]:
    """The URL of the emulator that serves the whole test run. Tests take ``qrt_emulator``."""
    command = [sys.executable, "-m", "qrt_async.emulator", *qrt_emulator_arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own module
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            ready = process.stdout.readline()
            if not ready:
                raise RuntimeError(f"the emulator did not start: {' '.join(command)}")
            yield json.loads(ready)["url"]
        finally:
            _end(process)


@pytest.fixture
def qrt_emulator(qrt_emulator_process: str) -> str:
    """The URL of an emulator without any jobs: for ``RuntimeService(url=...)``, or ``QISKIT_IBM_URL``."""
    request = Request(f"{qrt_emulator_process}/_emulator/reset", method="POST")  # noqa: S310 - loopback
    with build_opener(ProxyHandler({})).open(request, timeout=_WITHIN):  # no proxy leads to this machine
        return qrt_emulator_process


@pytest.fixture
def qrt_service(qrt_emulator: str) -> Callable[..., RuntimeService]:
    """Makes services that are connected to the emulator: ``async with qrt_service() as service:``.

    Takes the arguments of ``RuntimeService``; no limit of ours holds submissions back unless one is given.
    """

    def make(**options: Any) -> RuntimeService:
        return RuntimeService(**{"url": qrt_emulator, "rate_limit": None, **options})

    return make


def _end(process: subprocess.Popen[str]) -> None:
    """Ask it to end, and insist."""
    process.terminate()
    try:
        process.wait(_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
