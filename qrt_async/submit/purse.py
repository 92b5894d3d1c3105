"""Pays for submissions out of a budget: reserved when they leave, settled when the service says what it charged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from qrt_async.errors import JournalError
from qrt_async.events import JournalFailed
from qrt_async.jobs.job import AsyncJob
from qrt_async.submit.budget import Spending
from qrt_async.submit.charges import charge_of
from qrt_async.submit.diary import Diary
from qrt_async.submit.errand import Means
from qrt_async.submit.gates import Gate, Load


class Purse:
    """Of one ``Submitter``; without a budget (``spending``) it pays everything. ``freed`` is called when there is room
    again."""

    def __init__(
        self, spending: Spending | None, diary: Diary, means: Means, freed: Callable[[], None]
    ) -> None:
        self.spending = spending
        self._diary = diary
        self._means = means
        self._freed = freed

    @property
    def gates(self) -> tuple[Gate, ...]:
        """What holds a submission for want of money."""
        return () if self.spending is None else (self.spending,)

    def reserve(self, key: str, load: Load) -> None:
        """An earlier process sent it under a budget, or may have."""
        if self.spending is not None:
            self.spending.take(key, load)

    async def pays(self, key: str, load: Load) -> bool:
        """It may leave, which is written down; ``False``: others have reserved what is left."""
        if self.spending is None:
            await self._diary.leaving(key)
            return True
        cost = load.cost or self.spending.budget.cost
        account = await self._diary.reserve(key, cost, self.spending.room)
        self.spending.learn(account, _now())
        return account.granted

    def settle_later(self, key: str, job: AsyncJob[object]) -> None:
        """Its job has ended in an earlier process, and only the charge is not known."""
        if self.spending is not None:
            self._means.crew.start(self.settle(key, job), "charge of a job", expected=True)

    async def settle(self, key: str, job: AsyncJob[object]) -> None:
        """Its charge, once it is settled, in the place of what is reserved."""
        spending = self.spending
        reserved = None if spending is None else spending.reserved_for(key)
        if spending is None or reserved is None:
            return
        try:
            charged = await charge_of(job, job.record)
            account = await self._diary.charged(key, reserved if charged is None else charged)
        except JournalError as error:
            self._means.announce(JournalFailed(key=key, error=str(error)))
            return  # it stays reserved
        spending.free(key)
        spending.learn(account, _now())
        self._freed()


def _now() -> float:
    return asyncio.get_running_loop().time()
