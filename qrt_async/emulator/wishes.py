"""Outcomes that a job asks for by tag, so that any client can have them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

import msgspec

from .wire import invalid

PREFIX = "emulate:"
DEFAULT_FAILURE = 1500

Ending = Literal["real", "fail", "ran-too-long", "cancelled", "never"]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the tags of one job ask for.

    ``emulate:never`` leaves the job queued for ever; with ``emulate:queue=S`` as well, it starts
    after S seconds and then runs for ever.
    """

    ending: Ending = "real"
    code: int = DEFAULT_FAILURE
    queue: float | None = None
    run: float | None = None


def wish(tags: Iterable[str]) -> Wish:
    """Read the tags; others are left alone. An unknown wish is refused: it would be obeyed by nobody."""
    found = Wish()
    for tag in tags:
        if tag.startswith(PREFIX):
            name, _, value = tag.removeprefix(PREFIX).partition("=")
            found = _with(found, name, value)
    return found


def _with(found: Wish, name: str, value: str) -> Wish:
    match name:
        case "queue" | "run":
            return msgspec.structs.replace(found, **{name: _seconds(name, value)})
        case "fail":
            return msgspec.structs.replace(found, ending="fail", code=_code(value))
        case "ran-too-long" | "cancelled" | "never" if not value:
            return msgspec.structs.replace(found, ending=name)
    raise invalid("body", f"the emulator knows no outcome {PREFIX}{name}{'=' if value else ''}{value}.")


def _seconds(name: str, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0.0 <= seconds < math.inf:
        raise invalid("body", f"{PREFIX}{name} needs a number of seconds, not {value!r}.")
    return seconds


def _code(value: str) -> int:
    if not value:
        return DEFAULT_FAILURE
    if not (value.isdecimal() and 1000 <= int(value) <= 9999):
        raise invalid("body", f"{PREFIX}fail needs a code from 1000 to 9999, not {value!r}.")
    return int(value)
