"""One of many users: their own submissions, and nothing of anybody else's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import qrt_async as qrt
from qrt_async.errors import InvalidInput, LineFull, UnknownSubmission
from qrt_async.submit.journal import Journal
from tests.ground import BACKEND, COUNTS, QASM, ground

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)


@pytest.fixture(params=["journal", "memory"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Journal | None:
    return Journal(tmp_path / "runs.db", inline=True) if request.param == "journal" else None


async def test_a_tenant_finds_lists_and_cancels_its_own_only(journal: Journal | None) -> None:
    async with ground() as here, qrt.Submitter(here.service, journal=journal) as submitter:
        alice, bob = submitter.tenant("alice"), submitter.tenant("bob")
        hers = [alice.submit(SAMPLER, backend=BACKEND, tags=[f"n{n}"]) for n in range(3)]
        his = bob.submit(SAMPLER, backend=BACKEND)
        nobodys = submitter.submit(SAMPLER, backend=BACKEND)
        await asyncio.gather(*(one.job() for one in [*hers, his, nobodys]))
        assert [record.id for record in await alice.list()] == [one.id for one in reversed(hers)]
        assert [record.id for record in await bob.list()] == [his.id]
        assert await submitter.tenant("carol").list() == []
        for foreign in (his, nobodys):
            with pytest.raises(UnknownSubmission):
                await alice.find(foreign.id)
            with pytest.raises(UnknownSubmission):
                await alice.cancel(foreign.id)
        assert await bob.cancel(his.id)
        assert (await alice.find(hers[0].id)).tenant == "alice"
        assert (await (await alice.find(hers[0].id)))[0].data.bits("meas").get_counts() == COUNTS
        with pytest.raises(qrt.JobCancelled):
            await his
        await nobodys


async def test_the_answer_about_anothers_is_the_one_about_none(journal: Journal | None) -> None:
    async with ground() as here, qrt.Submitter(here.service, journal=journal) as submitter:
        his = submitter.tenant("bob").submit(SAMPLER, backend=BACKEND)
        await his.job()
        alice, texts = submitter.tenant("alice"), []
        for key in (his.id, "f" * 20):
            with pytest.raises(UnknownSubmission) as caught:
                await alice.find(key)
            texts.append(str(caught.value).replace(key, "ID"))
        assert texts[0] == texts[1]


async def test_a_list_says_what_became_of_each(journal: Journal | None) -> None:
    async with (
        ground(rate_limit=qrt.RateLimit(2), config={"rate_limit": (2, 60.0)}) as here,
        qrt.Submitter(here.service, journal=journal) as submitter,
    ):
        alice = submitter.tenant("alice")
        done = alice.submit(SAMPLER, backend=BACKEND, tags=["first"])
        await done
        waiting = [alice.submit(SAMPLER, backend=BACKEND) for _ in range(3)]
        await asyncio.gather(*(one.kept() for one in waiting))
        await waiting[0].job()
        assert waiting[2].withdraw()
        await asyncio.sleep(1)
        withdrawn, held, accepted, first = await alice.list()
        assert (withdrawn.state, withdrawn.id) == ("withdrawn", waiting[2].id)
        assert (held.state, held.why_waiting) == ("waiting", waiting[1].why_waiting)
        assert held.why_waiting is not None
        assert (accepted.state, accepted.job_id) == ("accepted", (await waiting[0].job()).id)
        assert (first.state, first.job_id, first.tags) == ("ended", (await done.job()).id, ("first",))
        assert (first.detail, first.backend, first.program_id) == ("Completed", BACKEND, "sampler")
        assert [one.id for one in await alice.list(limit=2)] == [withdrawn.id, held.id]


async def test_iterating_goes_on_to_the_oldest_page_by_page(journal: Journal | None) -> None:
    async with ground() as here, qrt.Submitter(here.service, journal=journal) as submitter:
        alice = submitter.tenant("alice")
        ids = [alice.submit(SAMPLER, backend=BACKEND, isa="off").id for _ in range(230)]
        await asyncio.sleep(1)
        assert [record.id async for record in alice] == ids[::-1]


async def test_names_that_could_be_others_are_refused() -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        for wrong in ("", " alice", "ａlice", "a\u200blice", "x" * 62, None, 7):
            with pytest.raises(InvalidInput, match="tenant"):
                submitter.tenant(wrong)  # type: ignore[arg-type] # wrong on purpose


@pytest.mark.parametrize(
    "tag", ["qrt:x", "QRT:x", " qrt:x", "ｑｒｔ:x", "q\u200brt:x", "qrt\u00a0:x", "qrt：x"]
)
async def test_no_tag_of_a_user_can_pass_for_a_mark(tag: str) -> None:
    async with ground() as here, qrt.Submitter(here.service) as submitter:
        with pytest.raises(InvalidInput, match="reserved"):
            submitter.tenant("alice").submit(SAMPLER, backend=BACKEND, tags=[tag])


async def test_one_that_can_never_be_sent_is_known_to_whoever_asks(journal: Journal | None) -> None:
    async with (
        ground(max_payload=1000) as here,
        qrt.Submitter(here.service, journal=journal) as submitter,
    ):
        alice = submitter.tenant("alice")
        wrong = alice.submit(qrt.Sampler([QASM] * 100), backend=BACKEND)
        with pytest.raises(InvalidInput, match="max_payload"):
            await wrong.kept()
        found = await alice.find(wrong.id)
        assert found.state == "failed"
        with pytest.raises(InvalidInput, match="max_payload"):
            await found
        assert [record.state for record in await alice.list()] == ["failed"]
        assert await here.jobs() == []


async def test_a_tenant_may_have_no_more_waiting_than_its_share(journal: Journal | None) -> None:
    async with (
        ground(rate_limit=qrt.RateLimit(1), config={"rate_limit": (1, 60.0)}) as here,
        qrt.Submitter(here.service, journal=journal, max_waiting_per_tenant=3) as submitter,
    ):
        await submitter.tenant("bob").submit(SAMPLER, backend=BACKEND).job()
        alice = submitter.tenant("alice")
        hers = [alice.submit(SAMPLER, backend=BACKEND) for _ in range(3)]
        await asyncio.gather(*(one.kept() for one in hers))
        await asyncio.sleep(1)
        with pytest.raises(LineFull, match="'alice'") as caught:
            alice.submit(SAMPLER, backend=BACKEND)
        assert 50 < caught.value.retry_after <= 60.25
        submitter.tenant("bob").submit(SAMPLER, backend=BACKEND)
        submitter.submit(SAMPLER, backend=BACKEND)
        await asyncio.sleep(caught.value.retry_after + 1)
        alice.submit(SAMPLER, backend=BACKEND)
        assert [entry.state for entry in await alice.list()].count("waiting") == 3


@pytest.mark.parametrize("most", [0, 1.5, True])
async def test_a_share_of_none_is_refused(most: object) -> None:
    async with ground() as here:
        with pytest.raises(InvalidInput, match="max_waiting_per_tenant"):
            qrt.Submitter(here.service, max_waiting_per_tenant=most)  # type: ignore[arg-type] # wrong on purpose


async def test_many_programs_of_a_tenant_are_its_own(journal: Journal | None) -> None:
    async with ground() as here, qrt.Submitter(here.service, journal=journal) as submitter:
        alice = submitter.tenant("alice")
        ended = [one async for one in alice.map([SAMPLER] * 3, backend=BACKEND, ahead=2)]
        assert {one.tenant for one in ended} == {"alice"}
        assert {record.id for record in await alice.list()} == {one.id for one in ended}
        assert repr(alice) == "<Tenant 'alice'>"
        for wrong in (0, -1, 1.5):
            with pytest.raises(InvalidInput, match="limit"):
                await alice.list(limit=wrong)  # type: ignore[arg-type] # wrong on purpose
