"""Something has changed: whoever waits looks again."""

from __future__ import annotations

import asyncio


class Bell:
    """Rings for all who wait at that moment."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def wait(self) -> None:
        """Until it rings. Being cancelled ends only this wait."""
        await self._event.wait()
