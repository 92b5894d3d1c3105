"""From a program to an accepted job: paced, and at most once."""

from __future__ import annotations

import asyncio

import pytest

import qrt_async as qrt
from qrt_async.errors import Conflict, InvalidInput, ServiceClosed, Unavailable
from qrt_async.events import Event, SubmissionUnclaimed
from tests.ground import BACKEND, QASM, ground

pytestmark = pytest.mark.virtual_clock
POST = "POST /v1/jobs"


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize("window", ["sliding", "fixed", "bucket"])
async def test_under_our_own_limit_the_service_never_refuses(window: str) -> None:
    async with ground(
        rate_limit=qrt.RateLimit(5), config={"rate_limit": (5, 60.0), "rate_window": window}
    ) as here:
        await asyncio.gather(*(here.run(watch=False) for _ in range(17)))
        assert now() == pytest.approx(3 * 60.25, abs=1)
        assert (await here.requests())[POST] == 17
        assert len(await here.jobs()) == 17


@pytest.mark.parametrize("says_when", [True, False])
async def test_a_refusal_for_speed_delays_and_never_fails(says_when: bool) -> None:
    async with ground(rate_limit=None, config={"rate_limit": (2, 30.0), "retry_after": says_when}) as here:
        await asyncio.gather(*(here.run(watch=False) for _ in range(5)))
        assert len(await here.jobs()) == 5


@pytest.mark.parametrize(
    "trouble",
    [
        {"kind": "status", "status": 500, "when": "after"},
        {"kind": "status", "status": 502, "body": "html", "when": "after"},
        {"kind": "cut", "when": "after"},
        {"kind": "truncate", "when": "after"},
        {"kind": "garble", "when": "after"},
    ],
)
@pytest.mark.parametrize("lag", [0.0, 5.0, 59.0])
async def test_a_job_whose_acceptance_was_not_heard_is_found_by_its_tag(
    trouble: dict[str, object], lag: float
) -> None:
    async with ground(config={"listing_lag": lag}) as here:
        await here.fault(method="POST", path="/v1/jobs", times=1, **trouble)
        job = await here.run("mine")
        (entry,) = await here.jobs()
        assert job.id == entry["id"]
        assert len(await job) == 1
        assert (await here.requests())[POST] == 1


async def test_a_submission_that_never_arrived_is_sent_again_once_that_is_proven() -> None:
    async with ground() as here:
        await here.fault(method="POST", path="/v1/jobs", kind="status", status=500, times=2)
        job = await here.run()
        assert now() == pytest.approx(2 * 120, abs=5)
        assert (await here.requests())[POST] == 3
        assert [entry["id"] for entry in await here.jobs()] == [job.id]


async def test_what_the_listing_does_not_answer_proves_nothing() -> None:
    async with ground() as here:
        await here.fault(method="POST", path="/v1/jobs", kind="cut", times=1)
        posting = asyncio.create_task(here.run())
        await asyncio.sleep(1)
        await here.fault(method="GET", path="/v1/jobs", kind="status", status=500)
        await asyncio.sleep(130)
        assert (await here.requests())[POST] == 1
        await here.peace()
        await posting
        assert (await here.requests())[POST] == 2
        assert len(await here.jobs()) == 1


async def test_a_submission_that_never_arrives_is_an_error_that_says_it_is_not_known() -> None:
    async with ground() as here:
        await here.fault(method="POST", path="/v1/jobs", kind="status", status=500)
        with pytest.raises(Unavailable) as caught:
            await here.run()
        assert (caught.value.submitted, caught.value.billed, caught.value.retry) == (
            "unknown",
            "unknown",
            "never",
        )
        assert (await here.requests())[POST] == 3
        assert await here.jobs() == []


async def test_a_refusal_for_a_reason_is_raised_at_once_and_was_not_submitted() -> None:
    async with ground(config={"usage_limit": 0.5}) as here:
        await (await here.run()).wait()
        with pytest.raises(Conflict) as caught:
            await here.run()
        assert (caught.value.submitted, caught.value.billed) == ("no", "no")
        assert len(await here.jobs()) == 1


async def test_cancelled_while_it_waits_for_its_turn_nothing_is_sent() -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here:
        await here.run(watch=False)
        waiting = asyncio.create_task(here.run())
        await asyncio.sleep(5)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(200)
        assert len(await here.jobs()) == 1
        assert here.service.unclaimed == []


