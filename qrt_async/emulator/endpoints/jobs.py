"""The endpoints of one job."""

from __future__ import annotations

import msgspec

from qrt_async.emulator.ask import Ask
from qrt_async.emulator.books import Books
from qrt_async.emulator.dates import written
from qrt_async.emulator.job import Job
from qrt_async.emulator.wire import NO_CONTENT, Problem, Reply, decoded, json_reply, text_reply

from .create import checked_tags
from .records import metrics, record

LEVELS = ("debug", "info", "warning", "error", "critical")


class Tags(msgspec.Struct, frozen=True):
    """The body of ``PUT /v1/jobs/{id}/tags``."""

    tags: list[str]


def get(books: Books, ask: Ask) -> Reply:
    """``GET /v1/jobs/{id}``: with params, unless they are excluded."""
    excluded = ask.flag("exclude_params", default=False)
    return json_reply(record(_job(books, ask), ask, params=not excluded))


def delete(books: Books, ask: Ask) -> Reply:
    """``DELETE /v1/jobs/{id}``: final jobs only."""
    job = _job(books, ask)
    if not job.final:
        raise Problem(
            400,
            1337,
            f"Deleting a job in a non-terminal state is not possible. Job ID: {job.id}",
            "Cancel the job, or wait until it has ended.",
        )
    books.ledger.delete(job, ask.now)
    return NO_CONTENT


def cancel(books: Books, ask: Ask) -> Reply:
    """``POST /v1/jobs/{id}/cancel``: queued and running jobs only."""
    job = _job(books, ask)
    if job.final:
        raise Problem(409, 1306, f"Job is not cancellable. Job ID: {job.id}", "Try again or contact support.")
    books.ledger.cancel(job, ask.now)
    return NO_CONTENT


def job_metrics(books: Books, ask: Ask) -> Reply:
    """``GET /v1/jobs/{id}/metrics``."""
    return json_reply(metrics(books, _job(books, ask), ask))


def results(books: Books, ask: Ask) -> Reply:
    """``GET /v1/jobs/{id}/results``: nothing before the end; a private result once."""
    job = _job(books, ask)
    if job.result is None:
        return NO_CONTENT
    if job.posted.private:
        books.ledger.read_private(job)
    if job.status == "Completed":
        return text_reply(job.result, kind="application/json")
    return text_reply(job.result)


def logs(books: Books, ask: Ask) -> Reply:
    """``GET /v1/jobs/{id}/logs``: of jobs that ran, once they have ended."""
    job = _job(books, ask)
    if not job.final or job.running is None:
        raise Problem(404, "not_found", "logs not found")
    floor = LEVELS.index(job.posted.log_level)
    lines = [line for level, line in _log(job) if LEVELS.index(level) >= floor]
    return text_reply("".join(lines).encode())


def replace_tags(books: Books, ask: Ask) -> Reply:
    """``PUT /v1/jobs/{id}/tags``: all of them at once."""
    job = _job(books, ask)
    books.ledger.retag(job, checked_tags(decoded(ask.body, Tags).tags))
    return NO_CONTENT


def _job(books: Books, ask: Ask) -> Job:
    return books.ledger.find(ask.ids["id"], ask.crn)


def _log(job: Job) -> list[tuple[str, str]]:
    """What happened, level by level."""
    program = job.posted.program_id
    happened = [
        ("info", job.running, f"starting {program} on {job.posted.backend}"),
        ("debug", job.running, f"{len(job.posted.params)} bytes of params, at most {job.posted.cost} s"),
    ]
    if job.status == "Completed":
        happened.append(("info", job.finished, f"{program} completed, {job.charged:.3f} s charged"))
    else:
        happened.append(("error", job.finished, f"{job.status}: {job.reason or 'no reason given'}"))
    return [
        (level, f"{written(at or 0.0)} {level.upper()} {job.id}: {text}\n") for level, at, text in happened
    ]
