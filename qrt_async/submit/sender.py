"""From a program to an accepted job: paced, tagged, sent once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from qrt_async.api.calls import backend_status, instance_usage
from qrt_async.api.models import CreatedJob
from qrt_async.api.records import BackendStatus, InstanceUsage
from qrt_async.errors import (
    Conflict,
    OverUsage,
    QrtError,
    ServiceClosed,
    ServiceError,
    Throttled,
    Unavailable,
)
from qrt_async.events import PermitTaken, wanted
from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.entrance import Entrance
from qrt_async.submit.entrances import entrance_of
from qrt_async.submit.errand import Errand, Means
from qrt_async.submit.refusals import stated_cap, stated_limit, usage_refused
from qrt_async.submit.search import Unanswered, search

_POSTS = 3
"""So often one submission is sent at most: each time the one before was looked for and is not there."""
_STATUS_LASTS = 60.0
"""Seconds for which a backend is believed to go on as it said."""

_OUTAGE, _LONGEST_OUTAGE = 15.0, 120.0
"""Seconds between two attempts to reach the service at all, at first and at most."""

T = TypeVar("T")
Unclaimed = Callable[[Errand, CreatedJob | None, BaseException | None], None]


class Sender:
    """Sends the errands of one service, through the entrance of its user."""

    def __init__(self, means: Means, limit: RateLimit | None) -> None:
        self._means = means
        self._limit = limit
        self._entrance: Entrance | None = None
        self._stopped: QrtError | None = None
        self._asked: dict[str, float] = {}

    async def entrance(self) -> Entrance:
        """The one of this user in this loop; known once there is a token."""
        user = await self._means.ready()
        if self._entrance is None:
            self._entrance = entrance_of(user, self._limit)
            self._entrance.join(self)
        return self._entrance

    @property
    def limit(self) -> RateLimit | None:
        """What the service was told to keep to."""
        return self._limit

    @property
    def entered(self) -> Entrance | None:
        """The entrance, if it was asked for before."""
        return self._entrance

    def stop(self, error: QrtError) -> None:
        """Everybody of ours in line is told why, and whoever comes after."""
        self._stopped = error
        if self._entrance is not None:
            self._entrance.evict(self._means, error)

    async def close(self) -> None:
        """Nothing of ours is under way any more."""
        if self._entrance is not None:
            await self._entrance.part(self)

    async def send(self, errand: Errand, unclaimed: Unclaimed) -> CreatedJob:
        """The accepted job. Waits for its turn; a refusal for speed delays and never fails.

        Cancelled before the POST leaves, nothing is sent. Cancelled later, the exchange is finished in the
        background and handed to ``unclaimed``.
        """
        if errand.suspect:
            found = await self._settle(errand, _unknown(errand))
            if found is not None:
                return found
        again = False
        while True:
            entrance = await self.reach(patient=errand.patient)
            if self._stopped is not None:
                raise self._stopped
            started = _now()
            await entrance.enter(errand, again=again)
            again = True
            if wanted(self._means.announce, PermitTaken):
                self._means.announce(PermitTaken(seconds=_now() - started))
            if not await self._may_leave(entrance, errand):
                continue
            doubts = errand.doubts
            posting = self._leave(entrance, errand)
            try:
                await asyncio.wait([posting])
            except asyncio.CancelledError:
                posting.add_done_callback(lambda done: _report(errand, done, unclaimed))
                raise
            created = _outcome(errand, posting, unclaimed)
            if created is not None:
                return created
            if errand.doubts == doubts:
                await errand.returned()

    async def reach(self, *, patient: bool) -> Entrance:
        """The entrance; an outage delays those who are patient."""
        return await (self.patiently(self.entrance) if patient else self.entrance())

    async def patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """What it returns, tried until the service can be reached."""
        for tried in count():
            try:
                return await work()
            except Unavailable:
                await asyncio.sleep(min(_LONGEST_OUTAGE, _OUTAGE * 2.0 ** min(tried, 8)))
        raise AssertionError("never reached")

    async def _may_leave(self, entrance: Entrance, errand: Errand) -> bool:
        """Between the turn and the POST. ``False``: its gate has closed meanwhile."""
        try:
            paused = errand.patient and await self._is_paused(entrance, errand)
            leaves = not paused and await errand.leaving()
        except BaseException:
            entrance.step_back(errand)
            raise
        if not leaves:
            entrance.step_back(errand)
        return leaves

    def _leave(self, entrance: Entrance, errand: Errand) -> asyncio.Task[CreatedJob | None]:
        try:
            posting = self._means.crew.start(
                self._post(entrance, errand), "submission", precious=True, expected=True
            )
        except ServiceClosed:
            entrance.step_back(errand)
            raise
        # By callback, because a task that is cancelled before its first step runs no `finally` of its own.
        posting.add_done_callback(lambda done: _home(entrance, errand, done))
        return posting

    async def _is_paused(self, entrance: Entrance, errand: Errand) -> bool:
        """Ask how the backend stands, once a minute while somebody submits to it."""
        backend, now = errand.load.backend, _now()
        if self._asked.get(backend, 0.0) > now:
            return False
        self._asked[backend] = now + _STATUS_LASTS
        try:
            status = await self._means.ask(backend_status(backend))
        except ServiceError:
            return False
        if not _paused(status):
            entrance.backends.open(errand.load)
            return False
        why = f"backend {backend} is {status.status}" + (f": {status.message}" if status.message else "")
        self._asked[backend] = 0.0
        entrance.backends.shut(errand.load, why, now)
        return True

    async def _post(self, entrance: Entrance, errand: Errand) -> CreatedJob | None:
        """One POST. ``None``: not accepted, and to be sent again when its turn comes."""
        created = None
        try:
            created = await self._means.ask(errand.call)
        except Throttled as error:
            errand.store.close(error.retry_after, stated_limit(error.message))
        except ServiceError as error:
            if error.submitted == "unknown":
                created = await self._settle(errand, error)
            else:
                await self._refused(entrance, errand, error)
        return created

    async def _settle(self, errand: Errand, error: ServiceError) -> CreatedJob | None:
        """Adopt the job if it is there; else it may be sent again, unless that was done often enough."""
        errand.sought = True
        try:
            found = await search(self._means.ask, errand.tag, errand.settle)
        except Unanswered:
            raise error from None
        finally:
            errand.sought = False
        if found is not None:
            return CreatedJob(id=found.id, backend=found.backend, session_id=found.session_id)
        errand.doubts += 1
        if errand.settle is None or errand.doubts >= _POSTS:
            raise error
        return None

    async def _refused(self, entrance: Entrance, errand: Errand, error: ServiceError) -> None:
        """Returns where the refusal only delays."""
        cap = stated_cap(error)
        if cap is not None:
            entrance.cap.free(errand.key)
            entrance.cap.refused(cap, _now())
        elif isinstance(error, Conflict) and usage_refused(error):
            explained = await self._over_usage(error)
            if not errand.patient:
                raise explained from error
            entrance.usage.shut(errand.load, str(explained.message).rstrip("."), _now())
        elif errand.patient and isinstance(error, Unavailable):
            entrance.outage.shut(errand.load, _unreached(error), _now())
        else:
            raise error

    async def _over_usage(self, error: Conflict) -> OverUsage:
        """The service's no, with what it says of the usage."""
        try:
            usage = await self._means.ask(instance_usage())
        except ServiceError:
            usage = None
        facts = {
            name: getattr(error, name) for name in ("status", "code", "solution", "trace", "method", "path")
        }
        return OverUsage(" ".join(filter(None, [error.message, _spent(usage)])), **facts)


