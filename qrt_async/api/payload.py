"""A program's ``params``, and whatever else is sent, as JSON."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec

from qrt_async.api.pieces import document
from qrt_async.errors import InvalidInput


def as_json(params: Any) -> msgspec.Raw:
    """JSON as it will be sent: what is JSON already passes untouched."""
    if isinstance(params, msgspec.Raw):
        return params
    if isinstance(params, (bytes, bytearray, memoryview)):
        return msgspec.Raw(bytes(params))
    found = encoded(params, "params")
    if b"null" in found and has_nan(params):
        raise InvalidInput(
            "params hold a NaN or an infinity, which JSON cannot say: it would arrive as null. Nothing was sent."
        )
    return msgspec.Raw(found)


def encoded(value: Any, what: str) -> bytes:
    """The bytes to send; ``InvalidInput``, which calls it ``what``, where JSON has no words for it."""
    try:
        return document(value)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise InvalidInput(f"{what} cannot be sent as JSON: {error}. Nothing was sent.") from error


def has_nan(value: Any, enc_hook: Callable[[Any], Any] | None = None) -> bool:
    """Whether JSON would lose a number of it; the hook is that of ``msgspec.json.encode``."""
    return _has_nan(msgspec.to_builtins(value, enc_hook=enc_hook))


def _has_nan(found: Any) -> bool:
    if isinstance(found, float):
        return not math.isfinite(found)
    if isinstance(found, dict):
        return any(map(_has_nan, found.values()))
    return isinstance(found, list | tuple) and any(map(_has_nan, found))
