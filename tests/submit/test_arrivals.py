from __future__ import annotations

import msgspec
import pytest

from qrt_async.api.job_calls import NewJob
from qrt_async.api.models import CreatedJob
from qrt_async.events import Event, SubmissionUnclaimed
from qrt_async.submit.arrivals import Arrivals
from tests.ground import ground

pytestmark = pytest.mark.virtual_clock

NEW = NewJob(
    program_id="sampler",
    backend="asked",
    params=msgspec.Raw(b"{}"),
    tags=("a",),
    session_id="s",
    private=True,
)


async def test_a_handle_knows_what_was_asked_and_what_the_service_made_of_it() -> None:
    async with ground() as here:
        arrivals = Arrivals(here.service._desk, lambda event: None)
        job = arrivals.handle(arrivals.known(NEW, CreatedJob(id="d0", backend="given")))
        assert (job.id, job.backend, job.tags, job.session_id, job.private) == (
            "d0",
            "given",
            ("a",),
            "s",
            True,
        )
        assert arrivals.known(NEW, CreatedJob(id="d1")).backend == "asked"


async def test_what_nobody_waited_for_is_kept_and_told() -> None:
    told: list[Event] = []
    async with ground() as here:
        arrivals = Arrivals(here.service._desk, told.append)
        arrivals.left(NEW, CreatedJob(id="d0"), None)
        arrivals.left(NEW, None, ConnectionError("cut"))
        assert [job.id for job in arrivals.unclaimed] == ["d0"]
    assert told == [
        SubmissionUnclaimed(job_id="d0", backend="asked", error=None),
        SubmissionUnclaimed(job_id=None, backend="asked", error="ConnectionError: cut"),
    ]
