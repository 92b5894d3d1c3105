"""``Submitter.tenant``: what one of many users may do through it, and see of it."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from qrt_async.programs.program import Program
from qrt_async.submit.budget import Budget
from qrt_async.submit.counter import Wishes
from qrt_async.submit.finder import Finder
from qrt_async.submit.records import SubmissionRecord, SubmissionRecords
from qrt_async.submit.stream import Programs, Submissions
from qrt_async.submit.submission import Submission
from qrt_async.sweep.order import Mode, OverUsage, Transform
from qrt_async.sweep.plan import Pack
from qrt_async.sweep.run import SweepRun
from qrt_async.sweep.sweep import Sweep
from qrt_async.transport.whole import whole

if TYPE_CHECKING:
    from qrt_async.coalesce.submitter import Submitter

T = TypeVar("T")

_PAGE = 100


class Tenant:
    """One of those who share a ``Submitter``: it takes turns with the others, and knows of its own submissions only.

    Costs nothing to make: one for each request of a web application, say. Whose submission it is stands in the
    journal, and in the reserved tag of its job, which no tag of a user can look like.
    """

    def __init__(self, name: str, submitter: Submitter, finder: Finder) -> None:
        self.name = name
        self._submitter = submitter
        self._finder = finder

    def submit(
        self,
        program: Program[T],
        *,
        backend: str,
        priority: int = 0,
        share: bool = False,
        **wishes: Unpack[Wishes],
    ) -> Submission[T]:
        """As ``Submitter.submit``."""
        return self._submitter.submit(
            program, backend=backend, priority=priority, tenant=self.name, share=share, **wishes
        )

    def map(
        self,
        programs: Programs[T],
        *,
        backend: str,
        ahead: int = 100,
        priority: int = 0,
        share: bool = False,
        **wishes: Unpack[Wishes],
    ) -> Submissions[T]:
        """As ``Submitter.map``."""
        return self._submitter.map(
            programs, backend=backend, ahead=ahead, priority=priority, tenant=self.name, share=share, **wishes
        )

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
        return self._submitter.sweep(
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

    async def find(self, submission_id: str) -> Submission[Any]:
        """As ``Submitter.find``; another tenant's is ``UnknownSubmission``, as if there were none."""
        return await self._finder.find(submission_id, self._sees)

    async def cancel(self, submission_id: str) -> bool:
        """As ``Submitter.cancel``; another tenant's is ``UnknownSubmission``, as if there were none."""
        return await self._finder.cancel(submission_id, self._sees)

    async def list(self, *, limit: int = _PAGE) -> list[SubmissionRecord]:
        """Its newest submissions, at most ``limit``, the newest first: with a journal those of all processes that
        share it, of earlier ones, too; without one those of this process, of those that are over the newest 1,000 of
        all tenants. ``async for record in tenant`` goes on to the oldest."""
        whole("limit", limit)
        found, _ = await self._finder.records(self.name, None, limit)
        return [*found[:limit]]

    def __aiter__(self) -> SubmissionRecords:
        return SubmissionRecords(lambda before: self._finder.records(self.name, before, _PAGE))

    def __repr__(self) -> str:
        return f"<Tenant {self.name!r}>"

    def _sees(self, tenant: str | None) -> bool:
        return tenant == self.name
