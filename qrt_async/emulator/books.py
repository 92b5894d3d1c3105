"""Everything the service remembers, and what follows from what."""

from __future__ import annotations

import random
import uuid

import msgspec

from .agenda import Agenda, Due
from .chronicle import Chronicle
from .config import EmulatorConfig
from .fleet import Fleet
from .iam import Iam
from .job import Job, Plan
from .ledger import JobIds, Ledger
from .limits import RateLimit
from .sessions import Sessions
from .usage import PERIOD, Usage
from .wishes import Wish
from .work import Work


class Orders(msgspec.Struct, frozen=True):
    """What the machine wants its mounting to do with the simulator."""

    start: tuple[tuple[str, Work], ...] = ()
    stop: tuple[str, ...] = ()


class Books:
    """The state of one emulator. ``run`` holds random bytes that no other run has."""

    def __init__(self, config: EmulatorConfig, run: bytes, started: float) -> None:
        self.config = config
        self.started = started
        self._run = run
        self.seed = config.seed if config.seed is not None else int.from_bytes(run[:6])
        self._draws = random.Random(self.seed)  # noqa: S311 - repeatable on purpose
        self._names = random.Random(run)  # noqa: S311 - names, which another run must not repeat
        self.ids = JobIds(run)
        self.iam = Iam(config, run[5:])
        self.fleet = Fleet(config.backends)
        self.limit = RateLimit(config)
        self.usage = Usage(config.usage_limit)
        self.chronicle = Chronicle()
        self.agenda = Agenda()
        self.ledger = Ledger(self.agenda, self._told, self.holds)
        self.sessions = Sessions(self.agenda, self.ledger)
        self._now = started
        self._start: list[tuple[str, Work]] = []
        self._stop: list[str] = []

    def advance(self, now: float) -> None:
        """Let happen what is due, each at its own time."""
        while (due := self.agenda.pop(now)) is not None:
            self._now = due.at
            self._happen(due)
        self._now = now

    def fresh(self, config: EmulatorConfig, now: float) -> Books:
        """New books, in which only tokens are still good and ids do not begin again."""
        new = Books(config, self._run, now)
        new.iam, new.ids, new._names = self.iam, self.ids, self._names
        new.iam.configure(config)
        return new

    def trace(self) -> str:
        """A random UUID of the fourth kind."""
        return str(uuid.UUID(int=self._names.getrandbits(128), version=4))

    def plan(self, wish: Wish) -> Plan:
        """Draw what will happen to a job; what it wished for is kept exactly."""
        queue = self.config.queue_seconds if wish.queue is None else wish.queue
        run = self.config.run_seconds if wish.run is None else wish.run
        late = self.config.listing_lag
        return Plan(
            queue=self._about(queue) if wish.queue is None else queue,
            run=self._about(run) if wish.run is None else run,
            lag=self._draws.uniform(*late) if isinstance(late, tuple) else late,
            expected_queue=queue,
            expected_run=run,
            settle=self.config.settle_seconds,
        )

    def take_orders(self) -> Orders:
        """What is to be simulated, and what no longer; each order is handed out once."""
        orders = Orders(tuple(self._start), tuple(self._stop))
        self._start, self._stop = [], []
        return orders

    def reconfigure(self, config: EmulatorConfig, now: float) -> None:
        """From now on other timings and limits hold; jobs that were accepted keep what was drawn."""
        self.config = config
        self.limit.configure(config)
        self.iam.configure(config)
        self.usage.limit = config.usage_limit
        for crn in self.ledger.busy_instances():
            self.reckon(crn, now)
        self.ledger.release(now)

    def reckon(self, crn: str, now: float) -> None:
        """An instance's usage or limit has changed: if nothing is left, what runs is cut short."""
        if self.usage.reached(crn, now):
            self.ledger.cut(crn, now)

    def holds(self, job: Job) -> bool:
        """A paused backend and an instance without usage let nothing start."""
        if self.fleet.standing(job.posted.backend).name != "online":
            return True
        return self.usage.reached(job.crn, self._now)

    def _about(self, mean: float) -> float:
        return mean * (1.0 + self.config.jitter * self._draws.uniform(-1.0, 1.0))

    def _happen(self, due: Due) -> None:
        match due.what:
            case "start":
                self.ledger.start(due.key, due.at)
            case "end":
                self.ledger.end(due.key, due.at)
            case "usage-freed":
                self.ledger.release(due.at)
            case _:
                self.sessions.due(due)

    def _told(self, job: Job, at: float) -> None:
        self.chronicle.changed(job, at)
        if job.simulated and job.status == "Queued":
            self._start.append((job.id, self._work(job)))
        if job.final and job.simulated and job.outcome is None:
            self._stop.append(job.id)
        self.sessions.job_changed(job, at)
        if job.final:
            self._charge(job, at)

    def _charge(self, job: Job, at: float) -> None:
        """Charges count for a period; then what waits for usage may go on."""
        self.usage.charge(job.crn, at, job.charged)
        if job.charged:
            self.agenda.add(at + PERIOD, "usage-freed", job.crn)
            self.reckon(job.crn, at)

    def _work(self, job: Job) -> Work:
        return Work(
            program_id=job.posted.program_id,
            params=job.posted.params,
            backend=self.fleet.spec(job.posted.backend),
            seed=self.seed,
        )
