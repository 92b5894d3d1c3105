"""``Submitter.tenant``: what one of many users may do through it, and see of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from qrt_async.programs.program import Program
from qrt_async.submit.counter import Wishes
from qrt_async.submit.finder import Finder
from qrt_async.submit.key import check_most
from qrt_async.submit.records import SubmissionRecord
from qrt_async.submit.stream import Programs, Submissions
from qrt_async.submit.submission import Submission

if TYPE_CHECKING:
    from qrt_async.submit.submitter import Submitter

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
        self, program: Program[T], *, backend: str, priority: int = 0, **wishes: Unpack[Wishes]
    ) -> Submission[T]:
        """As ``Submitter.submit``."""
        return self._submitter.submit(program, backend=backend, priority=priority, tenant=self.name, **wishes)

    def map(
        self,
        programs: Programs[T],
        *,
        backend: str,
        ahead: int = 100,
        priority: int = 0,
        **wishes: Unpack[Wishes],
    ) -> Submissions[T]:
        """As ``Submitter.map``."""
        return self._submitter.map(
            programs, backend=backend, ahead=ahead, priority=priority, tenant=self.name, **wishes
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
        check_most("limit", limit)
        found, _ = await self._finder.records(self.name, None, limit)
        return [*found[:limit]]

    def __aiter__(self) -> SubmissionRecords:
        return SubmissionRecords(lambda before: self._finder.records(self.name, before, _PAGE))

    def __repr__(self) -> str:
        return f"<Tenant {self.name!r}>"

    def _sees(self, tenant: str | None) -> bool:
        return tenant == self.name


Read = Callable[[int | None], Awaitable[tuple[Sequence[SubmissionRecord], int | None]]]


class SubmissionRecords:
    """Records of submissions, the newest first, a page at a time. An iterator object: drop it at any time."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._records: deque[SubmissionRecord] = deque()
        self._before: int | None = None
        self._last = False

    def __aiter__(self) -> SubmissionRecords:
        return self

    async def __anext__(self) -> SubmissionRecord:
        while not self._records:
            if self._last:
                raise StopAsyncIteration
            found, self._before = await self._read(self._before)
            self._records.extend(found)
            self._last = self._before is None
        return self._records.popleft()
