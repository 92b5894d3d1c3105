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

from qrt_async.emulator.programs.execute import execute
from qrt_async.emulator.work import Outcome
from qrt_async.emulator.workers import process
from qrt_async.emulator.workers.simulator import Simulator
from tests.emulator.lab import BELL, BELL_ISA, ENDLESS, work, workers_of
from tests.virtual_time import VirtualLoop


@contextlib.asynccontextmanager
async def simulator(workers: int = 1, cpu_seconds: float = 60.0) -> AsyncIterator[Simulator]:
    made = Simulator(workers, cpu_seconds)
    try:
        yield made
    finally:
        await made.close()


async def busy(sim: Simulator) -> tuple[asyncio.Task[Outcome], int]:
    """A program that never ends, and the process it was given to."""
    await sim.run(work([[BELL]]))
    running = asyncio.create_task(sim.run(work([[ENDLESS]])))
    await asyncio.sleep(0.05)
    return running, workers_of(os.getpid()).pop()


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


async def test_a_worker_gives_the_same_outcome_as_its_function_and_is_used_again() -> None:
    async with simulator() as sim:
        first = await sim.run(work([[BELL]]))
        workers = workers_of(os.getpid())
        second = await sim.run(work([["nonsense"]]))
        assert first == execute(work([[BELL]]))
        assert second == execute(work([["nonsense"]]))
        assert workers_of(os.getpid()) == workers
    assert workers_of(os.getpid()) == set()


@linux
async def test_a_killed_worker_is_a_failed_job_and_the_next_one_works() -> None:
    async with simulator() as sim:
        running, pid = await busy(sim)
        os.kill(pid, signal.SIGKILL)
        outcome = await running
        assert (outcome.kind, outcome.reason_code) == ("failed", 9999)
        assert "-9" in (outcome.reason or "")
        assert (await sim.run(work([[BELL]]))).kind == "completed"


@linux
async def test_cancelling_ends_the_process_and_frees_its_place() -> None:
    async with simulator() as sim:
        running, pid = await busy(sim)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await sim.run(work([[BELL]]))).kind == "completed"
        assert pid not in workers_of(os.getpid())


@linux
async def test_a_program_that_computes_too_long_fails_with_1520() -> None:
    async with simulator(cpu_seconds=1.0) as sim:
        outcome = await sim.run(work([[ENDLESS]]))
        assert (outcome.kind, outcome.reason_code) == ("failed", 1520)
        assert "1 s of CPU time" in (outcome.reason or "")


async def test_no_more_programs_run_at_once_than_there_are_workers() -> None:
    async with simulator(workers=2) as sim:
        outcomes = await asyncio.gather(*(sim.run(work([[BELL]], seed=seed)) for seed in range(8)))
        assert len(workers_of(os.getpid())) <= 2
        assert [outcome.body for outcome in outcomes] == [
            execute(work([[BELL]], seed=seed)).body for seed in range(8)
        ]


async def test_closing_fails_what_runs_and_what_waits_and_the_simulator_can_start_again() -> None:
    sim = Simulator(workers=1)
    tasks = [asyncio.create_task(sim.run(work([[ENDLESS]]))) for _ in range(3)]
    await asyncio.sleep(0)
    await sim.close()
    assert [outcome.reason_code for outcome in await asyncio.gather(*tasks)] == [9999] * 3
    assert (await sim.run(work([[BELL]]))).kind == "completed"
    await sim.close()
    await sim.close()


async def test_a_worker_that_cannot_start_is_a_failed_job_that_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "ROOT", Path("/no/such/folder"))
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    async with simulator() as sim:
        outcome = await sim.run(work([[BELL]]))
    assert (outcome.kind, outcome.reason_code) == ("failed", 9999)
    assert "/no/such/python" in (outcome.reason or "")


async def test_a_worker_without_qiskit_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "qiskit").mkdir()
    (tmp_path / "qiskit" / "__init__.py").write_text("raise ImportError('broken')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with simulator() as sim:
        outcome = await sim.run(work([[BELL]]))
    assert "pip install 'qrt-async[local]'" in (outcome.reason or "")


@pytest.mark.virtual_clock
async def test_real_circuits_run_in_simulated_time_while_the_clock_is_held() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    with loop.held():
        async with simulator() as sim:
            assert (await sim.run(work([[BELL]]))).kind == "completed"
    assert loop.time() == 0.0


def test_without_the_extra_there_is_no_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qrt_async.emulator.workers.simulator.NEEDED", ("no_such_package",))
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'qrt-async\[local\]'"):
        Simulator()


@pytest.mark.parametrize(("workers", "cpu_seconds"), [(0, 1.0), (1, 0.0), (1, -1.0)])
def test_a_simulator_needs_a_worker_and_time(workers: int, cpu_seconds: float) -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        Simulator(workers, cpu_seconds)


FORGETFUL = """
    import asyncio, gc, sys
    {imports}
    from qrt_async.emulator.workers.simulator import Simulator
    from tests.emulator.lab import BELL, work

    async def main(sim):
        asyncio.get_running_loop().slow_callback_duration = 60.0  # how busy the machine is is not asked
        assert (await sim.run(work([[BELL]]))).kind == "completed"

    sim = Simulator(1)
    {run}(main(sim))
    {run}(main(sim))
    del sim
    gc.collect()
"""


SERVING = """
    import asyncio, sys
    import msgspec
    from qrt_async.emulator import EmulatorConfig, MemoryEmulator

    HEADERS = {{"Authorization": "apikey k", "Service-CRN": "crn:v1:bluemix:public:quantum-computing:us-east:a/a:i::"}}
    BODY = {{"program_id": "sampler", "backend": "emulator_heron", "params": {{"pubs": [[{circuit!r}]]}}}}

    async def ask(emulator, method, path, body=b""):
        return (await emulator.send(method, f"/api/v1{{path}}", headers=HEADERS, body=body)).body

    async def main():
        config = EmulatorConfig(queue_seconds=0.0, run_seconds=0.0)
        async with MemoryEmulator(config) as emulator:
            job = msgspec.json.decode(await ask(emulator, "POST", "/jobs", msgspec.json.encode(BODY)))["id"]
            while not (result := await ask(emulator, "GET", f"/jobs/{{job}}/results")):
                await asyncio.sleep(0.05)
        return result

    assert b"samples" in asyncio.run(main())
    print(sorted({{"qiskit", "qiskit_aer", "numpy", "samplomatic"}} & sys.modules.keys()))
"""


def test_nothing_that_simulates_is_loaded_where_requests_are_served() -> None:
    code = textwrap.dedent(SERVING).format(circuit=BELL_ISA)
    served = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        timeout=50,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert (served.stdout, served.stderr, served.returncode) == ("[]\n", "", 0)


@pytest.mark.parametrize(
    ("imports", "run"),
    [
        pytest.param("pass", "asyncio.run", id="asyncio"),
        pytest.param(
            "import uvloop",
            "uvloop.run",
            id="uvloop",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="uvloop knows no Windows"),
        ),
    ],
)
def test_a_simulator_that_nobody_closes_ends_with_its_loop_and_serves_the_next(
    imports: str, run: str
) -> None:
    code = textwrap.dedent(FORGETFUL).format(imports=imports, run=run)
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", code],
        check=False,
        capture_output=True,
        timeout=50,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_nothing_is_left_for_the_collector_to_complain_about() -> None:
    async def main() -> None:
        async with simulator() as sim:
            await sim.run(work([[BELL]]))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(main())
        gc.collect()
