"""What observers hear, and the observer that turns it into log lines.

An observer is a plain callable that takes one event. It runs inside the event loop, so it must be
quick; what it raises is logged and never reaches the program. The kinds of ``Detail`` are made only for observers that
name them in an attribute ``wants``, a set of classes, and told to these alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

_log = logging.getLogger("qrt_async")


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. Never holds a token, a body or a query."""


class RequestDone(Event, frozen=True, kw_only=True):
    """One exchange with the service ended; ``code`` is the HTTP status, ``None`` without an answer.

    ``sent`` and ``received`` are the bytes of the two bodies; of one that did not arrive whole, 0. ``host`` and
    ``port`` are whom it was sent to.
    """

    method: str
    template: str
    code: int | None
    seconds: float
    sent: int = 0
    received: int = 0
    host: str = ""
    port: int | None = None


class RetryPlanned(Event, frozen=True, kw_only=True):
    """A request went wrong and is sent again in ``after`` seconds."""

    method: str
    template: str
    why: str
    after: float


class TokenRenewed(Event, frozen=True, kw_only=True):
    """A bearer token was fetched; it lives for ``seconds``."""

    seconds: float


class ApiDateLeft(Event, frozen=True, kw_only=True):
    """The service retires an API date; another is spoken from now on."""

    left: str
    taken: str
    why: str


class PermitAwaited(Event, frozen=True, kw_only=True):
    """A submission waits ``seconds`` for its turn, because of ``why``."""

    seconds: float
    why: str


class JobMoved(Event, frozen=True, kw_only=True):
    """A job's status changed; ``previous`` is ``None`` at the first sight of it."""

    job_id: str
    status: str
    previous: str | None = None
    reason: str | None = None


class JobStalled(Event, frozen=True, kw_only=True):
    """A job cannot move on for a reason outside of it."""

    job_id: str
    why: str


class LookFailed(Event, frozen=True, kw_only=True):
    """The service could not be asked for news; it is asked again in ``again_in`` seconds."""

    why: str
    again_in: float


class SubmissionUnclaimed(Event, frozen=True, kw_only=True):
    """Whoever submitted was cancelled in mid-flight. The job, if there is one, runs on."""

    job_id: str | None
    backend: str
    error: str | None = None


class SubmissionFailed(Event, frozen=True, kw_only=True):
    """A submission became no job, and nobody awaited it."""

    key: str
    backend: str
    error: str


class SubmissionsLeft(Event, frozen=True, kw_only=True):
    """A ``Submitter`` was left while ``count`` submissions waited; ``kept`` says that its journal has them."""

    count: int
    kept: bool


class JournalFailed(Event, frozen=True, kw_only=True):
    """What became of a submission could not be written down. The submission goes on; ``recover()`` looks for it."""

    key: str
    error: str


class DoubleCancelled(Event, frozen=True, kw_only=True):
    """A submission had become two jobs: the older one was kept, this one cancelled."""

    key: str
    kept: str
    job_id: str
    charged: float | None


class CallbackFailed(Event, frozen=True, kw_only=True):
    """A done-callback of a job raised."""

    job_id: str
    error: str


class TaskCrashed(Event, frozen=True, kw_only=True):
    """A task of ours ended with an error of its own; its waiters were given that error."""

    task: str
    error: str


class Detail(Event, frozen=True, kw_only=True):
    """What is made for observers alone that want it, since it costs something to know."""


class SubmissionBegun(Detail, frozen=True, kw_only=True):
    """Somebody submits; told in their context. ``again``: an earlier process did, whose journal was taken up."""

    key: str
    backend: str
    program_id: str
    again: bool = False


class SubmissionOver(Detail, frozen=True, kw_only=True):
    """It became a job after ``seconds``, or failed to, for an ``error`` of that kind."""

    key: str
    seconds: float
    job_id: str | None = None
    error: str | None = None


class PermitTaken(Detail, frozen=True, kw_only=True):
    """A submission has its turn, after ``seconds`` in line."""

    seconds: float


class JobFollowed(Detail, frozen=True, kw_only=True):
    """A job is looked after from now on; told in the context of whoever wants to know of it."""

    job_id: str


class JobLeft(Detail, frozen=True, kw_only=True):
    """A job is not looked after any more, and goes on."""

    job_id: str


class LookMade(Detail, frozen=True, kw_only=True):
    """The service was asked for news, while ``watched`` jobs were looked after."""

    watched: int
    seconds: float


class ResultRead(Detail, frozen=True, kw_only=True):
    """The result of a job arrived just now, undecoded, ``seconds`` after it was asked for."""

    job_id: str
    seconds: float
    size: int


class JobTimed(Detail, frozen=True, kw_only=True):
    """A job has ended, as was ``heard`` by this machine's clock; ``status`` is the service's word, ``None`` where it no
    longer knows the job. ``created``, ``running`` and ``finished`` are by the service's clock, and cost a request;
    ``None`` where the service does not say."""

    job_id: str
    status: str | None
    heard: datetime
    backend: str | None = None
    program_id: str | None = None
    session_id: str | None = None
    reason_code: int | None = None
    created: datetime | None = None
    running: datetime | None = None
    finished: datetime | None = None
    charged: float | None = None


Observer = Callable[[Event], None]


def wanted(announce: Callable[[Event], None], kind: type[Detail]) -> bool:
    """Does anybody listen for these?"""
    return isinstance(announce, Announcer) and kind in announce.wants


class Announcer:
    """Tells every observer, the logging one first."""

    def __init__(self, observers: Iterable[Observer] = ()) -> None:
        given = tuple(observers)
        self._observers = (log_event, *given)
        kinds = {kind for observer in given for kind in getattr(observer, "wants", ())}
        self.wants = {
            kind: tuple(one for one in given if kind in getattr(one, "wants", ())) for kind in kinds
        }

    def __call__(self, event: Event) -> None:
        observers = self.wants.get(type(event), ()) if isinstance(event, Detail) else self._observers
        for observer in observers:
            try:
                observer(event)
            except Exception:  # noqa: BLE001 - a stranger's mistake must not end our task
                _log.exception("an observer failed on %s", type(event).__name__)


def log_event(event: Event) -> None:
    """Write the event to the logger ``qrt_async``: job changes at INFO, trouble at WARNING."""
    if isinstance(event, JobMoved):
        reason = f": {event.reason}" if event.reason else ""
        _log.info("job %s is %s%s", event.job_id, event.status, reason)
    elif isinstance(event, SubmissionUnclaimed):
        _log.warning("a cancelled submission to %s left %s", event.backend, _left_behind(event))
    elif isinstance(event, _LOUD):
        _log.warning("%s", _words(event))
    elif _log.isEnabledFor(logging.DEBUG):
        _log.debug("%s", _words(event))


_LOUD = (
    ApiDateLeft,
    JobStalled,
    LookFailed,
    SubmissionFailed,
    SubmissionsLeft,
    JournalFailed,
    DoubleCancelled,
    CallbackFailed,
    TaskCrashed,
)


def _left_behind(event: SubmissionUnclaimed) -> str:
    if event.job_id is not None:
        return f"job {event.job_id}: it runs on; find it in service.unclaimed"
    return f"no known job ({event.error})"


def _words(event: Event) -> str:
    facts = ", ".join(f"{name}={getattr(event, name)!r}" for name in event.__struct_fields__)
    return f"{type(event).__name__}: {facts}"
