"""A request that was let in, as the endpoints see it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from .dates import NEWEST, USAGE_WITH_STATUS, read
from .wire import invalid


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks what, of which instance, in which version, when."""

    ids: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    now: float
    user_id: str = ""
    crn: str = ""
    date: str = NEWEST

    def one(self, name: str) -> str | None:
        """The last value of a query parameter."""
        values = self.query.get(name)
        return values[-1] if values else None

    def flag(self, name: str, default: bool | None = None) -> bool | None:
        """A query parameter that is true or false; raises 400 for any other word."""
        text = self.one(name)
        if text is None:
            return default
        if text.lower() not in ("true", "false"):
            raise invalid("query", f"{name} must be true or false.")
        return text.lower() == "true"

    def number(self, name: str, allowed: range, default: int) -> int:
        """A whole number; what is out of range or no number is the default, without an error."""
        text = self.one(name) or ""
        if not text.isascii() or not text.isdecimal() or len(text) > 10 or int(text) not in allowed:
            return default
        return int(text)

    def moment(self, name: str) -> float | None:
        """A date-time of the query, in seconds since 1970; raises 400 when it is none."""
        text = self.one(name)
        try:
            return None if text is None else read(text)
        except (ValueError, OverflowError):
            raise invalid("query", f"{name} must be a date-time.") from None

    @property
    def new_usage(self) -> bool:
        """Whether usage has the shape that came with 2026-03-15."""
        return self.date >= USAGE_WITH_STATUS
