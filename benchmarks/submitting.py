"""How close do 10,000 submissions come to the rate the service allows, and is one of them ever refused?

Simulated time: the emulator is asked in memory, on a loop whose clock jumps. The server counts in a fixed window, a
sliding log or a bucket; it sees a request anywhere in its round trip, and the clocks drift apart by one in a thousand.
The goal is 5 submissions in each 60 s, margin and round trip.
"""

from __future__ import annotations

import asyncio
import random
from statistics import mean
from typing import Any

import msgspec

from qrt_async.emulator import EmulatorConfig
from qrt_async.emulator.memory import MemoryEmulator
from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.permits import ProcessPermits
from tests.ground import Sampled
from tests.virtual_time import VirtualLoop

from .race import Field
from .report import Column, Report, Row

COLUMNS = (
    Column("refused", "refused"),
    Column("hours", "hours", decimals=1),
    Column("possible", "hours at the goal", decimals=1),
    Column("share", "of the goal %", unit=0.01, decimals=2),
)
WINDOWS = ("fixed", "sliding", "bucket")
TRIPS = ((0.0, 0.0), (0.0, 1.0), (0.0, 5.0), (5.0, 5.0))
DRIFT = 1e-3
LIMIT = RateLimit(5)
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0:0::"
BODY = msgspec.json.encode({"program_id": "sampler", "backend": "ideal", "params": {"pubs": []}})


class Server:
    """The emulator behind a line: slow, and with a clock of its own."""

    def __init__(
        self, emulator: MemoryEmulator, key: str, draw: random.Random, trips: tuple[float, float]
    ) -> None:
        self._emulator = emulator
        self._headers = {"Authorization": f"apikey {key}", "Service-CRN": CRN}
        self._draw = draw
        self._trips = trips
        self.trips: list[float] = []
        self.refused = 0

    async def submit(self) -> None:
        trip = self._draw.uniform(*self._trips)
        there = self._draw.choice([0.0, self._draw.random(), 1.0]) * trip
        await asyncio.sleep(there)
        reply = await self._emulator.send("POST", "/api/v1/jobs", headers=self._headers, body=BODY)
        await asyncio.sleep(trip - there)
        self.trips.append(trip)
        assert reply.status in {200, 429}, reply.body
        self.refused += reply.status == 429


async def paced(window: str, trips: tuple[float, float], count: int, drift: float) -> dict[str, float | None]:
    """Submit them as soon as there is a permit; a drifting clock is a server whose period is another one."""
    config = EmulatorConfig(
        backends=("ideal",),
        rate_limit=(LIMIT.submissions, LIMIT.per * (1 + drift)),
        rate_window=window,  # type: ignore[arg-type] # one of the three
        queue_seconds=1.0,
        seed=1,
    )
    loop = asyncio.get_running_loop()
    async with MemoryEmulator(config, simulator=Sampled()) as emulator:
        server, permits = Server(emulator, "key", random.Random(window), trips), ProcessPermits(LIMIT)
        news = asyncio.Event()

        async def one() -> None:
            await server.submit()
            permits.give_back()
            news.set()

        async with asyncio.TaskGroup() as under_way:
            for _ in range(count):
                while (wait := await permits.take()) > 0:
                    news.clear()
                    await _either(news, wait)
                under_way.create_task(one())
        taken = loop.time()
    rounds = count / LIMIT.submissions - 1
    possible = rounds * (LIMIT.hold + mean(server.trips)) + mean(server.trips)
    return {
        "refused": server.refused,
        "hours": taken / 3600,
        "possible": possible / 3600,
        "share": possible / taken,
    }


async def _either(news: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(None if seconds == float("inf") else seconds):
            await news.wait()
    except TimeoutError:
        pass


def measure(count: int, drifts: tuple[float, ...]) -> list[Row]:
    """On loops of their own, whose time is simulated."""
    rows = []
    for window in WINDOWS:
        for trips in TRIPS:
            for drift in drifts:
                with asyncio.Runner(loop_factory=VirtualLoop) as runner:
                    measures = runner.run(paced(window, trips, count, drift))
                name = f"{window}, round trips {trips[0]:g} to {trips[1]:g} s, drift {drift:+g}"
                rows.append(Row(contender="ours", case=name, measures=measures))
    return rows


async def answer(field: Field, count: int = 10_000, drifts: tuple[float, ...] = (-DRIFT, DRIFT)) -> Report:
    """Every kind of server, every kind of line."""
    setting: dict[str, Any] = {"submissions": count, "limit": f"{LIMIT.submissions} per {LIMIT.per:g} s"}
    return Report(
        name="submitting",
        question="how close do submissions come to the rate the service allows, and is one ever refused?",
        setting=setting,
        columns=COLUMNS,
        rows=await asyncio.to_thread(measure, count, drifts),
        skipped={},
    )
