"""Long things as JSON, written in pieces.

A thread does not protect an event loop from one long C call that holds the interpreter lock: base64 or the
JSON of 50 MB at once stalls it for a tenth of a second. Between pieces every other thread has its turn.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Raw
from msgspec.json import encode

PIECE = 96 * 1024
"""Bytes, characters, or numbers in a piece; a multiple of 3, so that base64 needs no padding in between."""

Buffer = bytes | memoryview


def text(value: str) -> str | Raw:
    """A text, as it is where it is short."""
    if len(value) <= PIECE:
        return value
    return Raw(b'"%b"' % b"".join(encode(value[at : at + PIECE])[1:-1] for at in range(0, len(value), PIECE)))


def base64(parts: Iterable[Buffer]) -> Raw:
    """A text, the base64 of all parts together."""
    written = [b'"']
    rest = b""
    for part in parts:
        data = rest + part
        whole = len(data) - len(data) % 3
        written += [b64encode(data[at : min(at + PIECE, whole)]) for at in range(0, whole, PIECE)]
        rest = data[whole:]
    return Raw(b"".join([*written, b64encode(rest), b'"']))


def deflated(parts: Iterable[Buffer]) -> Iterator[bytes]:
    """What zlib makes of all parts together."""
    zipping = zlib.compressobj()
    for part in parts:
        for at in range(0, len(part), PIECE):
            yield zipping.compress(part[at : at + PIECE])
    yield zipping.flush()


def numbers(array: Any) -> Any:
    """A NumPy array of numbers as nested lists."""
    if array.size <= PIECE // 8:
        return array.tolist()
    if len(array) == 1 or array.ndim > 1:
        return Raw(b"[" + b",".join(encode(numbers(row)) for row in array) + b"]")
    step = PIECE // 8
    rows = (encode(array[at : at + step].tolist())[1:-1] for at in range(0, len(array), step))
    return Raw(b"[" + b",".join(rows) + b"]")
