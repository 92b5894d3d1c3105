"""What tests of the emulator have at hand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from qrt_async.emulator import Emulator
from tests.emulator.client import SHORT, Client
from tests.emulator.driver import Instant


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Emulator(SHORT, simulator=Instant()) as emulator, aiohttp.ClientSession() as session:
        yield Client(emulator.url, session)
