"""A private result whose read is cut, over real sockets: what arrived is never lost, and nobody reads twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import ResultError, ResultGone, ResultTooLong, Unreachable
from qrt_async.jobs.spool import Part
from tests.ground import Ground, Sampled, ground
from tests.hostile.scissors import Scissors, scissors

RESULTS = "GET /v1/jobs/{id}/results"
SAMPLES = ",".join(f'"{shot % 1024:#x}"' for shot in range(60_000))
BODY = f'{{"results":[{{"data":{{"c":{{"samples":[{SAMPLES}],"num_bits":10}}}}}}]}}'.encode()


@asynccontextmanager
async def cutting(spool: Path, **how: Any) -> AsyncIterator[tuple[Ground, Scissors, qrt.RuntimeService]]:
    config = {"queue_seconds": 0.0, "run_seconds": 0.0}
    async with (
        ground(simulator=Sampled(BODY), config=config) as here,
        scissors(here.emulator.url) as (proxy, url),
        qrt.RuntimeService(url=url, spool=spool, rate_limit=None, **how) as service,
    ):
        yield here, proxy, service


async def completed(here: Ground, service: qrt.RuntimeService) -> str:
    """A private job whose result nobody has read."""
    job = await here.run(private=True)
    await job.wait()
    assert (await service.job(job.id).wait()).final
    return job.id


@pytest.mark.parametrize("tenth", range(11))
async def test_cut_at_every_tenth(tenth: int, tmp_path: Path) -> None:
    async with cutting(tmp_path) as (here, proxy, service):
        job_id = await completed(here, service)
        proxy.after = len(BODY) * tenth // 10
        first, second = (asyncio.create_task(service.job(job_id).result()) for _ in range(2))
        outcomes = await asyncio.gather(first, second, return_exceptions=True)
        if tenth == 10:
            assert outcomes[0] is outcomes[1]
            assert await service.job(job_id).raw_results() == BODY
            return
        assert {type(outcome) for outcome in outcomes} == {ResultError if tenth else Unreachable}
        if tenth == 0:  # not one byte arrived: asking once more can do no harm, and tells that it is gone
            assert await service.job(job_id).raw_results() is None
            assert list(tmp_path.iterdir()) == []
            return
        (part,) = tmp_path.iterdir()
        assert part.read_bytes() == BODY[: proxy.after]
        assert str(part) in str(outcomes[0])
        with pytest.raises(ResultError, match="not read again"):
            await service.job(job_id).raw_results()
        assert (await here.requests())[RESULTS] == 1


async def test_what_arrives_while_the_disk_is_slow_is_kept_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cut comes while the first piece is written: the rest has arrived, and waits in aiohttp's buffer."""
    write = Part._add

    def slowly(part: Part, piece: bytes) -> None:
        time.sleep(0.2)
        write(part, piece)

    monkeypatch.setattr(Part, "_add", slowly)
    async with cutting(tmp_path) as (here, proxy, service):
        job_id = await completed(here, service)
        proxy.after = 50_000
        with pytest.raises(ResultError, match="cut after 50000 bytes"):
            await service.job(job_id)
        (part,) = tmp_path.iterdir()
        assert part.read_bytes() == BODY[:50_000]


async def test_a_connection_that_is_reset_leaves_what_arrived(tmp_path: Path) -> None:
    async with cutting(tmp_path) as (here, proxy, service):
        job_id = await completed(here, service)
        proxy.after, proxy.abruptly = 100_000, True
        with pytest.raises((ResultError, Unreachable)):
            await service.job(job_id)
        assert all(BODY.startswith(part.read_bytes()) for part in tmp_path.iterdir())
        with pytest.raises((ResultError, ResultGone)):
            await service.job(job_id)


async def test_a_waiter_that_is_cancelled_leaves_the_read_to_the_others(tmp_path: Path) -> None:
    async with cutting(tmp_path) as (here, _, service):
        job_id = await completed(here, service)
        first, second = (asyncio.create_task(service.job(job_id).result()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await second)[0].data.bits("c").num_shots == 60_000
        assert (await here.requests())[RESULTS] == 1


async def test_one_that_is_too_long_for_memory_is_whole_on_disk(tmp_path: Path) -> None:
    async with cutting(tmp_path, max_result=100_000) as (here, _, service):
        job_id = await completed(here, service)
        for _ in range(2):
            with pytest.raises(ResultTooLong, match="It is whole, in") as caught:
                await service.job(job_id)
        (kept,) = tmp_path.iterdir()
        assert kept.read_bytes() == BODY
        assert str(kept) in str(caught.value)
        async with qrt.RuntimeService(url=here.emulator.url, spool=tmp_path, rate_limit=None) as roomier:
            assert (await roomier.job(job_id))[0].data.bits("c").num_shots == 60_000
        assert (await here.requests())[RESULTS] == 1


async def test_one_that_is_too_long_for_memory_and_for_the_disk_leaves_what_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Part._add

    def until_full(part: Part, piece: bytes) -> None:
        part._failed = part._failed or part.arrived > 300_000
        write(part, piece)

    monkeypatch.setattr(Part, "_add", until_full)
    async with cutting(tmp_path, max_result=100_000) as (here, _, service):
        job_id = await completed(here, service)
        with pytest.raises(ResultError, match="cut by a full disk"):
            await service.job(job_id)
        (part,) = tmp_path.iterdir()
        assert BODY.startswith(part.read_bytes())
        assert part.stat().st_size > 100_000
        with pytest.raises(ResultError, match="not read again"):
            await service.job(job_id)


async def test_one_that_may_be_read_again_is_not_held_beyond_the_ceiling(tmp_path: Path) -> None:
    async with cutting(tmp_path, max_result=100_000) as (here, _, service):
        job = await here.run()
        await job.wait()
        with pytest.raises(ResultTooLong, match="max_result of RuntimeService"):
            await service.job(job.id)
        async with qrt.RuntimeService(url=here.emulator.url, rate_limit=None) as roomier:
            assert (await roomier.job(job.id))[0].data.bits("c").num_shots == 60_000
