"""Decodes results on the loop without holding it: small steps, one result at a time.

A thread would not protect the loop: one long C call keeps the interpreter lock (design 3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from qrt_async.errors import ResultError

Decode = Callable[[bytes], Any]
"""A decoder of the user's, for the results of one program. It is called in a thread with the bytes that
arrived; what it raises becomes the cause of a ``ResultError``."""


class Decoder:
    """Shared by all jobs of a service: however many results arrive at once, a turn of the loop holds one step."""

    def __init__(self, own: Mapping[str, Decode]) -> None:
        self._own = own
        self._turn = asyncio.Lock()
        self._module: Any = None

    async def decode(self, program_id: str, body: bytes) -> Any:
        """The decoded result. Raises ``ResultError`` where the body cannot be read."""
        own = self._own.get(program_id)
        if own is not None:
            return await _by(own, program_id, body)
        async with self._turn:
            if self._module is None:
                # Brings NumPy, whose import is long and gives way to the loop in a thread.
                self._module = await asyncio.to_thread(import_module, "qrt_async.programs.results")
            steps = self._module.decode_in_pieces(program_id, body)
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    return end.value
                await asyncio.sleep(0)


async def _by(own: Decode, program_id: str, body: bytes) -> Any:
    try:
        return await asyncio.to_thread(own, body)
    except Exception as error:
        raise ResultError(
            f"The decoder that was given for {program_id!r} failed: {type(error).__name__}: {error}."
        ) from error
