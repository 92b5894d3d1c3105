"""A bad one among those who share a job, and other ways in which it comes to nothing."""

from __future__ import annotations

import asyncio
import copyreg
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.coalesce.faults import copied, in_own_words, is_of_one, naming, pieces_of, places_of, unproven
from qrt_async.errors import (
    JobCancelled,
    JobFailed,
    JobRanTooLong,
    NotSent,
    Refused,
    ServiceClosed,
    Unavailable,
)
from tests.coalesce.ground import open_ground, program, read
from tests.ground import BACKEND
from tests.sweep.ground import Reads

clock = pytest.mark.virtual_clock


async def outcomes(submitter: qrt.Submitter, count: int, **how: Any) -> list[Any]:
    submissions = [submitter.submit(program(n), backend=BACKEND, share=True, **how) for n in range(count)]
    return await asyncio.gather(*submissions, return_exceptions=True)


def bad(results: list[Any]) -> list[int]:
    return [n for n, result in enumerate(results) if isinstance(result, Exception)]


@clock
@pytest.mark.parametrize("wrong", [0, 42, 99])
async def test_one_bad_program_among_a_hundred_costs_nobody_else_a_result(
    journal: Path | None, wrong: int
) -> None:
    async with open_ground(Reads(bad=[wrong]), journal) as (here, submitter):
        results = await outcomes(submitter, 100)
        assert bad(results) == [wrong]
        assert all(read(result) == [n] for n, result in enumerate(results) if n != wrong)
        assert isinstance(results[wrong], JobFailed)
        assert (results[wrong].reason_code, results[wrong].reason) == (1517, "it cannot be run")
        assert len(await here.jobs()) - 1 <= 8


@clock
async def test_a_reason_that_names_the_pub_saves_the_search(journal: Path | None) -> None:
    async with open_ground(Reads(bad=[42], names=True), journal) as (here, submitter):
        results = await outcomes(submitter, 100)
        assert bad(results) == [42]
        assert results[42].reason == "PUB 0, point 0 cannot be run"
        assert len(await here.jobs()) == 2


@clock
async def test_where_both_halves_fail_the_search_stops_and_tells_nobody_of_anothers_program() -> None:
    async with open_ground(Reads(bad=range(8))) as (here, submitter):
        results = await outcomes(submitter, 8)
        assert bad(results) == list(range(8))
        assert len(await here.jobs()) <= 1 + 4
        assert all("it cannot be run" not in str(result) for result in results[1:])


@clock
@pytest.mark.parametrize("code", [9999, 1305, 1217])
async def test_what_is_nobodys_program_is_not_searched_for(code: int, journal: Path | None) -> None:
    async with open_ground(Reads(bad=[1], code=code), journal) as (here, submitter):
        results = await outcomes(submitter, 4)
        assert bad(results) == [0, 1, 2, 3]
        kind = JobRanTooLong if code == 1305 else JobFailed
        assert all(type(result) is kind and result.reason_code == code for result in results)
        assert len({id(result) for result in results}) == 4
        assert len(await here.jobs()) == 1


@clock
async def test_a_job_cancelled_on_the_service_is_cancelled_for_all() -> None:
    async with open_ground() as (here, submitter):
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(3)]
        job = await submissions[0].job()
        await here.service.job(job.id).cancel()
        results = await asyncio.gather(*submissions, return_exceptions=True)
        assert all(isinstance(result, JobCancelled) for result in results)
        assert len(await here.jobs()) == 1


@clock
async def test_a_refused_post_is_searched_for_the_malformed_one(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="status", status=400, times=1)
        results = await outcomes(submitter, 4)
        # The service refused only the job of all: nobody is bad, and the last one is taken for it.
        assert bad(results) == [3]
        assert isinstance(results[3], Refused)
        assert [read(result) for result in results[:3]] == [[0], [1], [2]]


@clock
async def test_too_many_requests_delay_and_never_fail(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="status", status=429, times=2)
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(3)]
        await asyncio.sleep(3)
        submissions.append(submitter.submit(program(3), backend=BACKEND, share=True))
        assert submissions[0].withdraw() is True
        results = await asyncio.gather(*submissions, return_exceptions=True)
        assert bad(results) == [0]
        assert [read(result) for result in results[1:]] == [[1], [2], [3]]
        assert len(await here.jobs()) == 1


@clock
@pytest.mark.parametrize("when", ["before", "after"])
async def test_after_an_unclear_end_the_same_are_looked_for_and_sent(journal: Path | None, when: str) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="cut", when=when, times=1)
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(3)]
        await asyncio.sleep(5)
        late = submitter.submit(program(9), backend=BACKEND, share=True)
        assert [read(await submission) for submission in (*submissions, late)] == [[0], [1], [2], [9]]
        assert len(await here.jobs()) == 2


@clock
async def test_two_jobs_of_one_bundle_become_one_again(tmp_path: Path) -> None:
    async with open_ground(journal=tmp_path / "runs.db") as (here, submitter):
        await here.service.backends.list()
        await here.control("POST", "config", {"listing_lag": 200.0})
        await here.fault(method="POST", path="/v1/jobs", kind="cut", when="after", times=1)
        submissions = [
            submitter.submit(program(n), backend=BACKEND, tags=["emulate:queue=1000"], share=True)
            for n in range(2)
        ]
        await submissions[0].job()
        older, newer = [entry["id"] for entry in await here.jobs()]
        await asyncio.sleep(300)
        recovery = await submitter.recover()
        assert [(double.kept, double.job_id) for double in recovery.doubles] == [(older, newer)]
        assert [read(await submission) for submission in submissions] == [[0], [1]]
        assert (await submissions[0].job()).id == older


