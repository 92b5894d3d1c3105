"""The handle on a share: like one on a job of one's own, and without anything of the others."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput, NotSent, OverUsage, ServiceClosed, Unavailable
from qrt_async.integrations import asgi
from tests.coalesce.ground import open_ground, program, read
from tests.coalesce.test_recovery import interrupted, submitter
from tests.ground import BACKEND, ground
from tests.sweep.ground import Reads, inline

pytestmark = pytest.mark.virtual_clock


async def pair(one: qrt.Submitter, **how: Any) -> tuple[qrt.AsyncJob[Any], qrt.AsyncJob[Any]]:
    """Alice has one point, Bob three."""
    alice = one.submit(program(1), backend=BACKEND, tenant="alice", tags=["calibration"], share=True, **how)
    bob = one.submit(program(2, 3, 4), backend=BACKEND, tenant="bob", tags=["calibration"], share=True, **how)
    return await alice.job(), await bob.job()


async def test_nothing_of_the_others_is_seen_through_it(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, one):
        alice, bob = await pair(one)
        await bob.wait()
        for job, values in ((alice, [1]), (bob, [2, 3, 4])):
            raw = await job.raw_results()
            assert raw is not None
            assert raw.count(b'"samples"') == len(values)
            assert read(await job) == values
            assert job.tags == ("calibration",)
            record = await job.refresh()
            assert (record.params, record.tags) == (None, ("calibration",))
            assert job.record == record
            assert await job.logs() == ""
        whole = await here.service.job(alice.id).refresh()
        assert whole.tags is not None
        assert [tag for tag in whole.tags if "alice" in tag or "bob" in tag] == []


async def test_the_charge_is_divided_by_executions(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, one):
        alice, bob = await pair(one)
        await asyncio.gather(alice, bob)
        whole = (await here.service.job(alice.id).metrics()).charged
        assert whole is not None
        assert [(await job.metrics()).charged for job in (alice, bob)] == [0.25 * whole, 0.75 * whole]


async def test_what_a_search_cost_is_shared_by_those_who_were_in_its_jobs() -> None:
    async with open_ground(Reads(bad=[3])) as (here, one):
        submissions = [one.submit(program(n), backend=BACKEND, share=True) for n in range(4)]
        await asyncio.gather(*submissions, return_exceptions=True)
        charged = [(await (await submission.job()).metrics()).charged for submission in submissions]
        jobs = await here.jobs()
        assert len(jobs) == 3  # all; 0 and 1; 2, which passes, so it is 3
        assert charged == [1.5, 1.5, 2.5, 0.5]  # each job costs 2 s
        assert sum(value for value in charged if value) == 2.0 * len(jobs)


async def test_it_is_followed_like_any_other(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (_, one):
        alice, bob = await pair(one)
        ended: list[object] = []
        alice.add_done_callback(ended.append)
        updates = [update async for update in alice.updates()]
        assert {update.job_id for update in updates} == {alice.id}
        assert list(dict.fromkeys(update.status.value for update in updates)) == [
            "Queued",
            "Running",
            "Completed",
        ]
        assert [update.status for update in updates].count(qrt.JobStatus.COMPLETED) == 1
        assert await bob.wait() is qrt.JobStatus.COMPLETED
        assert (alice.done(), alice.exception()) == (True, None)
        assert ended == [alice]
        assert await alice is await alice


async def test_updates_do_not_end_with_a_job_that_is_searched(journal: Path | None) -> None:
    async with open_ground(Reads(bad=[3]), journal) as (_, one):
        submissions = [one.submit(program(n), backend=BACKEND, share=True) for n in range(4)]
        first = await submissions[2].job()
        before = first.id
        seen = [update.status.value async for update in first.updates()]
        assert seen[-1] == "Completed"
        assert "Failed" not in seen
        assert first.id != before
        last = await submissions[3].job()
        assert [update.status.value async for update in last.updates()][-1] == "Failed"
        error = last.exception()
        assert isinstance(error, qrt.JobFailed)


async def test_what_would_touch_the_others_is_refused() -> None:
    async with open_ground() as (here, one):
        alice, bob = await pair(one)
        await asyncio.gather(alice, bob)
        for touching in (
            alice.delete(),
            alice.add_tags("mine"),
            alice.replace_tags(),
            alice.remove_tags("a"),
        ):
            with pytest.raises(InvalidInput, match="shared with others"):
                await touching
        assert len(await here.jobs()) == 1
        assert read(await bob) == [2, 3, 4]


async def test_without_keeping_results_it_can_be_awaited_again() -> None:
    async with (
        ground(simulator=Reads(), keep_results=False) as here,  # type: ignore[arg-type] # as Sampled
        qrt.Submitter(here.service, coalesce=qrt.Coalesce()) as one,
    ):
        alice, bob = await pair(one)
        for _ in range(2):
            assert [read(await alice), read(await bob)] == [[1], [2, 3, 4]]


async def test_results_are_downloaded_once_for_all(journal: Path | None) -> None:
    async with open_ground(journal=journal) as (here, one):
        submissions = [one.submit(program(n), backend=BACKEND, share=True) for n in range(20)]
        assert [read(result) for result in await asyncio.gather(*submissions)] == [[n] for n in range(20)]
        assert (await here.requests())["GET /v1/jobs/{id}/results"] <= 2


async def test_dropped_handles_leave_nothing_behind() -> None:
    async with open_ground() as (_, one):
        submissions = [one.submit(program(n), backend=BACKEND, share=True) for n in range(3)]
        await asyncio.gather(*submissions)
        await asyncio.sleep(1)
        known = one._sharing.known
        submissions.clear()
        gc.collect()
        assert len(known) == 0


async def test_closing_the_service_ends_waits_in_our_words() -> None:
    async with open_ground() as (here, one):
        alice, _ = await pair(one)
        wait = asyncio.ensure_future(alice.result())
        await asyncio.sleep(1)
        await here.service.close()
        with pytest.raises(ServiceClosed):
            await wait
        with pytest.raises(ServiceClosed):
            await alice


# --- budgets ----------------------------------------------------------------------------------------------


async def test_a_budget_counts_the_job_of_several_once(journal: Path | None) -> None:
    budget = qrt.Budget(seconds=20.0, cost=10)
    async with open_ground(journal=journal, budget=budget) as (here, one):
        submissions = [one.submit(program(n), backend=BACKEND, share=True) for n in range(4)]
        await asyncio.gather(*submissions)
        assert len(await here.jobs()) == 1
        assert one._carrier._purse.spending is not None
        await asyncio.sleep(100)
        assert one._carrier._purse.spending.settled == 2.0


async def test_what_a_budget_will_never_cover_is_told_to_all() -> None:
    async with open_ground(budget=qrt.Budget(seconds=20.0, cost=10)) as (here, one):
        submissions = [one.submit(program(n), backend=BACKEND, cost=30, share=True) for n in range(3)]
        results = await asyncio.gather(*submissions, return_exceptions=True)
        assert all(isinstance(result, OverUsage) for result in results)
        assert await here.jobs() == []


# --- the journal ------------------------------------------------------------------------------------------


async def test_the_journal_says_which_job_and_which_slice(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with open_ground(journal=path) as (_, one):
        alice, bob = await pair(one)
        await asyncio.gather(alice, bob)
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT tenant, state, job, first, pubs, body, result IS NOT NULL FROM submissions WHERE shared = 'member'"
    ).fetchall()
    bundles = connection.execute("SELECT tenant, state, job, result FROM submissions WHERE shared = 'bundle'")
    assert rows == [
        ("alice", "ended", alice.id, 0, 1, None, 1),
        ("bob", "ended", bob.id, 1, 3, None, 1),
    ]
    assert bundles.fetchall() == [(None, "ended", alice.id, None)]
    connection.close()


async def test_a_submitter_that_shares_nothing_takes_up_shares_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with ground(simulator=Reads()) as here:  # type: ignore[arg-type] # as Sampled
        await interrupted(here, path, 3, 1.0)
        async with qrt.Submitter(here.service, journal=inline(path)) as second:
            recovery = await second.recover()
            assert [read(await submission) for submission in recovery.submissions] == [[0], [1], [2]]
        assert len(await here.jobs()) == 1


async def test_a_share_that_was_given_up_stays_given_up(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with ground(simulator=Reads()) as here:  # type: ignore[arg-type] # as Sampled
        async with submitter(here, path) as first:
            alice, bob = await pair(first)
            await alice.cancel()
        async with submitter(here, path) as second:
            recovery = await second.recover()
            results = await asyncio.gather(*recovery.submissions, return_exceptions=True)
        assert isinstance(results[0], qrt.JobCancelled)
        assert read(results[1]) == [2, 3, 4]
        assert bob.id == alice.id


async def test_those_that_wait_for_others_are_told_when_the_service_closes() -> None:
    async with open_ground() as (here, one):
        submissions = [one.submit(program(n), backend=BACKEND, share=True) for n in range(2)]
        await submissions[0].kept()
        await here.service.close()
        for submission in submissions:
            with pytest.raises((ServiceClosed, NotSent)):
                await submission


async def test_after_an_unclear_end_recovering_in_the_same_process_finds_the_job_of_all(
    tmp_path: Path,
) -> None:
    async with open_ground(journal=tmp_path / "runs.db", settle=0.0) as (here, one):
        await here.service.backends.list()
        await here.control("POST", "config", {"listing_lag": 30.0})
        await here.fault(method="POST", path="/v1/jobs", kind="cut", when="after")
        submissions = [one.submit(program(n), backend=BACKEND, share=True) for n in range(3)]
        results = await asyncio.gather(*submissions, return_exceptions=True)
        assert all(isinstance(result, Unavailable) for result in results)
        await here.peace()
        await asyncio.sleep(60)
        recovery = await one.recover()
        assert {submission.id for submission in recovery.submissions} == {one.id for one in submissions}
        found = await asyncio.gather(*recovery.submissions)
        assert sorted(read(result) for result in found) == [[0], [1], [2]]


async def test_what_is_over_is_found_again_without_holding_its_result() -> None:
    async with open_ground() as (_, one):
        submission = one.submit(program(1), backend=BACKEND, tenant="t", share=True)
        other = one.submit(program(2), backend=BACKEND, tenant="u", share=True)
        first, key = await submission, submission.id
        assert read(await other) == [2]
        del submission
        gc.collect()
        assert key not in one._sharing.known
        again = await (await one.tenant("t").find(key))
        assert again is not first
        assert read(again) == [1]


async def test_a_page_that_follows_a_share_is_told_its_own_end_and_nothing_of_the_others() -> None:
    async with open_ground(Reads(bad=[1])) as (_, one):
        submissions = [one.submit(program(n), backend=BACKEND, tenant=f"t{n}", share=True) for n in range(3)]
        streams = [asgi.events(submission) for submission in submissions]
        told = [b"".join(parts) for parts in await asyncio.gather(*(_read_all(stream) for stream in streams))]
        for n, text in enumerate(told):
            assert b"event: waiting" in text
            assert b"for others to share a job with" in text
            assert text.count(b"event: end") == 1
            assert (b'"Failed"' in text) is (n == 1)
            assert all(other.id.encode() not in text for at, other in enumerate(submissions) if at != n)
        await asyncio.gather(*submissions, return_exceptions=True)


async def _read_all(stream: asgi.EventStream) -> list[bytes]:
    return [frame async for frame in stream.frames()]
