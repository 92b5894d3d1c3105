"""Decodes results on the loop without holding it: small steps, one result at a time.

A thread would not protect the loop: one long C call keeps the interpreter lock (design 3).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from qrt_async.errors import ResultError
from qrt_async.transport.wire import Keep
from qrt_async.transport.worker import Worker

_BRIEF, _TOGETHER = 16 * 1024, 8
"""Bytes up to which a body is brief, and how many of its steps are taken in one turn: they take a tenth of a
millisecond, unless so short a body unfolds to a long result."""
_BETWEEN = 3
"""Turns of the loop between two steps of a body that is not brief: answering somebody's request takes as many, and
none of them should wait for a step."""
_LARGE = 256 * 1024
"""Bytes from which on a body counts as large."""
_LARGE_ONES = 4
"""So many large bodies at a time: hundreds of them would fill the memory, and the loop's turns with reading."""

Decode = Callable[[bytes], Any]
"""A decoder of the user's, for the results of one program. It is called in a thread with the bytes that
arrived; what it raises becomes the cause of a ``ResultError``."""


class Decoder:
    """Shared by all jobs of a service: however many results arrive at once, a turn of the loop holds one step."""

    def __init__(self, own: Mapping[str, Decode], worker: Worker) -> None:
        self._own = own
        self._worker = worker
        self._turn = asyncio.Lock()
        self._door = asyncio.Lock()
        self._large = asyncio.Semaphore(_LARGE_ONES)
        self._module: Any = None

    @asynccontextmanager
    async def room(self) -> AsyncIterator[Keep]:
        """For a result from its first byte until it is decoded. What this gives is handed each piece: a body
        that turns out large waits for its turn, and the network holds back the rest of it."""
        async with self._door:  # one after the other: hundreds of requests in one turn would be a long one
            await asyncio.sleep(0)
        arrived, holding = 0, False

        async def keep(piece: bytes) -> bool:
            nonlocal arrived, holding
            arrived += len(piece)
            if arrived > _LARGE and not holding:
                await self._large.acquire()
                holding = True
            return False

        try:
            yield keep
        finally:
            if holding:
                self._large.release()

    async def decode(self, program_id: str, body: bytes, *, count: bool = True) -> Any:
        """The decoded result, its large registers counted unless it is read point by point. Raises ``ResultError``
        where the body cannot be read."""
        own = self._own.get(program_id)
        if own is not None:
            return await _by(own, program_id, body)
        async with self._turn:
            if self._module is None:
                # Brings NumPy, whose import is long and gives way to the loop in a thread.
                self._module = await self._worker.do(import_module, "qrt_async.programs.results")
            steps = self._module.decode_in_pieces(program_id, body, count=count)
            together, between = (_TOGETHER, 1) if len(body) <= _BRIEF else (1, _BETWEEN)
            while True:
                try:
                    for _ in range(together):
                        next(steps)
                except StopIteration as end:
                    return end.value
                for _ in range(between):
                    await asyncio.sleep(0)


async def _by(own: Decode, program_id: str, body: bytes) -> Any:
    try:
        return await asyncio.to_thread(own, body)
    except Exception as error:
        raise ResultError(
            f"The decoder that was given for {program_id!r} failed: {type(error).__name__}: {error}."
        ) from error
