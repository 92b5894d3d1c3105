"""``Tenant`` as users have it: with sweeps, and with jobs shared with others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from qrt_async.programs.program import Program
from qrt_async.submit.counter import Wishes
from qrt_async.submit.finder import Finder
from qrt_async.submit.stream import Programs, Submissions
from qrt_async.submit.submission import Submission
from qrt_async.submit.tenant import T
from qrt_async.sweep import tenant as sweep

if TYPE_CHECKING:
    from qrt_async.coalesce.submitter import Submitter


class Tenant(sweep.Tenant):
    __doc__ = sweep.Tenant.__doc__

    def __init__(self, name: str, submitter: Submitter, finder: Finder) -> None:
        super().__init__(name, submitter, finder)
        self._sharer = submitter

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
        return self._sharer.submit(
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
        return self._sharer.map(
            programs, backend=backend, ahead=ahead, priority=priority, tenant=self.name, share=share, **wishes
        )
