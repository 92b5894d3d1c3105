"""``Submission``: what a ``Submitter`` gives at once, and a job later."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Generic, NoReturn

from qrt_async.jobs.job import AsyncJob
from qrt_async.submit.passage import Passage, State

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    R_co = TypeVar("R_co", covariant=True, default=Any)
else:
    from typing import TypeVar

    R_co = TypeVar("R_co", covariant=True)


class Submission(Generic[R_co]):
    """A program on its way to the service. ``await submission`` gives the result, as often as wished.

    Any number of tasks may await it; cancelling one of them ends that wait only. Where nobody does and it fails,
    that is logged once.
    """

    def __init__(self, passage: Passage, withdraw: Callable[[Passage], bool]) -> None:
        self._passage = passage
        self._withdraw = withdraw
        passage.held_by(self)

    def __await__(self) -> Generator[Any, None, R_co]:
        return self.result().__await__()

    @property
    def passage(self) -> Passage:
        """Its way, for who carries it."""
        return self._passage

    @property
    def id(self) -> str:
        """Its key, known before the service knows anything; it is part of a reserved tag of the job."""
        return self._passage.key

    @property
    def backend(self) -> str:
        """The backend it is for."""
        return self._passage.backend

    @property
    def tenant(self) -> str | None:
        """Whose it is, where that was said."""
        return self._passage.place.tenant

    @property
    def state(self) -> State:
        """``waiting`` in line, ``sending``, ``accepted`` as a job, ``ended`` with it; or ``failed`` to become
        one, or ``withdrawn`` before it was sent."""
        return self._passage.state

    @property
    def why_waiting(self) -> str | None:
        """What holds it, in words: a gate, or the search for its job; ``None`` when it does not wait."""
        return self._passage.why

    @property
    def eta(self) -> float | None:
        """Seconds until it is expected to be sent; ``None`` when it does not wait, or nobody can say."""
        return self._passage.eta

    @property
    def ahead(self) -> int | None:
        """How many are before it in line; ``None`` when it is not in the line of this process."""
        return self._passage.ahead

    def withdraw(self) -> bool:
        """Take it back: ``True`` if it was not sent and never will be, ``False`` if it is too late."""
        return self._withdraw(self._passage)

    async def kept(self) -> None:
        """Return once it is in the journal, so that it will be sent whatever becomes of this process: from then on
        ``find(id)`` has it, in any process. Without a journal, once it was checked and encoded.

        Raises what keeps it from ever being sent, such as ``NotISA``.
        """
        await self._passage.kept()
        if self._passage.error is not None and not self._passage.is_kept:
            self._passage.heard = True
            raise self._passage.error.with_traceback(None)

    async def changed(self) -> None:
        """Return when its ``state`` changes. That its place in line and ``eta`` do is not told."""
        await self._passage.changed()

    async def job(self) -> AsyncJob[R_co]:
        """The job, once the service has accepted it; raises why there will be none."""
        await self._passage.settled()
        if self._passage.error is not None:
            self._passage.heard = True
            raise self._passage.error.with_traceback(None)
        assert self._passage.job is not None  # noqa: S101 - settled means one or the other
        return self._passage.job

    async def result(self) -> R_co:
        """The result of its job; raises as ``job()`` and ``AsyncJob.result`` do."""
        job = await self.job()
        await self._passage.bring(job)
        return await job.result()

    def __repr__(self) -> str:
        passage = self._passage
        job = f", job {passage.job.id}" if passage.job is not None else ""
        return f"<Submission {passage.key} to {passage.backend}: {passage.state}{job}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "A Submission belongs to its Submitter and cannot be pickled or copied. In another process, give the"
            " Submitter the same journal and call recover()."
        )

    def __del__(self) -> None:
        self._passage.tell()
