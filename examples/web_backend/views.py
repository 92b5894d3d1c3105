"""From what the library knows to what people read: one place for all words about states."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import qrt_async as qrt
from qrt_async.integrations import asgi
from qrt_async.submit.records import SubmissionRecord
from qrt_async.sweep.progress import Progress

from .records import End

State = Literal["waiting", "queued", "running", "done", "failed", "cancelled"]

WORDS: dict[State, str] = {
    "waiting": "In line",
    "queued": "Queued",
    "running": "Running",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
OUTLOOK: dict[State, str] = {
    "waiting": "It waits for its turn: the account may send so many jobs a minute.",
    "queued": "The backend has it. Its histogram appears here once it has run.",
    "running": "It runs. Its histogram appears here in a moment.",
    "done": "The result is on its way.",
    "failed": "There is no result.",
    "cancelled": "There is no result: it was cancelled.",
}
PATIENCE = 5.0
"""Seconds that a page waits for the service; the next one may know more."""
WAY: tuple[State, ...] = ("waiting", "queued", "running", "done")


class Step(NamedTuple):
    """One stop of a job's way; ``how`` is ``past``, ``now``, ``bad`` or ``next``."""

    word: str
    how: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a job or a sweep stands. ``line`` is its place in our line, from 0, ``queue`` in the backend's; ``eta`` are
    seconds until it is sent."""

    state: State
    detail: str = ""
    line: int | None = None
    eta: float | None = None
    queue: int | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    charged: float | None = None
    job_id: str | None = None
    error: str | None = None

    @property
    def word(self) -> str:
        return WORDS[self.state]

    @property
    def outlook(self) -> str:
        return OUTLOOK[self.state]

    @property
    def final(self) -> bool:
        return self.state in {"done", "failed", "cancelled"}

    @property
    def steps(self) -> list[Step]:
        """The way of a job; one that ended otherwise stopped somewhere on it, and it is not said where."""
        if self.state in {"failed", "cancelled"}:
            how = "bad" if self.state == "failed" else "now"
            return [*(Step(WORDS[stop], "past") for stop in WAY[:2] if self.job_id), Step(self.word, how)]
        at = WAY.index(self.state)
        how_at = ["past"] * at + ["now" if at < len(WAY) - 1 else "past"] + ["next"] * len(WAY)
        return [Step(WORDS[stop], how) for stop, how in zip(WAY, how_at, strict=False)]


def duration(seconds: float) -> str:
    """As ``live.js`` says it, too."""
    if seconds < 1:
        return "a moment"
    if seconds < 120:
        return f"{round(seconds)} s"
    return f"{round(seconds / 60)} min" if seconds < 7200 else f"{round(seconds / 3600)} h"


def words(error: qrt.QrtError) -> str:
    """What its owner may know of it: nothing of the account, the disk or the connection."""
    problem = asgi.problem(error)
    return problem.detail or problem.title


def until(moment: datetime) -> float:
    """Seconds from now, by the wall's clock."""
    return (moment - datetime.now(UTC)).total_seconds()


def of_status(status: qrt.JobStatus | None) -> State:
    """Of a job that the service has accepted."""
    known: dict[qrt.JobStatus | None, State] = {
        qrt.JobStatus.RUNNING: "running",
        qrt.JobStatus.COMPLETED: "done",
        qrt.JobStatus.FAILED: "failed",
        qrt.JobStatus.CANCELLED: "cancelled",
    }
    return known.get(status, "queued")


def of_record(record: SubmissionRecord, status: qrt.JobStatus | None) -> Standing:
    """A row of the table. ``status`` is the last known one of its job, where it has one."""
    if record.state in {"waiting", "sending"}:
        return Standing(state="waiting", detail=record.why_waiting or "")
    if record.state == "withdrawn":
        return Standing(state="cancelled")
    if record.state == "failed":
        return Standing(state="failed", detail="not accepted")
    if record.state == "ended":
        return Standing(state=of_status(qrt.JobStatus.read(record.detail)))
    return Standing(state=of_status(status))


def of_progress(progress: Progress, *, ours: bool, ended: End | None) -> Standing:
    """A sweep. One that is not ``ours`` is run by another worker, which alone knows more."""
    count = f"{progress.done:,} of {progress.points:,} points"
    if progress.done == progress.points:
        return Standing(state="done", detail=count)
    if ended == "cancelled":
        return Standing(state="cancelled", detail=count)
    if ended or progress.over:
        return Standing(state="failed", detail=count)
    if progress.running or progress.done or not ours:
        return Standing(state="running", detail=count)
    return Standing(state="waiting", detail=progress.why_waiting or "", eta=progress.eta)


async def of_submission(submission: qrt.Submission[Any]) -> Standing:
    """A job with all that is known of it; makes a request only for one that was never looked at."""
    if submission.state in {"waiting", "sending"}:
        why = submission.why_waiting or ""
        return Standing(state="waiting", detail=why, line=submission.ahead, eta=submission.eta)
    try:
        job = await submission.job()
    except qrt.errors.NotSent:
        return Standing(state="cancelled", detail="before it was sent")
    except qrt.QrtError as error:
        return Standing(state="failed", detail="not accepted", error=words(error))
    try:
        async with asyncio.timeout(PATIENCE):
            update = await anext(job.updates())
    except TimeoutError:
        return Standing(state="queued", detail="no news of it yet", job_id=job.id)
    except qrt.QrtError as error:  # the service does not know it any more
        return Standing(state="failed", detail="gone", job_id=job.id, error=words(error))
    standing = Standing(state=of_status(update.status), job_id=job.id, charged=update.charged)
    if standing.final:
        return replace(standing, error=update.reason if standing.state == "failed" else None)
    return replace(
        standing,
        detail=update.stalled or "",
        queue=update.position_in_queue,
        starts=update.estimated_start_time if standing.state == "queued" else None,
        ends=update.estimated_completion_time,
    )
