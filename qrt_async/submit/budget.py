"""A budget of QPU seconds: reserved with each submission, settled with each charge. No I/O."""

from __future__ import annotations

import msgspec

from qrt_async.errors import InvalidInput
from qrt_async.submit.gates import Hold, Load


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """At most ``seconds`` of QPU time for all jobs of a ``Submitter``.

    ``cost`` seconds are the longest a job may run that names no ``cost`` of its own. As much stays reserved
    until the service has settled the job's charge, so that an overrun is at most what the service charges
    beyond ``cost``.
    """

    seconds: float
    cost: int = 300

    def __post_init__(self) -> None:
        if not self.seconds > 0 or isinstance(self.cost, bool) or not isinstance(self.cost, int):
            raise InvalidInput(f"{self!r}: needed are seconds > 0 and a whole number of seconds as cost.")
        if self.cost < 1:
            raise InvalidInput(f"{self!r}: cost must be at least 1 second.")

    def cost_of(self, wished: int | None) -> int:
        """What the job is sent with. 0 would leave it to the plan, which may be hours."""
        return wished or min(self.cost, max(1, int(self.seconds)))


class Spending:
    """A budget, and what became of it so far."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.settled = 0.0
        self._reserved: dict[str, float] = {}

    @property
    def reserved(self) -> float:
        """Seconds that submissions under way and unsettled jobs may still be charged."""
        return sum(self._reserved.values())

    def hold(self, load: Load, now: float) -> Hold | None:
        """Submit only while settled, reserved and the next cost fit."""
        cost = load.cost or self.budget.cost
        if self.settled + self.reserved + cost <= self.budget.seconds:
            return None
        spent = f"the budget of {self.budget.seconds:g} s: {self.settled:g} s are charged"
        if self.settled + cost > self.budget.seconds:
            return Hold(f"{spent}, and the job may cost {cost} s", hopeless=True)
        return Hold(f"{spent}, {self.reserved:g} s reserved, and the job may cost {cost} s")

    def take(self, key: str, load: Load) -> None:
        """Reserve its cost."""
        self._reserved[key] = float(load.cost or self.budget.cost)

    def free(self, key: str) -> None:
        """It was not sent, or costs nothing."""
        self._reserved.pop(key, None)

    def settle(self, key: str, charged: float) -> None:
        """The service has said what it charged."""
        if self._reserved.pop(key, None) is not None:
            self.settled += charged