def _home(entrance: Entrance, errand: Errand, posting: asyncio.Task[CreatedJob | None]) -> None:
    """The permit goes home, and, unless there is or may be a job, its place behind the gates."""
    entrance.left(errand)
    error = None if posting.cancelled() else posting.exception()
    if posting.cancelled() or (isinstance(error, QrtError) and error.submitted == "unknown"):
        entrance.release(errand, unclear=True)
    elif error is not None or posting.result() is None:
        entrance.release(errand)


def _outcome(
    errand: Errand, posting: asyncio.Task[CreatedJob | None], unclaimed: Unclaimed
) -> CreatedJob | None:
    """Closing gave up on it: nobody cancelled the caller, who is told so in our words."""
    if posting.cancelled():
        _report(errand, posting, unclaimed)
        error = ServiceClosed("The service was closed while a submission was under way; look for its job.")
        error.submitted = error.billed = "unknown"
        raise error
    return posting.result()


def _report(errand: Errand, posting: asyncio.Task[CreatedJob | None], unclaimed: Unclaimed) -> None:
    error = asyncio.CancelledError() if posting.cancelled() else posting.exception()
    created = None if error is not None else posting.result()
    if created is not None or error is not None:
        unclaimed(errand, created, error)


def _unknown(errand: Errand) -> ServiceError:
    return Unavailable(
        f"A process that is gone may have sent submission {errand.key}; its job was looked for and not found.",
        method="POST",
        path="/jobs",
        submitted="unknown",
    )


def _paused(status: BackendStatus) -> bool:
    """``internal`` and ``maintenance`` are the service's words for it; anything unknown is let pass."""
    return status.state is False or status.status in {"internal", "maintenance", "paused", "offline"}


def _spent(usage: InstanceUsage | None) -> str:
    if usage is None or usage.usage_consumed_seconds is None:
        return ""
    limit = "" if usage.usage_limit_seconds is None else f" of {usage.usage_limit_seconds:g} s"
    period = usage.usage_period
    since = f" since {period.start_time:%Y-%m-%d}" if period is not None and period.start_time else ""
    return f"The instance has used {usage.usage_consumed_seconds:g} s{limit} of QPU time{since}."


def _unreached(error: ServiceError) -> str:
    return f"the service cannot be reached ({error.message.rstrip('.')})"


def _now() -> float:
    return asyncio.get_running_loop().time()
