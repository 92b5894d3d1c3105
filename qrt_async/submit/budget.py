"""A budget of QPU seconds: reserved with each submission, settled with each charge. No I/O."""

from __future__ import annotations

import math

import msgspec

from qrt_async.errors import InvalidInput
from qrt_async.submit.diary import Account
from qrt_async.submit.gates import Hold, Load
from qrt_async.transport.whole import whole

_LOOK = 10.0
"""Seconds after which it is looked again what others who share the journal have reserved."""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """At most ``seconds`` of QPU time for all jobs of a ``Submitter``; with a journal, for all that were ever submitted
    under a budget through it, by whichever process.

    ``cost`` seconds are the longest a job may run that names no ``cost`` of its own. As much stays reserved
    until the service has settled the job's charge, so that an overrun is at most what the service charges
    beyond ``cost``. Jobs under a budget are always watched. What a process that is gone had reserved stays so until
    ``recover()`` has asked for its charge; a job that was deleted counts with its whole cost.
    """

    seconds: float
    cost: int = 300

    def __post_init__(self) -> None:
        if not self.seconds > 0:
            raise InvalidInput(f"{self!r}: needed are seconds > 0.")
        whole("cost", self.cost, of="seconds")

    def cost_of(self, wished: int | None) -> int:
        """What the job is sent with. 0 would leave it to the plan, which may be hours."""
        return wished or min(self.cost, max(1, int(self.seconds)))


class Spending:
    """A budget, and what became of it so far."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.settled = 0.0
        self.elsewhere = 0.0
        self._reserved: dict[str, float] = {}
        self._refused_until = -math.inf

    @property
    def reserved(self) -> float:
        """Seconds that submissions under way and unsettled jobs may still be charged."""
        return sum(self._reserved.values())

    @property
    def room(self) -> float:
        """What others may have settled and reserved, so that all that is reserved here fits."""
        return self.budget.seconds - self.reserved

    def hold(self, load: Load, now: float) -> Hold | None:
        """Submit only while settled, reserved and the next cost fit. What others have reserved is known as of the last
        look: when that is a while ago, one tries."""
        cost = load.cost or self.budget.cost
        ours = self.settled + self.reserved + cost
        tries = self.elsewhere > 0 and now >= self._refused_until
        if ours <= self.budget.seconds and (tries or ours + self.elsewhere <= self.budget.seconds):
            return None
        spent = f"the budget of {self.budget.seconds:g} s: {self.settled:g} s are charged"
        if self.settled + cost > self.budget.seconds:
            return Hold(f"{spent}, and the job may cost {cost} s", hopeless=True)
        reserved = self.reserved + self.elsewhere
        until = self._refused_until if self.elsewhere > 0 and now < self._refused_until else math.inf
        return Hold(f"{spent}, {reserved:g} s reserved, and the job may cost {cost} s", until)

    def learn(self, account: Account, now: float) -> None:
        """As the diary has it."""
        self.settled, self.elsewhere = account.settled, account.elsewhere
        if not account.granted:
            self._refused_until = now + _LOOK

    def take(self, key: str, load: Load) -> None:
        """Reserve its cost."""
        self._reserved[key] = float(load.cost or self.budget.cost)

    def free(self, key: str, *, unclear: bool = False) -> None:
        """It was not sent, or costs nothing, or is in ``settled`` by now."""
        if not unclear:
            self._reserved.pop(key, None)

    def reserved_for(self, key: str) -> float | None:
        """What is reserved for one."""
        return self._reserved.get(key)
