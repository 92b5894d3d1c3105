"""A program's ``params``, and whatever else is sent, as JSON."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from qrt_async.errors import InvalidInput


def as_json(params: Any) -> msgspec.Raw:
    """JSON as it will be sent: what is JSON already passes untouched."""
    if isinstance(params, msgspec.Raw):
        return params
    if isinstance(params, (bytes, bytearray, memoryview)):
        return msgspec.Raw(bytes(params))
    found = encoded(params, "params")
    if b"null" in found and _has_nan(msgspec.to_builtins(params)):
        raise InvalidInput(
            "params hold a NaN or an infinity, which JSON cannot say: it would arrive as null. Nothing was sent."
        )
    return msgspec.Raw(found)


def encoded(value: Any, what: str) -> bytes:
    """The bytes to send; ``InvalidInput``, which calls it ``what``, where JSON has no words for it."""
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise InvalidInput(f"{what} cannot be sent as JSON: {error}. Nothing was sent.") from error


def _has_nan(found: Any) -> bool:
    if isinstance(found, float):
        return not math.isfinite(found)
    if isinstance(found, dict):
        return any(map(_has_nan, found.values()))
    return isinstance(found, list | tuple) and any(map(_has_nan, found))
