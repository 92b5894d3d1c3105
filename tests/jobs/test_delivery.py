"""Results of private jobs: read once ever, kept on disk before anything else."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from qrt_async.errors import ResultError, ResultGone, ServiceClosed, Unreachable
from qrt_async.jobs.spool import Spool
from tests.ground import BODY, Sampled, ground

pytestmark = pytest.mark.virtual_clock
RESULTS = "GET /v1/jobs/{id}/results"


async def test_a_private_result_is_on_disk_and_owned_before_it_is_decoded(tmp_path: Path) -> None:
    async with ground(spool=tmp_path) as here:
        job = await here.run(private=True)
        assert job.private is True
        await job
        (kept,) = tmp_path.iterdir()
        assert kept.read_bytes() == BODY
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert await job.raw_results() == BODY
        assert (await here.requests())[RESULTS] == 1


async def test_it_is_read_once_whoever_and_however_many_ask(tmp_path: Path) -> None:
    async with ground(spool=tmp_path, keep_results=False) as here:
        job = await here.run(private=True)
        await job.wait()
        await asyncio.gather(*(job.result() for _ in range(5)), job.raw_results())
        assert len(await job) == 1
        assert (await here.requests())[RESULTS] == 1


async def test_another_process_finds_it_in_the_spool(tmp_path: Path) -> None:
    async with ground(spool=tmp_path) as here:
        job = await here.run(private=True)
        await job
        assert await Spool(tmp_path).load(job.id) == BODY
        assert await Spool(tmp_path).load("another") is None


@pytest.mark.parametrize("kind", ["truncate", "cut"])
async def test_what_arrived_before_a_cut_is_kept_and_nobody_reads_twice(kind: str, tmp_path: Path) -> None:
    async with ground(spool=tmp_path) as here:
        job = await here.run(private=True)
        await job.wait()
        await here.fault(kind=kind, path="/v1/jobs/{id}/results", when="after", times=1)
        with pytest.raises(ResultError if kind == "truncate" else Unreachable) as caught:
            await job
        if kind == "truncate":
            (part,) = tmp_path.iterdir()
            assert stat.S_IMODE(part.stat().st_mode) == 0o600
            assert part.read_bytes() == BODY[: len(BODY) // 2]
            assert str(part) in str(caught.value)
            with pytest.raises(ResultError, match="not read again"):
                await here.service.job(job.id).result()
            assert (await here.requests())[RESULTS] == 1
        else:  # not one byte arrived: asking once more can do no harm, and tells that it is gone
            with pytest.raises(ResultGone):
                await job
            assert list(tmp_path.iterdir()) == []


async def test_a_handle_that_does_not_know_asks_first(tmp_path: Path) -> None:
    async with ground(spool=tmp_path) as here:
        job_id = (await here.run(private=True, watch=False)).id
        await asyncio.sleep(20)
        stranger = here.service.job(job_id)
        assert stranger.private is None
        assert await stranger.raw_results() == BODY
        assert stranger.private is True
        assert len(list(tmp_path.iterdir())) == 1


async def test_a_result_that_somebody_else_read_is_gone(tmp_path: Path) -> None:
    async with ground(spool=tmp_path) as here:
        job = await here.run(private=True)
        await job.wait()
        assert await here.service.jobs.results(job.id) == BODY
        with pytest.raises(ResultGone, match="read before"):
            await job


async def test_where_it_cannot_be_kept_it_is_not_read(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a folder cannot be here")
    async with ground(spool=blocked) as here:
        job = await here.run(private=True)
        with pytest.raises(ResultError, match="not read"):
            await job
        assert RESULTS not in await here.requests()


async def test_without_a_spool_the_first_read_is_the_only_one() -> None:
    async with ground(spool=False, keep_results=False) as here:
        job = await here.run(private=True)
        assert len(await job) == 1
        with pytest.raises(ResultGone):
            await job


async def test_cancelling_the_waiter_does_not_cancel_the_read(tmp_path: Path) -> None:
    async with ground(spool=tmp_path) as here:
        job = await here.run(private=True)
        await job.wait()
        await here.fault(kind="slow", path="/v1/jobs/{id}/results", seconds=5.0)
        reading = asyncio.create_task(job.result())
        await asyncio.sleep(1)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await asyncio.sleep(10)
        assert [kept.read_bytes() for kept in tmp_path.iterdir()] == [BODY]


async def test_closing_the_service_waits_for_a_read_that_is_under_way(tmp_path: Path) -> None:
    async with ground(spool=tmp_path) as here:
        job = await here.run(private=True)
        await job.wait()
        await here.fault(kind="slow", path="/v1/jobs/{id}/results", seconds=5.0)
        reading = asyncio.create_task(job.result())
        await asyncio.sleep(1)
        await here.service.close()
        await asyncio.gather(reading, return_exceptions=True)
        assert [kept.read_bytes() for kept in tmp_path.iterdir()] == [BODY]


async def test_a_read_that_closing_ends_leaves_what_arrived_and_does_not_hold_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    sync = os.fsync

    def seen(descriptor: int) -> None:
        threads.append(threading.get_ident())
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", seen)
    async with ground(spool=tmp_path) as here:
        job = await here.run(private=True)
        await job.wait()
        await here.fault(kind="slow", path="/v1/jobs/{id}/results", seconds=60.0)
        reading = asyncio.create_task(job.result())
        await asyncio.sleep(1)
        await here.service.close()
        with pytest.raises(ServiceClosed):
            await reading
    (part,) = tmp_path.iterdir()
    assert part.suffix == ".part"
    assert 0 < part.stat().st_size < len(BODY)
    assert BODY.startswith(part.read_bytes())
    assert threads
    assert threading.get_ident() not in threads


async def test_a_result_that_comes_late_is_waited_for() -> None:
    async with ground() as here:
        job = await here.run()
        await job.wait()
        await here.fault(kind="status", path="/v1/jobs/{id}/results", status=404, code="not_found", times=1)
        with pytest.raises(Exception, match="404"):
            await job
        assert len(await job) == 1


async def test_a_private_result_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    async with ground(spool=tmp_path) as here:
        job = await here.run(private=True)
        await job.wait()
        call, refused = here.service._desk._ask, 2  # what the service answers while it has nothing yet

        async def late(question: Any) -> Any:
            nonlocal refused
            if question.request.template.endswith("/results") and refused:
                refused -= 1
                return None
            return await call(question)

        job._delivery._ask = late
        assert len(await job) == 1
        assert [kept.suffix for kept in tmp_path.iterdir()] == [".result"]


@pytest.mark.parametrize("spool", [True, False])
async def test_what_cannot_be_decoded_is_still_there_as_bytes(spool: bool, tmp_path: Path) -> None:
    broken = BODY[:-9]
    async with ground(spool=tmp_path if spool else False, simulator=Sampled(broken)) as here:
        job = await here.run(private=True)
        for _ in range(2):
            with pytest.raises(ResultError, match=r"is no JSON.*await job\.raw_results\(\)"):
                await job
            assert await job.raw_results() == broken
        assert (await here.requests())[RESULTS] == 1


async def test_without_a_spool_who_takes_the_bytes_first_can_still_have_the_result() -> None:
    async with ground(spool=False) as here:
        job = await here.run(private=True)
        await job.wait()
        assert await job.raw_results() == BODY
        assert len(await job) == 1
        assert (await here.requests())[RESULTS] == 1


async def test_without_a_spool_what_was_read_while_the_service_closed_is_still_there_as_bytes() -> None:
    async with ground(spool=False) as here:
        job = await here.run(private=True)
        await job.wait()
        await here.fault(kind="slow", path="/v1/jobs/{id}/results", seconds=5.0)
        reading = asyncio.create_task(job.result())
        await asyncio.sleep(1)
        await here.service.close()
        with pytest.raises(ServiceClosed):
            await reading
        assert await job.raw_results() == BODY


async def test_a_disk_that_fails_meanwhile_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with ground(spool=tmp_path, keep_results=False) as here:
        job = await here.run(private=True)
        await job.wait()
        monkeypatch.setattr(os, "fsync", _full_disk)
        for _ in range(2):
            assert len(await job) == 1
        assert await job.raw_results() == BODY
        assert (await here.requests())[RESULTS] == 1
        assert [kept.suffix for kept in tmp_path.iterdir()] == [".part"]


def _full_disk(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_two_processes_that_ask_at_once_do_not_spoil_each_others_file(tmp_path: Path) -> None:
    async with ground(spool=tmp_path) as here:
        job = await here.run(private=True)
        await job.wait()
        ours, theirs = await Spool(tmp_path).begin(job.id), await Spool(tmp_path).begin(job.id)
        await ours.add(BODY)
        await theirs.leave()  # the service had nothing for the second
        assert await ours.finish()
        assert await job.raw_results() == BODY
        assert RESULTS not in await here.requests()


async def test_a_decoder_of_the_users_reads_the_results_of_its_program() -> None:
    async with ground() as here:
        here.service.decoders["sampler"] = len
        found: Any = await (await here.run())
        assert found == len(BODY)


async def test_a_decoder_of_the_users_that_fails_is_named_and_loses_nothing() -> None:
    def wrong(body: bytes) -> None:
        raise KeyError("results")

    async with ground() as here:
        here.service.decoders["sampler"] = wrong
        job = await here.run()
        with pytest.raises(
            ResultError, match=r"given for 'sampler' failed: KeyError: 'results'.*raw_results"
        ):
            await job
        assert await job.raw_results() == BODY
