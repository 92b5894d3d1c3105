"""Who may come in: the headers that every guarded endpoint needs."""

from __future__ import annotations

from .ask import Ask
from .books import Books
from .config import CRN_FIELDS, EmulatorConfig, Key
from .dates import NEWEST
from .iam import forbidden
from .routes import Route
from .wire import Problem, Request, query

REGION, GUID = 5, 7


def admit(
    books: Books, request: Request, route: Route, ids: dict[str, str], now: float
) -> tuple[Ask, Key | None]:
    """The question as the handler gets it, and whose key it came with; raises the service's refusals."""
    key: Key | None = None
    crn, date = "", NEWEST
    if route.guarded:
        key = books.iam.caller(request.headers.get("authorization"), now)
        date = _date(books.config, request.headers.get("ibm-api-version"))
        crn = _crn(books.config, request.headers.get("service-crn", ""))
    ask = Ask(
        ids=ids,
        query=query(request.target),
        headers=request.headers,
        body=request.body,
        now=now,
        user_id="" if key is None else key.user_id,
        crn=crn,
        date=date,
    )
    return ask, key


def _date(config: EmulatorConfig, date: str | None) -> str:
    """A known date; without one, the newest. Like the service's, the refusal names no cause."""
    if date is None:
        return max(config.api_dates)
    if date not in config.api_dates:
        raise Problem(400, "bad_request", "Bad Request")
    return date


def _crn(config: EmulatorConfig, crn: str) -> str:
    fields = crn.split(":")
    if len(fields) != CRN_FIELDS:
        raise Problem(
            400, 1348, f"The CRN has {len(fields)} fields instead of {CRN_FIELDS}.", "Check the CRN."
        )
    if fields[:2] != ["crn", "v1"] or fields[4] != "quantum-computing" or not fields[GUID]:
        raise Problem(400, 1241, "Invalid CRN.", "Check the CRN of your instance.")
    if config.instance is None or crn == config.instance:
        return crn
    if fields[REGION] != (config.instance.split(":") + [""] * CRN_FIELDS)[REGION]:
        raise Problem(404, 1279, f"Instance {crn} not found.", "Check the CRN and the region of the URL.")
    raise forbidden()
