"""Takes the body of a reply in: whole, or piece by piece, and never more of it than may be held."""

from __future__ import annotations

from typing import Any

from qrt_async.errors import ResultTooLong
from qrt_async.transport.failures import unexpected
from qrt_async.transport.wire import Keep, Reply, Request

MAX_RESULT = 1 << 30
"""Bytes of one reply: ten million shots of 156 bits, spelled as hex texts, are 430 million."""
_COMPLAINT = 1 << 20
"""Bytes of an error's body; the text of one is shorter."""


async def body_of(response: Any, request: Request, most: int) -> bytes:
    """The body of an aiohttp response. ``ResultTooLong`` or ``UnexpectedReply`` where it is longer than ``most``.

    What can be read only once is not given up: it goes on to whoever keeps it, though no longer into memory,
    and where nobody keeps it, memory is all there is.
    """
    if response.status == 200 and request.keep is not None:
        return await _kept(response, request, request.keep, most)
    length = response.content_length
    if length is not None and length <= most and "Content-Encoding" not in response.headers:
        whole: bytes = await response.read()
        return whole
    pieces: list[bytes] = []
    arrived = 0
    async for piece in response.content.iter_any():
        pieces.append(piece)
        arrived += len(piece)
        if response.status >= 400 and arrived > _COMPLAINT:
            break
        if arrived > most and not request.once:
            raise _too_long(response, request, most)
    return b"".join(pieces)


async def _kept(response: Any, request: Request, keep: Keep, most: int) -> bytes:
    pieces: list[bytes] = []
    arrived, safe, dropped = 0, True, False
    try:
        async for piece in response.content.iter_any():
            arrived += len(piece)
            safe = await keep(piece) and safe  # behind a gap, what is on the disk is of no use
            if arrived <= most or (request.once and not safe and not dropped):
                pieces.append(piece)
            elif request.once and safe:
                dropped = True
                pieces.clear()
            else:
                raise _too_long(response, request, most)
    except ResultTooLong:
        raise
    except Exception:
        # Once a connection is cut, aiohttp gives out no more of what arrived before; there is no public way to it.
        left = response.content._read_nowait(-1)
        if left:
            await keep(left)
        raise
    if dropped:
        raise _too_long(response, request, most)
    return b"".join(pieces)


def _too_long(response: Any, request: Request, most: int) -> Exception:
    what = f"is longer than {most:,} bytes, the most that is held in memory; max_result of RuntimeService raises it"
    if request.template.endswith("/results"):
        return ResultTooLong(f"This result {what}. Asking again is possible then.")
    reply = Reply(code=response.status, headers={}, body=b"")
    return unexpected(request, reply, f"The answer {what}; or ask for less at once.")
