"""What every mounting of the machine needs: a clock, and tasks that simulate."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from . import faults
from .config import EmulatorConfig
from .machine import Machine, Visit
from .recorder import Recorder
from .wire import Reply, Request
from .work import Outcome, Simulates, Work

INTERNAL_ERROR = 9999


class Host:
    """One machine in one event loop. Times are the loop's, shifted once to the calendar."""

    def __init__(self, config: EmulatorConfig, simulator: Simulates | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._offset = time.time() - self._loop.time()
        self._given = simulator
        self._own: Simulates | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        self._simulations: dict[str, asyncio.Task[object]] = {}
        self._recorder = None if config.record is None else Recorder(Path(config.record))
        self.machine = Machine(config, run=os.urandom(16), now=self.now())

    def now(self) -> float:
        """Seconds since 1970 by the loop's clock."""
        return self._loop.time() + self._offset

    @property
    def ceiling(self) -> int:
        """Bytes of a body, beyond which it need not be read."""
        return self.machine.books.config.payload_ceiling

    async def exchange(self, request: Request) -> Reply:
        """Answer a request; a fault may hold it back first. The reply's own mishap is the mounting's."""
        visit = self.machine.receive(request)
        if visit.severed:
            self._keep(self._answer(request, visit), "severed request")
            return faults.CUT
        return await self._answer(request, visit)

    async def _answer(self, request: Request, visit: Visit) -> Reply:
        if visit.hold:
            await asyncio.sleep(visit.hold)
        now = self.now()
        reply = self.machine.answer(visit, now)
        self._settle()
        if self._recorder is not None:
            self._recorder.add(request, reply, now)
        return reply

    async def close(self) -> None:
        """End all simulations and other tasks, and the simulator unless it was given."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._own is not None:
            await self._own.close()
        if self._recorder is not None:
            await self._recorder.close()

    def _settle(self) -> None:
        orders = self.machine.take_orders()
        for job_id, work in orders.start:
            task = self._keep(self._simulate(job_id, work), f"simulate {job_id}")
            self._simulations[job_id] = task
            task.add_done_callback(partial(self._forget, job_id))
        for job_id in orders.stop:
            if job_id in self._simulations:
                self._simulations[job_id].cancel()

    def _keep(self, work: Coroutine[Any, Any, object], name: str) -> asyncio.Task[object]:
        """A task of this host's own, which ends with it."""
        task = self._loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _forget(self, job_id: str, _: asyncio.Task[object]) -> None:
        self._simulations.pop(job_id, None)

    async def _simulate(self, job_id: str, work: Work) -> None:
        """A simulator that breaks is a failed job, not a dead server."""
        try:
            outcome = await self._simulator().run(work)
        except Exception as error:  # noqa: BLE001 - whatever it was, the job has to end
            outcome = crashed(error)
        self.machine.finished(job_id, outcome, self.now())
        self._settle()

    def _simulator(self) -> Simulates:
        """The given one, or one of its own from the first job on."""
        if self._given is not None:
            return self._given
        if self._own is None:
            from qrt_async.emulator.workers.simulator import Simulator

            self._own = Simulator()
        return self._own


def crashed(error: Exception) -> Outcome:
    """The outcome of a program whose simulation broke."""
    text = f"{type(error).__name__}: {error}"
    return Outcome(
        kind="failed",
        body=f"Traceback (most recent call last):\n{text}\n".encode(),
        quantum_seconds=0.0,
        reason=f"The simulation broke: {text}",
        reason_code=INTERNAL_ERROR,
        reason_solution="Submit the job again; if it breaks again, report the circuit.",
    )
