"""One line, one bucket and the same gates for all that one user submits in a loop."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import ServiceClosed, Throttled
from qrt_async.events import Event, PermitAwaited
from qrt_async.transport.http import HttpTransport
from tests.ground import BACKEND, QASM, Ground, ground

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM])


def now() -> float:
    return asyncio.get_running_loop().time()


def another(here: Ground, **how: object) -> qrt.RuntimeService:
    return qrt.RuntimeService(url=here.emulator.url, spool=False, **{"rate_limit": qrt.RateLimit(5), **how})  # type: ignore[arg-type] # of many kinds


async def submit(service: qrt.RuntimeService, count: int) -> None:
    await asyncio.gather(*(service.run(SAMPLER, backend=BACKEND, watch=False) for _ in range(count)))


async def by_others(here: Ground, count: int) -> None:
    """Past every line and bucket, as another program would."""
    for _ in range(count):
        await here.service.jobs.create("sampler", BACKEND, {"pubs": []})


async def refusals(here: Ground) -> int:
    replies = (await here.control("GET", "stats"))["replies"]["POST /v1/jobs"]
    return int(replies.get("429", 0))


async def test_two_services_of_one_user_share_a_bucket() -> None:
    async with ground(rate_limit=qrt.RateLimit(5), config={"rate_limit": (5, 60.0)}) as here:
        async with another(here) as other:
            await asyncio.gather(submit(here.service, 6), submit(other, 6))
        assert now() == pytest.approx(2 * 60.25, abs=1)
        assert await refusals(here) == 0


async def test_users_do_not_share_one() -> None:
    async with ground(rate_limit=qrt.RateLimit(5), token="one") as here:
        async with another(here, token="two") as other:
            await asyncio.gather(submit(here.service, 5), submit(other, 5))
        assert now() < 1


async def test_of_two_limits_the_stricter_one_is_kept_to() -> None:
    async with ground(rate_limit=None) as here:
        await submit(here.service, 1)
        async with another(here, rate_limit=qrt.RateLimit(1, per=10.0)) as other:
            await submit(other, 2)
            await submit(here.service, 1)
        assert now() == pytest.approx(3 * 10.25, abs=1), "the job of before is found in the listing"


async def test_the_bucket_starts_with_what_recent_jobs_left_in_it() -> None:
    async with ground(config={"rate_limit": (5, 60.0)}) as here:
        await by_others(here, 3)
        async with another(here) as after:
            await submit(after, 4)
            assert now() == pytest.approx(60.25, abs=2), "two at once, two when the first come back"
        assert await refusals(here) == 0
        asked = (await here.requests())["GET /v1/jobs"]
        assert asked == 1, "one question, when the first permit is asked for"


async def test_a_clock_that_is_wrong_by_a_day_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(tz: tzinfo) -> datetime:
        return datetime.now(tz) + timedelta(days=1)

    async with ground(config={"rate_limit": (5, 60.0)}) as here:
        await by_others(here, 5)
        monkeypatch.setattr("qrt_async.submit.recent.datetime", SimpleNamespace(now=late))
        async with another(here) as after:
            await submit(after, 1)
        assert now() == pytest.approx(60.25, abs=2)
        assert await refusals(here) == 0


async def test_where_the_listing_cannot_be_read_refusals_are_met_instead() -> None:
    async with ground(config={"rate_limit": (5, 60.0)}, retry=qrt.RetryPolicy(tries=1)) as here:
        await by_others(here, 5)
        await here.fault(method="GET", path="/v1/jobs", kind="status", status=500)
        async with another(here, retry=qrt.RetryPolicy(tries=1)) as after:
            await submit(after, 2)
        assert len(await here.jobs()) == 7
        assert await refusals(here) >= 1


async def test_when_the_service_closes_whose_task_gave_turns_the_others_go_on() -> None:
    async with (
        ground(rate_limit=qrt.RateLimit(1)) as here,
        another(here, rate_limit=qrt.RateLimit(1)) as other,
    ):
        await submit(here.service, 1)
        first = asyncio.create_task(submit(here.service, 1))
        await asyncio.sleep(1)
        second = asyncio.create_task(submit(other, 1))
        await asyncio.sleep(1)
        await here.service.close()
        with pytest.raises(ServiceClosed):
            await first
        await second
        assert now() == pytest.approx(60.25, abs=1)
        assert len(await here.jobs()) == 2


async def test_who_is_cancelled_in_line_takes_no_turn() -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here:
        await submit(here.service, 1)
        waiting = [asyncio.create_task(submit(here.service, 1)) for _ in range(3)]
        await asyncio.sleep(1)
        waiting[0].cancel()
        await waiting[1]
        assert now() == pytest.approx(60.25, abs=1)
        asyncio.get_running_loop().call_at(now() + 60.25, waiting[2].cancel)
        await asyncio.gather(waiting[2], return_exceptions=True)
        await submit(here.service, 1)
        assert now() < 190


async def test_waiting_is_told_to_observers_with_its_reason() -> None:
    heard: list[Event] = []
    async with ground(rate_limit=qrt.RateLimit(1), observers=[heard.append]) as here:
        await submit(here.service, 2)
    (told,) = (event for event in heard if isinstance(event, PermitAwaited) and event.seconds > 1)
    assert told.why == "the rate limit of submissions"


@pytest.mark.parametrize("others", [0, 2])
async def test_the_cap_on_pending_jobs_delays_and_never_fails(others: int) -> None:
    async with ground(config={"pending_cap": 3, "queue_seconds": 40.0}) as here:
        async with another(here) as other:
            await submit(other, others)
        jobs = await asyncio.gather(*(here.run() for _ in range(9)))
        assert len({job.id for job in jobs}) == 9
        refused = (await here.control("GET", "stats"))["replies"]["POST /v1/jobs"].get("400", 0)
        assert refused <= 9 + others, "learnt once, not tried again and again"


async def test_another_sender_of_the_same_user_is_met_gracefully() -> None:
    async with ground(rate_limit=qrt.RateLimit(5), config={"rate_limit": (5, 60.0)}) as here:
        other = another(here, rate_limit=None)

        async def stranger() -> None:
            for _ in range(10):
                await asyncio.sleep(29)
                try:
                    await other.jobs.create("sampler", BACKEND, {"pubs": []})
                except qrt.errors.Throttled:
                    continue

        await asyncio.gather(stranger(), submit(here.service, 17))
        await other.close()
        ours = [entry for entry in await here.jobs() if entry["tags"]]
        assert len(ours) == 17
        assert now() < 600


async def test_what_an_approximate_counter_refuses_is_only_delayed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It weighs the last minute's count by what the sliding window still covers of it: who just kept to the limit is
    refused all the same."""
    before = this = 0
    minute, refused = 0.0, 0
    send = HttpTransport.send

    async def counted(self: HttpTransport, request: Any) -> Any:
        nonlocal before, this, minute, refused
        if not request.submits:
            return await send(self, request)
        at = now()
        if at >= minute + 60:
            before, this = (this if at < minute + 120 else 0), 0
            minute = 60 * (at // 60)
        if before * (1 - (at - minute) / 60) + this + 1 > 5:
            refused += 1
            raise Throttled("slow down", status=429, method="POST", path="/jobs")
        this += 1
        return await send(self, request)

    async with ground(rate_limit=qrt.RateLimit(5)) as here:
        monkeypatch.setattr(HttpTransport, "send", counted)
        await submit(here.service, 20)
        assert now() < 15 * 60
        assert len(await here.jobs()) == 20
        assert refused > 0


async def test_why_somebody_waits_for_the_cap_on_pending_jobs_is_said() -> None:
    async with (
        ground(config={"pending_cap": 2, "queue_seconds": 400.0}) as here,
        qrt.Submitter(here.service, leave="cancel_waiting") as submitter,
    ):
        *_, last = (submitter.submit(SAMPLER, backend=BACKEND) for _ in range(3))
        await asyncio.sleep(60)
        assert last.why_waiting == "the service allows 2 pending jobs, and no job has ended since"
        await last.job()
        assert now() > 400
