"""One submission from being handed in to its job's end: one state, shared by its handle and who carries it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal
from weakref import ref

from qrt_async.errors import NotFound, NotSent, QrtError, ServiceClosed
from qrt_async.jobs.job import AsyncJob
from qrt_async.submit.entrance import Entrance
from qrt_async.submit.errand import Errand
from qrt_async.submit.keeper import Keeper
from qrt_async.submit.line import Place

State = Literal["waiting", "sending", "accepted", "ended", "failed", "withdrawn"]

PREPARED = "its program is being checked and encoded"
"""What holds one that is not in any line yet."""
_THE_SEARCH = "the search for its job, which may be there already"


class Passage:
    """Changes only by ``set_out``, ``leave``, ``accept``, ``end`` and ``fail``."""

    def __init__(self, key: str, backend: str, place: Place, told: Callable[[Passage], None]) -> None:
        self.key = key
        self.backend = backend
        self.place = place
        self.errand: Errand | None = None
        self.entrance: Entrance | None = None
        self.task: asyncio.Task[None] | None = None
        self.job: AsyncJob[Any] | None = None
        self.keeper: Keeper | None = None
        self.error: QrtError | None = None
        self.noting: asyncio.Task[None] | None = None
        """Writes down that it was withdrawn."""
        self.heard = False
        """Has anybody been told of the error?"""
        self.elsewhere: str | None = None
        """Who carries it, in words, where that is another process."""
        self._kept = False
        self._bringing = asyncio.Lock()
        self._state: State = "waiting"
        self._parted = False
        self._handle: ref[object] | None = None
        self._told = told
        self._waiters: set[asyncio.Future[None]] = set()
        self._listeners: list[Callable[[Passage], None]] = []

    @property
    def state(self) -> State:
        """One that was sent and refused for speed waits again."""
        if self._state == "accepted" and self.job is not None and self.job.done():
            return "ended"  # seen by whoever waits for the job; nobody has come to say so yet
        held = self._state == "sending" and self.entrance is not None and self._held is not None
        return "waiting" if held else self._state

    @property
    def unsent(self) -> bool:
        """Might it still leave?"""
        return self.job is None and self.error is None

    @property
    def over(self) -> bool:
        """Is there nothing more to come?"""
        return self._parted or self._state in {"ended", "failed", "withdrawn"}

    @property
    def why(self) -> str | None:
        """What holds it: before the line, in it, or elsewhere."""
        if self.elsewhere is not None and self.entrance is None:
            return self.elsewhere if self.unsent else None
        if self._state == "waiting" and self.errand is None:
            return PREPARED
        if self._state == "waiting" and self.entrance is None:
            return "the service has not been reached yet"
        return _THE_SEARCH if self._sought else self._held

    @property
    def _sought(self) -> bool:
        return self.errand is not None and self.errand.sought

    @property
    def _held(self) -> str | None:
        if self.entrance is None or self.errand is None:
            return None
        return self.entrance.why(self.errand)

    @property
    def eta(self) -> float | None:
        """Seconds until it is expected to be sent; ``None`` when it does not wait, or nobody can say."""
        if self.entrance is None or self.errand is None or self._sought or self.why is None:
            return None
        return self.entrance.eta(self.errand)

    @property
    def ahead(self) -> int | None:
        """How many are before it in line; ``None`` if it is not in it."""
        if self.entrance is None or self.errand is None:
            return None
        return self.entrance.ahead(self.errand)

    @property
    def is_kept(self) -> bool:
        """Is it written down, where there is something to write it into?"""
        return self._kept

    @property
    def is_told(self) -> bool:
        """Is there nothing more to learn of it where another process carries it?"""
        return not self.unsent

    def held_by(self, handle: object) -> None:
        """While this lives, somebody may still ask."""
        self._handle = ref(handle)

    def keep(self, errand: Errand | None = None) -> None:
        """It is written down."""
        self._kept, self.errand = True, errand
        self._wake()

    def set_out(self, errand: Errand, entrance: Entrance) -> None:
        """It goes into the line."""
        self.errand, self.entrance = errand, entrance
        self._wake()

    def leave(self) -> None:
        """The request leaves, or may have left."""
        self._state = "sending"
        self._wake()

    def wait_again(self) -> None:
        """It did not leave, or the service did not take it, for certain."""
        if self.unsent:
            self._state = "waiting"
            self._wake()

    def accept(self, job: AsyncJob[Any]) -> None:
        """There is a job."""
        if self.error is None:
            self.job, self._state = job, "accepted"
            self._wake()

    def replace(self, job: AsyncJob[Any]) -> None:
        """It had become two jobs, and this is the one that is kept."""
        self.job = job

    async def ending(self) -> str | None:
        """How its job ended, once it has; of two jobs, the one that is kept. ``None`` where that was not seen."""
        followed, words = None, None
        while self.job is not None and self.job is not followed:
            followed = self.job
            try:
                words = (await followed.wait()).value
            except NotFound as error:
                words = str(error)
            except QrtError:
                return None
        return words

    def end(self) -> None:
        """The job has ended, however."""
        if not self.over:
            self._state = "ended"
            self._finish()

    def part(self) -> None:
        """Nobody looks after its job any more, which goes on."""
        if not self.over:
            self._parted = True
            self._finish()

    def fail(self, error: QrtError, state: Literal["failed", "withdrawn"] = "failed") -> None:
        """There will be no job."""
        if self.unsent:
            self.error, self._state = error, state
            if self._waiters:
                self.heard = True
            self._wake()
            self._finish()
            if self._handle is None or self._handle() is None:
                self.tell()

    def remake(self) -> Callable[[], Passage] | None:
        """What makes it anew once it is over; ``None`` where the id of its job is enough for that."""
        return None

    def lose(self, error: QrtError) -> None:
        """Nobody follows it any more, which goes on elsewhere."""
        self.fail(error)

    def tell(self) -> None:
        """Of an error that nobody has heard: once."""
        if self._state == "failed" and not self.heard:
            self.heard = True
            self._told(self)

    async def bring(self, job: AsyncJob[Any]) -> None:
        """Have the result kept, once, where there is somebody to keep it."""
        if self.keeper is not None:
            async with self._bringing:
                keeper = self.keeper
                if keeper is not None:
                    await keeper.bring(self.key, job)
                    self.keeper = None

    async def store(self, job: AsyncJob[Any]) -> bool:
        """Have the result kept, and not in memory; ``False`` where there is nobody to keep it."""
        if self.keeper is None:
            return False
        async with self._bringing:
            return await self.keeper.store(self.key, job)

    def listen(self, listener: Callable[[Passage], None]) -> None:
        """Have it called when there is nothing more to come."""
        if self.over:
            listener(self)
        else:
            self._listeners.append(listener)

    async def settled(self) -> None:
        """Return when there is a job, or an error. Being cancelled ends only this wait."""
        while self.unsent:
            await self.changed()
        if self.noting is not None:
            await asyncio.wait([self.noting])

    async def kept(self) -> None:
        """Return when it is written down, or will never be."""
        while self.unsent and not self._kept:
            await self.changed()

    async def changed(self) -> None:
        """Return when something about it changes. Being cancelled ends only this wait."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _finish(self) -> None:
        self._wake()
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener(self)


def given_up(passage: Passage, crash: BaseException | None) -> QrtError:
    """The error of one whose way ended before it was known what became of it."""
    if passage.state == "sending":
        error: QrtError = ServiceClosed(
            f"Submission {passage.key} was under way when all was closed; look for its job."
        )
        error.submitted = error.billed = "unknown"
    else:
        why = "all was closed before" if crash is None else f"{type(crash).__name__}: {crash}"
        error = NotSent(f"Submission {passage.key} was not sent: {why}.")
    error.__cause__ = crash
    return error