@clock
async def test_an_outage_before_the_backend_could_be_asked_delays_and_never_fails(
    journal: Path | None,
) -> None:
    async with open_ground(journal=journal) as (here, submitter):
        await here.fault(method="*", path="*", kind="status", status=503)
        submission = submitter.submit(program(1), backend=BACKEND, share=True)
        await asyncio.sleep(40)
        assert (submission.state, submission.why_waiting) == (
            "waiting",
            "its program is being checked and encoded",
        )
        await here.peace()
        assert read(await submission) == [1]


@clock
async def test_an_outage_while_it_is_sent_is_told_to_all(journal: Path | None) -> None:
    async with open_ground(journal=journal, settle=None) as (here, submitter):
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="cut")
        results = await outcomes(submitter, 2)
        assert all(isinstance(result, Unavailable) and result.submitted == "unknown" for result in results)
        assert len({id(result) for result in results}) == 2
        await here.peace()


@clock
async def test_a_search_that_nobody_wants_any_more_ends_with_the_job_that_is_out(
    journal: Path | None,
) -> None:
    async with open_ground(Reads(bad=[3]), journal) as (here, submitter):
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(4)]
        jobs = [await submission.job() for submission in submissions]
        await asyncio.sleep(20)  # the first job has failed, the first half is out to be tested
        assert [await job.cancel() for job in jobs] == [True] * 4
        results = await asyncio.gather(*submissions, return_exceptions=True)
        assert all(isinstance(result, JobCancelled) for result in results)
        await asyncio.sleep(100)
        assert [job["status"] for job in await here.jobs()] == ["Failed", "Cancelled"]


@clock
async def test_leaving_in_the_middle_of_a_search_leaves_nobody_waiting(journal: Path | None) -> None:
    async with open_ground(Reads(bad=[3]), journal) as (_, submitter):
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(4)]
        for submission in submissions:
            await submission.job()
        await asyncio.sleep(20)
        await submitter.__aexit__(None, None, None)
        results = await asyncio.gather(*submissions, return_exceptions=True)
        assert [read(result) for result in results[:2]] == [[0], [1]]
        assert all(isinstance(result, NotSent) for result in results[2:])


@clock
async def test_closing_in_the_middle_of_a_search_leaves_nobody_waiting(journal: Path | None) -> None:
    async with open_ground(Reads(bad=[3]), journal) as (here, submitter):
        submissions = [submitter.submit(program(n), backend=BACKEND, share=True) for n in range(4)]
        for submission in submissions:
            await submission.job()
        await asyncio.sleep(20)
        waits = [asyncio.ensure_future(submission.result()) for submission in submissions]
        await asyncio.sleep(0.1)
        await here.service.close()
        results = await asyncio.gather(*waits, return_exceptions=True)
        assert all(isinstance(result, ServiceClosed) for result in results)


# --- the rules --------------------------------------------------------------------------------------------


def test_whom_a_reason_means() -> None:
    pieces, spans = pieces_of([4, 7, 9]), [(0, 2), (2, 1), (3, 3)]
    error = JobFailed("…", reason="PUB 4, point 1 is no good", reason_code=1517)
    assert places_of(naming(spans)(pieces, error)) == [9]
    assert naming(spans)(pieces, JobFailed("…", reason="PUB 6 is no good")) == ()
    assert naming(spans)(pieces, JobFailed("…", reason="no good")) == ()


def test_each_is_told_of_its_own_pubs_by_its_own_numbers() -> None:
    error = JobFailed("Job a failed: PUB 4 and PUB 1", job_id="a", reason="PUB 4 and PUB 1", reason_code=1517)
    own = in_own_words(error, (3, 3))
    assert own.reason == "PUB 1 and PUB of another"
    assert (own.job_id, own.reason_code) == ("a", 1517)
    assert error.reason == "PUB 4 and PUB 1"
    assert "PUB" not in (unproven(error).reason or "")


def test_a_copy_knows_for_itself_whatever_libraries_teach_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    def sharing(error: JobFailed) -> tuple[Any, ...]:
        return JobFailed.__new__, (JobFailed, *error.args), error.__dict__

    monkeypatch.setitem(
        copyreg.dispatch_table, JobFailed, sharing
    )  # as ``distributed`` does when it is imported
    error = JobFailed("Job a failed: PUB 4", job_id="a", reason="PUB 4", reason_code=1517)
    one, other = copied(error), copied(error)
    assert type(one) is JobFailed
    assert (str(one), vars(one)) == (str(error), vars(error))
    one.reason = "mine"
    assert (error.reason, other.reason) == ("PUB 4", "PUB 4")


def test_only_what_one_can_be_to_blame_for_is_searched_for() -> None:
    def refused(status: int) -> Refused:
        return Refused("no", status=status)

    assert [is_of_one(refused(status)) for status in (400, 422, 413, 403)] == [True, True, False, False]
    codes = {1517: True, 1522: True, 1305: False, 1217: False, 9999: False, None: False}
    assert {code: is_of_one(JobFailed("…", reason_code=code)) for code in codes} == codes
    assert not is_of_one(JobCancelled("…", reason_code=1517))
