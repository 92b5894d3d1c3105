"""A program's ``params``, and whatever else is sent, as JSON."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec

from qrt_async.api.pieces import document
from qrt_async.errors import InvalidInput

Hook = Callable[[Any], Any]
"""What makes JSON of objects that have none of their own; ``TypeError`` for those it does not know."""


def as_json(params: Any) -> msgspec.Raw:
    """JSON as it will be sent: what is JSON already passes untouched."""
    if isinstance(params, msgspec.Raw):
        return params
    if isinstance(params, (bytes, bytearray, memoryview)):
        return msgspec.Raw(bytes(params))
    return msgspec.Raw(lossless(params, "params"))


def lossless(value: Any, what: str, enc_hook: Hook | None = None) -> bytes:
    """As :func:`encoded`; ``InvalidInput`` also for numbers that JSON would lose."""
    found = encoded(value, what, enc_hook)
    if b"null" in found and _has_nan(msgspec.to_builtins(value, enc_hook=enc_hook)):
        raise InvalidInput(
            f"{what} hold a NaN or an infinity, which JSON cannot say: it would arrive as null. Nothing was sent."
        )
    return found


def encoded(value: Any, what: str, enc_hook: Hook | None = None) -> bytes:
    """The bytes to send; ``InvalidInput``, which calls it ``what``, where JSON has no words for it."""
    try:
        return document(value, enc_hook)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as error:
        raise InvalidInput(f"{what} cannot be sent as JSON: {error}. Nothing was sent.") from error


def _has_nan(found: Any) -> bool:
    if isinstance(found, float):
        return not math.isfinite(found)
    if isinstance(found, dict):
        return any(map(_has_nan, found.values()))
    return isinstance(found, list | tuple) and any(map(_has_nan, found))
