from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
import textwrap
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from qrt_async.emulator import process, simulate
from qrt_async.emulator.programs import execute
from qrt_async.emulator.simulate import Simulator
from tests.emulator.lab import BELL, HEAD, work

ENDLESS = HEAD + (
    "qubit[20] q; bit[20] c;"
    + "".join(f"ry(0.{n}) q[{n % 20}]; cx q[{n % 20}], q[{(n + 7) % 20}];" for n in range(1, 600))
    + "c = measure q; while (c[0] == c[0]) { h q; c = measure q; }"
)
ENDLESS = HEAD + "qubit q; bit c; bit d; c = measure q; while (!c) { reset q; c = measure q; }"


@contextlib.asynccontextmanager
async def simulator(workers: int = 1, cpu_seconds: float = 60.0) -> AsyncIterator[Simulator]:
    made = Simulator(workers, cpu_seconds)
    try:
        yield made
    finally:
        await made.close()


def children() -> set[int]:
    """The worker processes of this process, by their command."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"qrt_async.emulator.worker" in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
    return found


async def busy() -> int:
    """The only worker, once it computes."""
    while not (found := children()):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.7)
    return found.pop()


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


async def test_a_worker_gives_the_same_outcome_as_its_function_and_is_used_again():
    async with simulator() as sim:
        first = await sim.run(work([[BELL]]))
        workers = children()
        second = await sim.run(work([["nonsense"]]))
        assert first == execute(work([[BELL]]))
        assert second == execute(work([["nonsense"]]))
        assert children() == workers
    assert children() == set()


@linux
async def test_a_killed_worker_is_a_failed_job_and_the_next_one_works():
    async with simulator() as sim:
        running = asyncio.create_task(sim.run(work([[ENDLESS]])))
        os.kill(await busy(), signal.SIGKILL)
        outcome = await running
        assert (outcome.kind, outcome.reason_code) == ("failed", 9999)
        assert "-9" in (outcome.reason or "")
        assert (await sim.run(work([[BELL]]))).kind == "completed"


@linux
async def test_cancelling_ends_the_process_and_frees_its_place():
    async with simulator() as sim:
        running = asyncio.create_task(sim.run(work([[ENDLESS]])))
        pid = await busy()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await sim.run(work([[BELL]]))).kind == "completed"
        assert pid not in children()


@linux
async def test_a_program_that_computes_too_long_fails_with_1520():
    async with simulator(cpu_seconds=1.0) as sim:
        outcome = await sim.run(work([[ENDLESS]]))
        assert (outcome.kind, outcome.reason_code) == ("failed", 1520)
        assert "1 s of CPU time" in (outcome.reason or "")


async def test_no_more_programs_run_at_once_than_there_are_workers():
    async with simulator(workers=2) as sim:
        outcomes = await asyncio.gather(*(sim.run(work([[BELL]], seed=seed)) for seed in range(8)))
        assert len(children()) <= 2
        assert [outcome.body for outcome in outcomes] == [execute(work([[BELL]], seed=seed)).body for seed in range(8)]


async def test_closing_fails_what_runs_and_what_waits_and_the_simulator_can_start_again():
    sim = Simulator(workers=1)
    tasks = [asyncio.create_task(sim.run(work([[ENDLESS]]))) for _ in range(3)]
    await asyncio.sleep(0.3)
    await sim.close()
    assert [outcome.reason_code for outcome in await asyncio.gather(*tasks)] == [9999] * 3
    assert (await sim.run(work([[BELL]]))).kind == "completed"
    await sim.close()
    await sim.close()


async def test_a_worker_that_cannot_start_is_a_failed_job_that_says_why(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(process, "ROOT", Path("/no/such/folder"))
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    async with simulator() as sim:
        outcome = await sim.run(work([[BELL]]))
    assert (outcome.kind, outcome.reason_code) == ("failed", 9999)
    assert "/no/such/python" in (outcome.reason or "")


async def test_a_worker_without_qiskit_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "qiskit").mkdir()
    (tmp_path / "qiskit" / "__init__.py").write_text("raise ImportError('broken')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with simulator() as sim:
        outcome = await sim.run(work([[BELL]]))
    assert "pip install 'qrt-async[local]'" in (outcome.reason or "")


def test_without_the_extra_there_is_no_simulator(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(simulate, "NEEDED", ("no_such_package",))
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'qrt-async\[local\]'"):
        Simulator()


@pytest.mark.parametrize(("workers", "cpu_seconds"), [(0, 1.0), (1, 0.0), (1, -1.0)])
def test_a_simulator_needs_a_worker_and_time(workers: int, cpu_seconds: float):
    with pytest.raises(ValueError, match="at least one worker"):
        Simulator(workers, cpu_seconds)


FORGETFUL = """
    import asyncio, gc, sys
    {imports}
    from qrt_async.emulator.simulate import Simulator
    from tests.emulator.lab import BELL, work

    async def main(sim):
        assert (await sim.run(work([[BELL]]))).kind == "completed"

    sim = Simulator(1)
    {run}(main(sim))
    {run}(main(sim))
    del sim
    gc.collect()
"""


@pytest.mark.parametrize(
    ("imports", "run"), [("pass", "asyncio.run"), ("uvloop = __import__('pytest').importorskip('uvloop')", "uvloop.run")]
)
def test_a_simulator_that_nobody_closes_ends_with_its_loop_and_serves_the_next(imports: str, run: str):
    code = textwrap.dedent(FORGETFUL).format(imports=imports, run=run)
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code],
        check=False,
        capture_output=True,
        timeout=50,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_nothing_is_left_for_the_collector_to_complain_about():
    async def main() -> None:
        async with simulator() as sim:
            await sim.run(work([[BELL]]))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(main())
        gc.collect()
