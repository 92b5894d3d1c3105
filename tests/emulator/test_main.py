"""``python -m qrt_async.emulator``; the file is ``__main__.py``."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.request import Request, urlopen

import aiohttp
import pytest

from qrt_async.emulator.__main__ import arguments, config
from qrt_async.emulator.config import EmulatorConfig
from tests.emulator.driver import CRN
from tests.emulator.lab import BELL, ENDLESS, cpu_seconds, runs, workers_of


@asynccontextmanager
async def running(*flags: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, Any]]]:
    """An emulator in a process of its own, and its ready line."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "qrt_async.emulator", *flags, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process, json.loads(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def test_without_flags_it_is_the_documented_emulator() -> None:
    assert config(arguments().parse_args([])) == EmulatorConfig()


def test_every_flag_reaches_its_field() -> None:
    flags = (
        f"--token T --instance {CRN} --queue-seconds 2 --run-seconds 3.5 --jitter 0 --rate-limit 7/30 "
        "--rate-window bucket --no-retry-after --pending-cap 3 --usage-limit 600 --seed 4 "
        "--backend ibm_a:5 --backend ibm_b --record out.jsonl"
    )
    assert config(arguments().parse_args(flags.split())) == EmulatorConfig(
        token="T",
        instance=CRN,
        queue_seconds=2.0,
        run_seconds=3.5,
        jitter=0.0,
        rate_limit=(7, 30.0),
        rate_window="bucket",
        retry_after=False,
        pending_cap=3,
        usage_limit=600.0,
        seed=4,
        backends=("ibm_a:5", "ibm_b"),
        record="out.jsonl",
    )


def test_the_rate_limit_can_be_none() -> None:
    assert config(arguments().parse_args(["--rate-limit", "none"])).rate_limit is None


@pytest.mark.parametrize(
    "flags",
    [
        "--rate-limit often",
        "--rate-limit 0/60",
        "--rate-limit 5/0",
        "--queue-seconds -1",
        "--jitter 2",
        "--port 65536",
        "--port x",
        "--port -1",
        "--seed x",
        "--rate-window open",
        "--usage-limit -1",
        "--pending-cap few",
        "--run-seconds inf",
    ],
)
def test_a_flag_that_makes_no_sense_ends_with_usage(flags: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        arguments().parse_args(flags.split())
    assert caught.value.code == 2
    assert flags.split()[0] in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send to one process")
async def test_one_json_line_says_that_it_listens_and_a_signal_ends_it_cleanly() -> None:
    async with running("--token", "T") as (process, ready):
        assert ready == {"ready": True, "url": ready["url"], "pid": process.pid}
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{ready['url']}/api/v1/versions") as reply,
        ):
            assert reply.status == 200
        os.kill(process.pid, signal.SIGTERM)
        assert process.stdout is not None
        assert await process.stdout.read() == b""
        assert await process.wait() == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_no_worker_is_left_however_it_ends(name: str) -> None:
    command = [sys.executable, "-m", "qrt_async.emulator", "--queue-seconds", "0", "--run-seconds", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        submit(url, BELL)
        while not (workers := workers_of(process.pid)) or not finished(url):
            time.sleep(0.05)
        submit(url, ENDLESS)
        idle = sum(map(cpu_seconds, workers))
        while sum(map(cpu_seconds, workers)) < idle + 0.5:
            time.sleep(0.05)
        os.kill(process.pid, getattr(signal, name))
        assert process.wait() == (-signal.SIGKILL if name == "SIGKILL" else 0)
        while any(runs(worker) for worker in workers):
            time.sleep(0.05)


def submit(url: str, circuit: str) -> None:
    body = {"program_id": "sampler", "backend": "emulator_ideal", "params": {"pubs": [[circuit]]}}
    assert "id" in ask(url, json.dumps(body).encode())


def finished(url: str) -> bool:
    return {job["status"] for job in ask(url)["jobs"]} == {"Completed"}


def ask(url: str, body: bytes | None = None) -> Any:
    headers = {"Authorization": "apikey k", "Service-CRN": CRN}
    with urlopen(Request(f"{url}/api/v1/jobs", body, headers)) as reply:  # noqa: S310 - loopback
        return json.loads(reply.read())


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ("--backend a:b", "NAME[:QUBITS]"),
        ("--backend a:5 --backend a:7", "given twice"),
        ("--instance mine", "instance is a CRN"),
        ("--pending-cap 0", "pending_cap"),
        ("--token=", "token"),
        ("--record /no/such/folder/file", "/no/such/folder/file"),
    ],
)
async def test_what_cannot_be_is_said_in_one_line(flags: str, says: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "qrt_async.emulator", *flags.split(), stderr=asyncio.subprocess.PIPE
    )
    _, error = await process.communicate()
    assert process.returncode == 1
    assert len(error.splitlines()) == 1
    assert says in error.decode()


async def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    async with running() as (_, ready):
        port = ready["url"].rpartition(":")[2]
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "qrt_async.emulator", "--port", port, stderr=asyncio.subprocess.PIPE
        )
        _, error = await second.communicate()
    assert second.returncode == 1
    assert b"Traceback" not in error
    assert len(error.splitlines()) == 1
