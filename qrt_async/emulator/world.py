"""What the machine stands on: the books, and the trouble in force."""

from __future__ import annotations

from .books import Books, Orders
from .config import EmulatorConfig
from .faults import Faults


class World:
    """Books and faults, and the way back to how they were at first."""

    def __init__(self, config: EmulatorConfig, run: bytes, now: float) -> None:
        self.books = Books(config, run, now)
        self.faults = Faults()
        self._first = config
        self._dropped: list[str] = []

    def reset(self, now: float) -> None:
        """Forget everything but tokens, as if just started with the first configuration."""
        self._dropped += [job.id for job in self.books.ledger.all() if job.simulated and not job.final]
        self.books = self.books.fresh(self._first, now)
        self.faults = Faults()

    def take_orders(self) -> Orders:
        """What the mounting is to simulate, and what no longer; each order is handed out once."""
        orders = self.books.take_orders()
        dropped, self._dropped = self._dropped, []
        return Orders(orders.start, (*dropped, *orders.stop))
