"""What goes out with a request, in the shapes that aiohttp takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote, urlencode

from qrt_async.transport.wire import Request

_PIECE = 2**16
"""Bytes that are written at once; a longer body goes in pieces, between which the loop turns."""


def query_of(request: Request) -> str:
    return "?" + urlencode(request.query, quote_via=quote) if request.query else ""


def data_of(body: bytes | None) -> bytes | AsyncIterator[memoryview] | None:
    """A large body in pieces: given a whole one, aiohttp copies it, and the loop stands meanwhile."""
    return _in_pieces(memoryview(body)) if body is not None and len(body) > _PIECE else body


async def _in_pieces(body: memoryview) -> AsyncIterator[memoryview]:
    for at in range(0, len(body), _PIECE):
        yield body[at : at + _PIECE]
        await asyncio.sleep(0)


def headers_of(request: Request) -> list[tuple[str, str]]:
    """With its length, a body in pieces needs no chunks on the wire."""
    length = [] if request.body is None else [("Content-Length", str(len(request.body)))]
    return [*request.headers, *length]