async def test_cancelled_in_mid_flight_the_job_is_reported_and_kept(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Event] = []
    async with ground(observers=[heard.append]) as here:
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=3.0, when="after")
        waiting = asyncio.create_task(here.run("mine"))
        await asyncio.sleep(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert now() == pytest.approx(1, abs=0.1), "the waiter is cancelled at once"
        await asyncio.sleep(5)
        (entry,) = await here.jobs()
        (job,) = here.service.unclaimed
        assert job.id == entry["id"]
        assert [e.job_id for e in heard if isinstance(e, SubmissionUnclaimed)] == [job.id]
        assert any(job.id in r.getMessage() and r.levelname == "WARNING" for r in caplog.records)
        assert len(await job) == 1


async def test_closing_waits_for_a_submission_under_way() -> None:
    async with ground() as here:
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=3.0, when="after")
        waiting = asyncio.create_task(here.run())
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await here.service.close()
        assert [job.id for job in here.service.unclaimed] == [entry["id"] for entry in await here.jobs()]


@pytest.mark.parametrize("watch", [True, False])
async def test_a_job_that_is_accepted_while_the_service_closes_reaches_who_submitted_it(watch: bool) -> None:
    async with ground() as here:
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=3.0, when="after")
        submitting = asyncio.create_task(here.run(watch=watch))
        await asyncio.sleep(1)
        await here.service.close()
        job = await submitting
        assert [job.id] == [entry["id"] for entry in await here.jobs()]
        assert here.service.unclaimed == []
        with pytest.raises(ServiceClosed):
            await job


async def test_closing_tells_those_in_line_that_nothing_was_sent() -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here:
        await here.run(watch=False)
        waiting = [asyncio.create_task(here.run()) for _ in range(2)]
        await asyncio.sleep(5)
        await here.service.close()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(end) for end in ends] == [ServiceClosed] * 2
        assert [end.submitted for end in ends if isinstance(end, ServiceClosed)] == ["no"] * 2
        assert now() < 6
        assert len(await here.jobs()) == 1


async def test_closing_gives_up_on_a_submission_that_takes_too_long_and_says_so() -> None:
    async with ground() as here:
        await here.service.backends.list()
        await here.fault(method="POST", path="/v1/jobs", kind="delay", seconds=300.0, when="after")
        waiting = asyncio.create_task(here.run())
        await asyncio.sleep(1)
        await here.service.close()
        (end,) = await asyncio.gather(waiting, return_exceptions=True)
        assert isinstance(end, ServiceClosed)
        assert (end.submitted, end.billed) == ("unknown", "unknown")
        assert now() == pytest.approx(11, abs=0.5), "closing is bounded"


@pytest.mark.parametrize(
    "how",
    [
        {"tags": [f"t{n}" for n in range(8)]},
        {"tags": ["qrt:mine"]},
        {"tags": "text"},
        {"backend": ""},
        {"cost": -1},
        {"cost": True},
        {"log_level": "loud"},
        {"session_id": "x" * 37},
        {"calibration_id": "x" * 101},
    ],
)
async def test_bad_input_is_refused_before_anything_is_sent(how: dict[str, object]) -> None:
    async with ground() as here:
        with pytest.raises(InvalidInput) as caught:
            await here.service.run(qrt.Sampler([QASM]), **{"backend": BACKEND, **how})  # type: ignore[arg-type] # wrong on purpose
        assert (caught.value.submitted, caught.value.billed, caught.value.retry) == ("no", "no", "never")
        with pytest.raises(InvalidInput, match="takes a Sampler"):
            await here.service.run(QASM, backend=BACKEND)  # type: ignore[arg-type] # wrong on purpose
        assert await here.requests() == {}


async def test_every_field_of_a_submission_arrives() -> None:
    async with ground() as here:
        session = await here.service.sessions.create(BACKEND)
        job = await here.run(
            "mine", session_id=session.id, cost=120, log_level="debug", runtime="image:tag", private=True
        )
        record = await job.refresh()
        assert (record.session_id, record.cost, record.private) == (session.id, 120, True)
        assert record.runtime == "image:tag"
        assert job.session_id == session.id
