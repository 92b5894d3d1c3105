"""``Tenant`` as users have it: with sweeps."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING, Unpack

from qrt_async.submit import tenant as submit
from qrt_async.submit.budget import Budget
from qrt_async.submit.counter import Wishes
from qrt_async.submit.finder import Finder
from qrt_async.sweep.order import Mode, OverUsage, Transform
from qrt_async.sweep.plan import Pack
from qrt_async.sweep.run import SweepRun
from qrt_async.sweep.sweep import Sweep

if TYPE_CHECKING:
    from qrt_async.sweep.submitter import Submitter


class Tenant(submit.Tenant):
    __doc__ = submit.Tenant.__doc__

    def __init__(self, name: str, submitter: Submitter, finder: Finder) -> None:
        super().__init__(name, submitter, finder)
        self._sweeper = submitter

    def sweep(
        self,
        sweep: Sweep,
        *,
        backend: str,
        name: str,
        pack: Pack = "auto",
        mode: Mode = "job",
        fresh: bool = False,
        budget: Budget | None = None,
        transform: Transform | None = None,
        executor: Executor | None = None,
        extra_jobs: int | None = None,
        over_usage: OverUsage = "refuse",
        priority: int = 0,
        **wishes: Unpack[Wishes],
    ) -> SweepRun:
        """As ``Submitter.sweep``; its sweeps are its own, also where another tenant gives the same one the same
        name."""
        return self._sweeper.sweep(
            sweep,
            backend=backend,
            name=name,
            pack=pack,
            mode=mode,
            fresh=fresh,
            budget=budget,
            transform=transform,
            executor=executor,
            extra_jobs=extra_jobs,
            over_usage=over_usage,
            priority=priority,
            tenant=self.name,
            **wishes,
        )
