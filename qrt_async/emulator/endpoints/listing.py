"""``GET /v1/jobs`` and ``GET /v1/tags``: a user's jobs, as late as listings are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from qrt_async.emulator.ask import Ask
from qrt_async.emulator.books import Books
from qrt_async.emulator.job import Job
from qrt_async.emulator.wire import Problem, Reply, invalid, json_reply

from .records import record

PAGE = 200
FARTHEST = 2**31 - 1
MOST_TAGS = 8
SHORTEST_SEARCH, LONGEST_SEARCH = 3, 100

Test = Callable[[Job], bool]


def list_jobs(books: Books, ask: Ask) -> Reply:
    """``GET /v1/jobs``: newest first, without params, unless asked otherwise."""
    limit = ask.number("limit", range(1, PAGE + 1), PAGE)
    offset = ask.number("offset", range(FARTHEST + 1), 0)
    with_params = ask.flag("exclude_params", default=True) is False
    tests = _tests(ask)
    found = [job for job in visible(books, ask) if all(test(job) for test in tests)]
    if _ascending(ask):
        found.reverse()
    page = islice(found, offset, offset + limit)
    jobs = [record(job, ask, params=with_params, listed=True) for job in page]
    return json_reply({"jobs": jobs, "count": len(found), "limit": limit, "offset": offset})


def search_tags(books: Books, ask: Ask) -> Reply:
    """``GET /v1/tags``: the tags of the user's jobs that contain a text of at least 3 characters."""
    search = ask.one("search") or ""
    if ask.one("type") not in (None, "job") or not SHORTEST_SEARCH <= len(search) <= LONGEST_SEARCH:
        raise Problem(400, "bad_request", "Bad Request")
    tags = {tag for job in visible(books, ask) for tag in job.tags if search.lower() in tag.lower()}
    return json_reply({"tags": sorted(tags)})


def visible(books: Books, ask: Ask) -> Iterator[Job]:
    """The user's jobs as listings know them, which may lag."""
    for job in books.ledger.owned(ask.user_id, ask.crn):
        seen = job.as_of(ask.now - job.plan.lag)
        if seen is not None:
            yield seen


def _ascending(ask: Ask) -> bool:
    sort = ask.one("sort") or "DESC"
    if sort not in ("ASC", "DESC"):
        raise invalid("query", "sort must be ASC or DESC.")
    return sort == "ASC"


def _tests(ask: Ask) -> list[Test]:
    """One test a filter; bracket forms such as ``tags[]`` are no filters and change nothing."""
    tests: list[Test] = [_session(ask), _tags(ask)] if ask.query else []
    if (pending := ask.flag("pending")) is not None:
        tests.append(lambda job: job.final is not pending)
    if (program := ask.one("program")) is not None:
        tests.append(lambda job: job.posted.program_id == program)
    if (backend := ask.one("backend")) is not None:
        tests.append(lambda job: job.posted.backend == backend)
    if (after := ask.moment("created_after")) is not None:
        tests.append(lambda job: job.created >= after)
    if (before := ask.moment("created_before")) is not None:
        tests.append(lambda job: job.created <= before)
    return tests


def _session(ask: Ask) -> Test:
    session_id = ask.one("session_id")
    return lambda job: session_id is None or job.posted.session_id == session_id


def _tags(ask: Ask) -> Test:
    """Several tags are all wanted."""
    wanted = set(ask.query.get("tags", []))
    if len(wanted) > MOST_TAGS:
        raise invalid("query", f"at most {MOST_TAGS} tags.")
    return lambda job: wanted <= set(job.tags)
