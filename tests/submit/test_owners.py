"""Who is alive that has a file open: told by a lock, whatever becomes of the lock's file."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import qrt_async as qrt
from qrt_async.errors import NotSent
from qrt_async.submit.journal import Journal
from qrt_async.submit.owners import is_alive, lock_of
from tests.coalesce.ground import program
from tests.ground import BACKEND, Ground, ground
from tests.submit.samples import POST, SAMPLER
from tests.sweep.ground import Reads

pytestmark = pytest.mark.virtual_clock

FORKING = """
import os, sys
from pathlib import Path
from qrt_async.submit.owners import is_alive, lock_of

file = Path(sys.argv[1])
lock = lock_of(file, "parent")
assert lock.take()
child = os.fork()
if child == 0:
    sys.exit(0)
os.waitpid(child, 0)
assert is_alive(file, "parent")
lock.drop()
assert not is_alive(file, "parent")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


def submitter(here: Ground, path: Path, **how: Any) -> qrt.Submitter:
    return qrt.Submitter(here.service, journal=Journal(path, inline=True), **how)


def test_one_who_has_dropped_the_lock_is_gone(path: Path) -> None:
    lock = lock_of(path, "one")
    assert lock.take()
    assert is_alive(path, "one")
    lock.drop()
    assert not is_alive(path, "one")
    assert list(path.parent.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_that_was_forked_and_ends_takes_no_lock_away(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING, str(path)], capture_output=True, timeout=50, check=False
    )
    assert done.stderr == b""


def clear_away(path: Path) -> None:
    """Somebody takes the locks for rubbish."""
    for lock in path.parent.glob("*.lock"):
        lock.unlink()


async def test_what_was_taken_over_from_one_who_is_alive_is_sent_once(path: Path) -> None:
    async with ground(rate_limit=qrt.RateLimit(1)) as here, submitter(here, path) as one:
        first, second = (one.submit(SAMPLER, backend=BACKEND) for _ in range(2))
        await first.job()
        await second.kept()
        clear_away(path)
        async with submitter(here, path) as other:
            taken = {found.id: found for found in (await other.recover()).submissions}[second.id]
            with pytest.raises(NotSent, match="another process"):
                await second
            await taken
        assert (await here.requests())[POST] == 2


@pytest.mark.parametrize("cost", [None, 5])
async def test_also_under_a_budget(path: Path, cost: int | None) -> None:
    budget = qrt.Budget(seconds=1000, cost=10)
    async with ground(rate_limit=qrt.RateLimit(1)) as here, submitter(here, path, budget=budget) as one:
        first, second = (one.submit(SAMPLER, backend=BACKEND, cost=cost) for _ in range(2))
        await first.job()
        await second.kept()
        clear_away(path)
        async with submitter(here, path, budget=budget) as other:
            taken = {found.id: found for found in (await other.recover()).submissions}[second.id]
            await asyncio.gather(taken, second, return_exceptions=True)
        assert (await here.requests())[POST] == 2


async def test_also_of_those_that_share_a_job(path: Path) -> None:
    patient = qrt.Coalesce(max_wait=100.0)
    async with (
        ground(simulator=Reads()) as here,  # type: ignore[arg-type] # as Sampled
        submitter(here, path, coalesce=patient) as one,
    ):
        shares = [one.submit(program(n), backend=BACKEND, share=True) for n in range(2)]
        for share in shares:
            await share.kept()
        clear_away(path)
        async with submitter(here, path, coalesce=patient) as other:
            taken = (await other.recover()).submissions
            await asyncio.gather(*taken, *shares, return_exceptions=True)
        assert (await here.requests())[POST] == 1
