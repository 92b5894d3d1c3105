"""A Runtime session or batch that is closed again, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

from qrt_async.api.calls import NewSession
from qrt_async.api.job_calls import LogLevel
from qrt_async.api.records import SessionRecord
from qrt_async.api.resources import Sessions
from qrt_async.errors import InvalidInput, JournalError, ServiceError, TimedOut
from qrt_async.jobs.job import AsyncJob
from qrt_async.programs.program import Program
from qrt_async.submit.intake import Isa
from qrt_async.submit.shielded import noting, shielded

if TYPE_CHECKING:
    from qrt_async.submit.journal import Journal

T = TypeVar("T")

_CLOSE_WITHIN = 30.0
"""Seconds that leaving may take: a session left open costs money, a program that hangs does too."""


class How(TypedDict, total=False):
    """The arguments of ``service.run`` that a session leaves open."""

    tags: Sequence[str]
    private: bool
    cost: int | None
    log_level: LogLevel | None
    calibration_id: str | None
    runtime: str | None
    isa: Isa
    watch: bool


class RuntimeSession:
    """Made by ``service.session(...)``. Opens on entering; leaving closes it gracefully: queued jobs run."""

    def __init__(
        self,
        sessions: Sessions,
        new: NewSession,
        run: Callable[..., Coroutine[Any, Any, Any]],
        journals: Sequence[Journal] = (),
    ) -> None:
        self._sessions = sessions
        self._new = new
        self._run = run
        self._journals = journals
        self._keys: list[tuple[Journal, str]] = []
        self._record: SessionRecord | None = None

    @property
    def id(self) -> str:
        """The service's id of the session."""
        if self._record is None:
            raise InvalidInput(
                "This session is not open: write `async with service.session(...) as session:`."
            )
        return self._record.id

    @property
    def backend(self) -> str:
        """The backend all its jobs run on."""
        return self._new.backend

    async def run(self, program: Program[T], **how: Unpack[How]) -> AsyncJob[T]:
        """``service.run`` into this session, on its backend. Takes the same arguments but those two."""
        for name in ("backend", "session_id"):
            if name in how:
                raise InvalidInput(f"{name}= is given by the session itself; leave it out.")
        job: AsyncJob[T] = await self._run(program, backend=self.backend, session_id=self.id, **how)
        return job

    async def details(self) -> SessionRecord:
        """Ask the service how the session stands."""
        return await self._sessions.get(self.id)

    async def cancel(self) -> None:
        """End it at once: jobs still in its queue fail (1217), the running one finishes."""
        await self._sessions.cancel(self.id)

    async def __aenter__(self) -> RuntimeSession:
        opening = asyncio.ensure_future(self._open())
        try:
            self._record = await asyncio.shield(opening)
        except asyncio.CancelledError as cancelled:
            await noting(cancelled, self._close_what_opened(opening))
            raise
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            await shielded(self._close())
        else:
            await noting(error, shielded(self._close()))

    async def _open(self) -> SessionRecord:
        """Written down before it is asked for, and with its id before anybody uses it."""
        call = self._new
        self._keys = [(one, await one.opening(call.backend, call.mode)) for one in self._journals]
        try:
            record = await self._sessions.create(
                call.backend, mode=call.mode, max_ttl=call.max_ttl, instance=call.instance
            )
        except ServiceError as error:
            if error.status is not None and error.status < 500:
                await self._note("closed")
            raise
        await self._note("open", record.id)
        return record

    async def _note(self, state: str, session_id: str | None = None) -> None:
        """A journal that was closed meanwhile has it as open: closing it twice does no harm."""
        for journal, key in self._keys:
            with contextlib.suppress(JournalError):
                await journal.session(key, state, session_id)

    async def _close_what_opened(self, opening: asyncio.Future[SessionRecord]) -> None:
        """Entering was cancelled in mid-flight: what the service opened must not stay open."""

        async def finish() -> None:
            try:
                self._record = await opening
            except ServiceError:
                return
            await self._close()

        await shielded(finish())

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(_CLOSE_WITHIN):
                await self._sessions.close(self.id)
                await self._note("closed")
        except TimeoutError as error:
            raise TimedOut(
                f"Session {self.id} could not be closed within {_CLOSE_WITHIN:g} s. It may still be open, and"
                " cost: close it with service.sessions.close(id)."
            ) from error
