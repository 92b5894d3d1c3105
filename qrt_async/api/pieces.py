"""Long things as JSON, written in pieces.

A thread does not protect an event loop from one long C call that holds the interpreter lock: the base64, the
JSON or the mere copy of 50 MB at once stalls it for a twentieth of a second. Between pieces everybody has a turn.
"""

from __future__ import annotations

import io
import secrets
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec.json import encode

PIECE = 96 * 1024
"""Bytes or characters in a piece; a multiple of 3, so that base64 needs no padding in between."""
NUMBERS = 8 * 1024
"""Numbers in a piece: written out they take some twenty characters each."""

Buffer = bytes | memoryview


class Long:
    """A JSON value in parts, for :func:`document` to write where it stands. No struct: those msgspec writes itself."""

    def __init__(self, parts: list[Buffer]) -> None:
        self.parts = parts

    @classmethod
    def of(cls, value: Buffer) -> Long:
        """Of a value that is written already."""
        view = memoryview(value)
        return cls([view[at : at + PIECE] for at in range(0, len(value), PIECE)])


def document(value: Any, enc_hook: Callable[[Any], Any] | None = None) -> bytes:
    """What ``msgspec.json.encode`` makes of it, with every ``Long`` in its place."""
    longs: list[Long] = []
    mark = secrets.token_hex(16)

    def placed(found: Any) -> Any:
        if isinstance(found, Long):
            longs.append(found)
            return mark
        if enc_hook is None:
            raise TypeError(f"objects of type {type(found).__name__} are no JSON")
        return enc_hook(found)

    between = encode(value, enc_hook=placed).split(b'"%b"' % mark.encode())
    if not longs:
        return between[0]
    with io.BytesIO() as out:  # which grows, and gives away what it holds, without a copy
        for text, long in zip(between, longs, strict=False):
            out.write(text)
            for part in long.parts:
                out.write(part)
        out.write(between[-1])
        return out.getvalue()


def text(value: str) -> str | Long:
    """A text, as it is where it is short."""
    if len(value) <= PIECE:
        return value
    return Long([b'"', *(encode(value[at : at + PIECE])[1:-1] for at in range(0, len(value), PIECE)), b'"'])


def base64(parts: Iterable[Buffer]) -> Long:
    """A text, the base64 of all parts together."""
    written: list[Buffer] = [b'"']
    rest = b""
    for part in parts:
        data = rest + part
        whole = len(data) - len(data) % 3
        written += [b64encode(data[at : min(at + PIECE, whole)]) for at in range(0, whole, PIECE)]
        rest = data[whole:]
    return Long([*written, b64encode(rest), b'"'])


def deflated(parts: Iterable[Buffer]) -> Iterator[bytes]:
    """What zlib makes of all parts together."""
    zipping = zlib.compressobj()
    for part in parts:
        for at in range(0, len(part), PIECE):
            yield zipping.compress(part[at : at + PIECE])
    yield zipping.flush()


def numbers(nested: Any, count: int) -> Any:
    """``count`` numbers in nested lists or in a NumPy array, as nested lists."""
    if count > NUMBERS:
        return Long([b"[", *_rows(nested, count), b"]"])
    return nested.tolist() if hasattr(nested, "tolist") else nested


def _rows(nested: Any, count: int) -> Iterator[Buffer]:
    size = count // len(nested)
    step = max(1, NUMBERS // size)
    for at in range(0, len(nested), step):
        if at:
            yield b","
        if size > NUMBERS:
            yield from (b"[", *_rows(nested[at], size), b"]")
        else:
            rows = nested[at : at + step]
            yield encode(rows.tolist() if hasattr(rows, "tolist") else rows)[1:-1]
