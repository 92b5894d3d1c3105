"""Programs run in a pool of worker processes."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator, Iterable
from importlib.util import find_spec

import msgspec

from qrt_async.emulator.failure import CRASHED, LIMIT, failed
from qrt_async.emulator.work import Outcome, Work

from .process import WorkerDied, WorkerProcess
from .worker import MISSING, asked

NEEDED = ("qiskit", "qiskit_aer", "qiskit_qasm3_import", "samplomatic")
GRACE = 30.0
"""Seconds beyond its CPU time, four times over, that a program may take by the loop's clock."""
ENDING = 5.0
"""Seconds to wait for killed processes to be gone."""


class NotStarted(Exception):
    """A worker process could not be started."""


class Simulator:
    """Runs programs, at most ``workers`` at a time, each with ``cpu_seconds`` of CPU time.

    Processes are started when they are needed (about a second, once) and kept for the next program. A process
    that dies, or is killed because its program was cancelled or took too long, is replaced. They end with
    ``close()``, or when the loop ends. On a loop with simulated time its clock must be held meanwhile: to that
    loop a process is invisible. Raises ``ModuleNotFoundError`` if the extra ``local`` is not installed.
    """

    def __init__(self, workers: int = 2, cpu_seconds: float = 60.0) -> None:
        if workers < 1 or not cpu_seconds > 0:
            raise ValueError(
                f"a simulator has at least one worker and some CPU time, not {workers}, {cpu_seconds}"
            )
        missing = [name for name in NEEDED if find_spec(name) is None]
        if missing:
            raise ModuleNotFoundError(f"{MISSING} (not found: {', '.join(missing)})", name=missing[0])
        self._workers = workers
        self._cpu_seconds = cpu_seconds
        self._pool: _Pool | None = None

    async def run(self, work: Work) -> Outcome:
        """Run the program. One that cannot run is a failed outcome; cancelling kills its process."""
        pool = await self._here()
        async with pool.turns:
            try:
                async with asyncio.timeout(4.0 * self._cpu_seconds + GRACE):
                    worker = await pool.take()
                    return await pool.ask(worker, work)
            except NotStarted as error:
                return failed(CRASHED, f"The simulation could not be started: {error}")
            except WorkerDied as death:
                return self._death(death)
            except TimeoutError:
                return self._too_long()

    async def close(self) -> None:
        """End all worker processes. The simulator may be used again: it then starts new ones."""
        pool, self._pool = self._pool, None
        if pool is not None and pool.loop is asyncio.get_running_loop():
            pool.closed = True
            await pool.keeper.aclose()

    async def _here(self) -> _Pool:
        """The pool of the running loop; one of a loop that has ended is of no use."""
        if self._pool is None or self._pool.loop is not asyncio.get_running_loop():
            self._pool = _Pool(self._workers, self._cpu_seconds)
            await self._pool.keeper.__anext__()
        return self._pool

    def _death(self, death: WorkerDied) -> Outcome:
        if death.code is not None and death.code == -getattr(signal, "SIGXCPU", 0):
            return self._too_long()
        return failed(CRASHED, f"The simulation crashed: {death}")

    def _too_long(self) -> Outcome:
        return failed(LIMIT, f"The simulation exceeds {self._cpu_seconds:g} s of CPU time")


class _Pool:
    """The processes of one loop."""

    def __init__(self, workers: int, cpu_seconds: float) -> None:
        self.loop = asyncio.get_running_loop()
        self.turns = asyncio.Semaphore(workers)
        self.closed = False
        self._cpu_seconds = cpu_seconds
        self._all: set[WorkerProcess] = set()
        self._idle: list[WorkerProcess] = []
        self.keeper = _keep(self._all)

    async def take(self) -> WorkerProcess:
        """An idle process, or a new one. Raises ``NotStarted``."""
        if self.closed:
            raise NotStarted("the simulator was closed")
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
        worker = WorkerProcess()
        self._all.add(worker)
        worker.gone.add_done_callback(lambda _: self._all.discard(worker))
        try:
            trouble = msgspec.msgpack.decode(await worker.start(self._cpu_seconds), type=str)
        except (WorkerDied, OSError) as error:
            worker.kill()
            raise NotStarted(str(error)) from error
        except BaseException:
            worker.kill()
            raise
        if trouble:
            worker.kill()
            raise NotStarted(trouble)
        return worker

    async def ask(self, worker: WorkerProcess, work: Work) -> Outcome:
        """The outcome of a program; the process is idle again, or killed if no outcome came."""
        try:
            answer = await worker.ask(*asked(work))
        except BaseException:
            worker.kill()
            raise
        self._idle.append(worker)
        return msgspec.msgpack.decode(answer, type=Outcome)


async def _keep(workers: set[WorkerProcess]) -> AsyncGenerator[None, None]:
    """Sleeps until it is closed, and then ends the processes.

    A loop that shuts down closes its generators: so nothing is left behind by those who forget to close.
    """
    try:
        yield
    finally:
        await _end(list(workers))


async def _end(workers: Iterable[WorkerProcess]) -> None:
    ending = [worker.gone for worker in workers]
    for worker in workers:
        worker.kill()
    if ending:
        await asyncio.wait(ending, timeout=ENDING)
