"""Decodes results on the loop without holding it: small steps, one result at a time.

A thread would not protect the loop: one long C call keeps the interpreter lock (design 3).
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any


class Decoder:
    """Shared by all jobs of a service: however many results arrive at once, a turn of the loop holds one step."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._module: Any = None

    async def decode(self, program_id: str, body: bytes) -> Any:
        """The decoded result. Raises ``ResultError`` where the body cannot be read."""
        async with self._turn:
            if (
                self._module is None
            ):  # brings NumPy, whose import is long and gives way to the loop in a thread
                self._module = await asyncio.to_thread(import_module, "qrt_async.programs.results")
            steps = self._module.decode_in_pieces(program_id, body)
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    return end.value
                await asyncio.sleep(0)
