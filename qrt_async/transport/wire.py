"""What goes over the wire, as values: a request, a reply, and how headers are read. No I/O."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import quote

import msgspec

from qrt_async.errors import InvalidInput

Repeat = Literal["always", "refused", "unsent"]
"""May a request be sent again? ``always``: it changes nothing, or nothing more the second time.
``refused``: only after a reply that says it was not carried out (429), or when it never left.
``unsent``: only when it provably never left."""

Keep = Callable[[bytes], Awaitable[bool]]
"""Answers whether all that was given is safe, so that it need not be held in memory too."""
Query = tuple[tuple[str, str], ...]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One question to the service. ``path`` starts at the API root, or is a whole URL."""

    method: str
    path: str
    template: str
    """The path with its ids left out: safe to log, count and show."""
    query: Query = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    repeat: Repeat = "always"
    action: str | None = None
    """The IAM action the call needs, as the service documents it."""
    authorize: bool = True
    submits: bool = False
    """Does this create a job? Then an unclear end is an unclear submission."""
    keep: Keep | None = None
    """Is given the body of a success piece by piece as it arrives, for what can be read only once."""

    @property
    def once(self) -> bool:
        """Does the very read delete what is read?"""
        return self.repeat == "refused" and self.method == "GET"

    def __repr__(self) -> str:
        """Headers, query and body may hold secrets."""
        return f"Request({self.method} {self.template})"

    def with_headers(self, *headers: tuple[str, str]) -> Request:
        return msgspec.structs.replace(self, headers=(*self.headers, *headers))


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. Header names are lower-case."""

    code: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.code < 300

    @property
    def is_html(self) -> bool:
        kind = self.headers.get("content-type", "").lower()
        return "html" in kind or self.body[:64].lstrip().lower().startswith((b"<!doctype", b"<html"))


def segment(value: str, what: str) -> str:
    """Percent-encode one path segment. An empty one reaches IBM's web page instead of the API."""
    if not isinstance(value, str) or value.strip() in {"", ".", ".."}:
        raise InvalidInput(f"{what} is {value!r}; it must be a non-empty name. Nothing was sent.")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise InvalidInput(f"{what} is {value!r}, which is no text. Nothing was sent.") from None


def header(name: str, value: str) -> tuple[str, str]:
    """A header, checked: whoever can put a line break into one can write other headers."""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value.strip():
        raise InvalidInput(f"{name} is {value!r}; it must be printable ASCII text. Nothing was sent.")
    return name, value.strip()


def aware(what: str, given: datetime) -> datetime:
    """A moment that says which time zone it is of: guessing would select other rows."""
    if not isinstance(given, datetime) or given.tzinfo is None:
        raise InvalidInput(
            f"{what} is {given!r}; it must be a datetime with a zone, as datetime.now(UTC) is."
        )
    return given


def query(pairs: Iterable[tuple[str, object]]) -> Query:
    """Query pairs in the service's spelling: ``None`` is left out, lists become repeated keys."""
    found: list[tuple[str, str]] = []
    for key, value in pairs:
        if isinstance(value, (list, tuple)):
            found.extend((key, _spell(key, item)) for item in value)
        elif value is not None:
            found.append((key, _spell(key, value)))
    return tuple(found)


def _spell(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return aware(key, value).astimezone(UTC).isoformat()
    return str(value)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The pause that ``Retry-After`` asks for, in seconds: a number, or a date read by the server's clock.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    until = moment(text)
    return None if until is None else max(0.0, (until - (server_date(headers) or now)).total_seconds())


def server_date(headers: Mapping[str, str]) -> datetime | None:
    """The server's own clock, from its ``Date`` header."""
    return moment(headers.get("date", ""))


def moment(text: str) -> datetime | None:
    """An HTTP date, or ``None`` where it cannot be read."""
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
