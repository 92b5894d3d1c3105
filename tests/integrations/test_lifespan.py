"""A service and a submitter from the start of an application to its end, which comes in time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import Unavailable
from qrt_async.events import Event, SubmissionsLeft
from qrt_async.integrations import asgi
from qrt_async.submit.journal import Journal
from qrt_async.submit.recovery import Recovery
from tests.ground import BACKEND, COUNTS, QASM, Ground, ground

pytestmark = pytest.mark.virtual_clock
SAMPLER = qrt.Sampler([QASM], shots=3)


def now() -> float:
    return asyncio.get_running_loop().time()


def lifespan(here: Ground, path: Path | None, kind: Any = qrt.Submitter, **how: Any) -> Any:
    observers = how.pop("observers", ())
    limit = how.pop("rate_limit", None)
    drain = how.pop("drain", 5.0)

    def open_service() -> qrt.RuntimeService:
        return qrt.RuntimeService(url=here.emulator.url, spool=False, rate_limit=limit, observers=observers)

    def open_submitter(service: qrt.RuntimeService) -> Any:
        journal = None if path is None else Journal(path, inline=True)
        return kind(service, journal=journal, **how)

    return asgi.lifespan(open_service, open_submitter, drain=drain)


async def test_it_yields_both_and_puts_them_where_litestar_looks() -> None:
    async with ground() as here:
        app = SimpleNamespace(state=SimpleNamespace())
        async with lifespan(here, None)(app) as state:
            assert set(state) == {"runtime", "submitter"}
            assert (app.state.runtime, app.state.submitter) == (state["runtime"], state["submitter"])
            result = await state["submitter"].submit(SAMPLER, backend=BACKEND)
            assert result[0].data.bits("meas").get_counts() == COUNTS
        assert await state["runtime"].trouble() == "It was closed."
        assert await state["submitter"].trouble() == "It was left."


async def test_without_a_submitter_there_is_the_service_alone() -> None:
    async with ground() as here:
        living = asgi.lifespan(lambda: qrt.RuntimeService(url=here.emulator.url, spool=False))
        async with living(object()) as state:
            assert set(state) == {"runtime"}
            assert await state["runtime"].backends.list()


async def test_what_an_earlier_process_left_behind_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    async with ground() as here:
        async with lifespan(here, path, rate_limit=qrt.RateLimit(1))(None) as state:
            submissions = [state["submitter"].tenant("a").submit(SAMPLER, backend=BACKEND) for _ in range(3)]
            await submissions[0].job()
            ended = now()
        assert now() - ended < 16
        assert len(await here.jobs()) == 1
        async with lifespan(here, path)(None) as state:
            await asyncio.sleep(200)  # the limit of a user is that of both
            records = await state["submitter"].tenant("a").list()
            assert [record.state for record in records] == ["ended"] * 3
            assert len(await here.jobs()) == 3


async def test_without_a_journal_what_is_lost_is_said_and_ending_takes_no_longer() -> None:
    heard: list[Event] = []
    async with ground() as here:
        async with lifespan(here, None, rate_limit=qrt.RateLimit(1), observers=[heard.append])(None) as state:
            for _ in range(3):
                state["submitter"].submit(SAMPLER, backend=BACKEND)
            await asyncio.sleep(1)
            ended = now()
        assert now() - ended < 16
    assert [event for event in heard if isinstance(event, SubmissionsLeft)] == [
        SubmissionsLeft(count=2, kept=False)
    ]


async def test_what_can_be_sent_in_time_is() -> None:
    async with ground() as here:
        async with lifespan(here, None)(None) as state:
            for _ in range(20):
                state["submitter"].submit(SAMPLER, backend=BACKEND)
        assert len(await here.jobs()) == 20


class Troubled(qrt.Submitter):
    """Cannot recover at first."""

    tried = 0
    answers = 3

    async def recover(self, **how: Any) -> Recovery:
        type(self).tried += 1
        if self.tried < self.answers:
            raise Unavailable("not now")
        return await super().recover(**how)


async def test_an_outage_delays_recovery_and_not_the_start(tmp_path: Path) -> None:
    class Kind(Troubled):
        tried = 0

    async with ground() as here, lifespan(here, tmp_path / "runs.db", Kind)(None) as state:
        assert now() < 6
        await state["submitter"].submit(SAMPLER, backend=BACKEND)
        await asyncio.sleep(120)
        assert Kind.tried == 3


async def test_an_application_that_crashes_is_not_held_up(tmp_path: Path) -> None:
    class Kind(Troubled):
        answers = 1000

    async with ground() as here:
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - leaving the block is what is tested
            async with lifespan(here, tmp_path / "runs.db", Kind)(None) as state:
                state["submitter"].submit(SAMPLER, backend=BACKEND)
                raise ZeroDivisionError
        assert now() < 30


async def test_a_mistake_while_recovering_is_not_silent(tmp_path: Path) -> None:
    class Kind(qrt.Submitter):
        async def recover(self, **how: Any) -> Recovery:
            raise ZeroDivisionError

    async with ground() as here:
        with pytest.raises(ZeroDivisionError):
            async with lifespan(here, tmp_path / "runs.db", Kind)(None):
                pass


async def test_each_worker_has_its_own(tmp_path: Path) -> None:
    async with ground() as here:
        living = lifespan(here, tmp_path / "runs.db")
        async with living(None) as one, living(None) as other:
            assert one["runtime"] is not other["runtime"]
            submission = one["submitter"].submit(SAMPLER, backend=BACKEND)
            await submission.kept()
            found = await other["submitter"].find(submission.id)
            assert (await found)[0].data.bits("meas").get_counts() == COUNTS
            assert len(await here.jobs()) == 1
