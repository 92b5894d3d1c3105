"""Which API date to speak (api.md 1.4). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from qrt_async.api.records import ApiDate
from qrt_async.errors import InvalidInput

KNOWN = (
    "2025-01-01",
    "2025-05-01",
    "2025-06-01",
    "2026-02-01",
    "2026-02-15",
    "2026-03-15",
    "2026-04-15",
)
"""The dates whose replies this client reads, oldest first."""
DOCUMENTED = "2026-02-15"
"""Spoken while the service offers it: its metrics carry queue position and estimates."""
_NOTICE = timedelta(days=30)


class Choice(msgspec.Struct, frozen=True):
    """The date to speak from now on, and why the former one is left (``None``: it is kept)."""

    date: str
    why: str | None = None


def check_date(given: str) -> str:
    """An API date given by the caller: any real date, since tomorrow's may work."""
    try:
        if date.fromisoformat(given).isoformat() == given:
            return given
    except (TypeError, ValueError):
        pass
    raise InvalidInput(f"api_version is {given!r}; it must be a date such as {KNOWN[-1]!r}.")


def choose(spoken: str, offered: Iterable[ApiDate], today: date) -> Choice:
    """Keep the date unless it is gone or ends within 30 days; else the newest that both sides know.

    One that ends soon as well is better than one that is gone, and no better than one that also ends soon.
    """
    by_name = {entry.version.isoformat(): entry for entry in offered}
    why = _why_leave(by_name.get(spoken), today)
    if why is None:
        return Choice(spoken)
    common = [name for name in KNOWN if name in by_name]
    lasting = [name for name in common if _why_leave(by_name[name], today) is None]
    better = lasting or (common if spoken not in by_name else [])
    if not better:
        return Choice(spoken, f"{why}, and no other date is known to both sides: update qrt-async")
    return Choice(better[-1], why)


def _why_leave(entry: ApiDate | None, today: date) -> str | None:
    if entry is None:
        return "the service no longer offers it"
    if entry.sunset_date is not None and entry.sunset_date - today <= _NOTICE:
        return f"it ends on {entry.sunset_date.isoformat()}"
    return None
