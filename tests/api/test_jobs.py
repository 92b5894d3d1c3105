from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from qrt_async.api import jobs
from qrt_async.api.job_calls import RemoteStorage, StoredObject
from qrt_async.api.jobs import Jobs
from qrt_async.api.payload import as_json
from qrt_async.api.pieces import PIECE
from qrt_async.api.status import JobStatus
from qrt_async.errors import Conflict, InvalidInput, NotFound, Throttled, TimedOut, Unavailable, Unreachable
from tests.api.script import Script, reply

GONE = NotFound("Job not found.", status=404)
BROKEN = Unavailable("oh", status=500)


def row(status: str = "Queued") -> dict[str, Any]:
    return {"id": "a", "state": {"status": status}}


async def test_create_sends_the_body_and_returns_the_id() -> None:
    script = Script({"id": "x", "backend": "b"})
    created = await Jobs(script).create("sampler", "b", {"pubs": []}, tags=["t"], parent_job_id="p")
    assert (created.id, created.backend) == ("x", "b")
    assert script.asked[0].body == b'{"program_id":"sampler","backend":"b","params":{"pubs":[]},"tags":["t"]}'
    assert ("Parent-Job-Id", "p") in script.asked[0].headers


async def test_create_passes_everything_on() -> None:
    stored = StoredObject(region="r", region_type="regional", bucket_crn="crn", object_name="o")
    more: dict[str, Any] = {
        "runtime": "rt:1",
        "log_level": "debug",
        "cost": 5,
        "session_id": "s",
        "calibration_id": "c",
        "private": True,
    }
    script = Script({"id": "x"})
    storage = RemoteStorage(job_params=stored, results=stored)
    await Jobs(script).create("executor", "b", b'{"ready": 1}', remote_storage=storage, **more)
    sent = json.loads(script.asked[0].body or b"")
    assert sent["params"] == {"ready": 1}
    assert {name: sent[name] for name in more} == more
    assert sent["remote_storage"]["results"]["object_name"] == "o"


@pytest.mark.parametrize("encoded", [True, False])
async def test_large_params_are_written_in_a_thread_and_arrive_whole(
    encoded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def seen(given: Any) -> Any:
        threads.append(threading.get_ident())
        return as_json(given)

    monkeypatch.setattr(jobs, "as_json", seen)
    params = {"text": "x" * PIECE, "numbers": list(range(PIECE))}
    script = Script({"id": "x"})
    await Jobs(script).create("p", "b", json.dumps(params).encode() if encoded else params, tags=["t"])
    sent = json.loads(script.asked[0].body or b"")
    assert sent == {"program_id": "p", "backend": "b", "params": params, "tags": ["t"]}
    assert threads != [threading.get_ident()]


async def test_create_refuses_params_that_are_no_json() -> None:
    script = Script()
    with pytest.raises(InvalidInput, match="NaN"):
        await Jobs(script).create("sampler", "b", {"x": float("nan")})
    assert script.asked == []


async def test_create_refuses_before_it_sends() -> None:
    script = Script()
    with pytest.raises(InvalidInput):
        await Jobs(script).create("sampler", "b", {}, tags=["t"] * 9)
    assert script.asked == []


FILTERS: dict[str, Any] = {
    "pending": True,
    "program": "sampler",
    "backend": "b",
    "created_after": datetime(2026, 1, 1, tzinfo=UTC),
    "created_before": datetime(2026, 1, 2, tzinfo=UTC),
    "sort": "ASC",
    "tags": ["x", "y"],
    "session_id": "s",
    "exclude_params": False,
}


async def test_list_and_iter_take_the_same_filters() -> None:
    page = {"jobs": [], "limit": 9, "offset": 0, "count": 0}
    script = Script(page, page)
    jobs = Jobs(script)
    assert (await jobs.list(limit=9, **FILTERS)).count == 0
    assert [found async for found in jobs.iter(page_size=9, **FILTERS)] == []
    listed, walked = script.said
    assert listed == walked
    assert listed == (
        "GET /jobs?limit=9&pending=true&program=sampler&backend=b&created_after=2026-01-01T00:00:00+00:00"
        "&created_before=2026-01-02T00:00:00+00:00&sort=ASC&tags=x&tags=y&session_id=s&exclude_params=false"
    )


def test_iter_refuses_a_wrong_filter_at_once() -> None:
    with pytest.raises(InvalidInput):
        Jobs(Script()).iter(tags="abc")


async def test_the_reads() -> None:
    script = Script(
        row("Running"), reply(b"line", kind="text/plain"), {"position_in_queue": 3}, reply(b"[NaN]")
    )
    jobs = Jobs(script)
    assert (await jobs.get("a")).state.status is JobStatus.RUNNING
    assert await jobs.logs("a") == "line"
    assert (await jobs.metrics("a")).position_in_queue == 3
    assert await jobs.results("a") == b"[NaN]"
    assert await jobs.results("a") is None
    await jobs.replace_tags("a", [])
    assert script.said == [
        "GET /jobs/a?exclude_params=false",
        "GET /jobs/a/logs",
        "GET /jobs/a/metrics",
        "GET /jobs/a/results",
        "GET /jobs/a/results",
        "PUT /jobs/a/tags",
    ]


async def test_a_change_that_works_is_one_request() -> None:
    script = Script()
    await Jobs(script).cancel("a", parent_job_id="p")
    await Jobs(script).delete("a")
    assert script.said == ["POST /jobs/a/cancel", "DELETE /jobs/a"]


UNCLEAR = [BROKEN, Unreachable("cut"), TimedOut("late")]


@pytest.mark.parametrize("error", UNCLEAR)
async def test_an_unclear_cancel_that_had_worked_is_a_success(error: Unavailable) -> None:
    script = Script(error, row("Cancelled"))
    await Jobs(script).cancel("a")
    assert script.said == ["POST /jobs/a/cancel", "GET /jobs/a?exclude_params=true"]


@pytest.mark.parametrize("error", UNCLEAR)
async def test_an_unclear_delete_that_had_worked_is_a_success(error: Unavailable) -> None:
    script = Script(error, GONE)
    await Jobs(script).delete("a")
    assert script.said == ["DELETE /jobs/a", "GET /jobs/a?exclude_params=true"]


@pytest.mark.parametrize(
    "answer", [row("Running"), row("Completed"), GONE, Unavailable("no news"), reply(b"?")]
)
async def test_an_unclear_cancel_that_cannot_be_shown_to_have_worked_keeps_its_error(answer: Any) -> None:
    with pytest.raises(Unavailable) as caught:
        await Jobs(Script(BROKEN, answer)).cancel("a")
    assert caught.value is BROKEN


@pytest.mark.parametrize("answer", [row("Completed"), Unavailable("no news")])
async def test_an_unclear_delete_of_what_is_still_there_keeps_its_error(answer: Any) -> None:
    with pytest.raises(Unavailable) as caught:
        await Jobs(Script(BROKEN, answer)).delete("a")
    assert caught.value is BROKEN


@pytest.mark.parametrize("error", [Conflict("final"), GONE, Throttled("slow")])
async def test_a_clear_no_is_passed_on_without_a_read(error: Exception) -> None:
    script = Script(error)
    with pytest.raises(type(error)):
        await Jobs(script).cancel("a")
    assert len(script.asked) == 1
