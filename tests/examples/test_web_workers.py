"""Several processes of the web example, with one folder and one service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples.site import Emulated, Site
from tests.examples.somebody import somebody

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


async def test_any_worker_shows_what_another_one_sends(
    sites: Callable[..., Site], emulated: Emulated
) -> None:
    site = sites()
    site.start("--workers", "2")
    emulated.pause()
    async with somebody(site) as ada:
        await ada.log_in()
        job = await ada.submit(circuit="bell")
        sweep = await ada.submit(circuit="tilted", mode="sweep", points="4")
        for _ in range(6):  # a new connection each: whichever worker takes it
            async with somebody(site) as again:
                await again.log_in()
                for path in (job, sweep):
                    status, text, _ = await again.get(path)
                    assert status == 200
                    assert "badge" in text
                _, text, _ = await again.get("/")
                assert text.count("</tr>") == 3
        await emulated.has(2)
        emulated.go_on()
        await ada.until(job, "Outcomes of")
    assert len(emulated.control("GET", "jobs")) == 2


async def test_what_one_process_runs_is_cancelled_through_another(sites: Callable[..., Site]) -> None:
    here, there = sites(), sites()
    here.start()
    here.emulated.pause()
    async with somebody(here) as ada:
        await ada.log_in()
        job = await ada.submit(circuit="bell")
        sweep = await ada.submit(circuit="tilted", mode="sweep", points="4")
        await ada.hear(job, "event: job")
        there.start()
        async with somebody(there) as elsewhere:
            await elsewhere.log_in()
            for path in (sweep, job):
                status, _, _ = await elsewhere.post(f"{path}/cancel", {})
                assert status == 303
                await ada.until(path, 'class="badge cancelled"')
                _, text, _ = await elsewhere.get(path)
                assert 'class="badge cancelled"' in text
    statuses = [job["changes"][-1]["status"] for job in here.emulated.control("GET", "jobs")]
    assert statuses
    assert set(statuses) == {"Cancelled"}, "the sweep's may not have been sent yet"


async def test_several_workers_need_one_service(tmp_path: Path) -> None:
    site = Site(None, tmp_path)
    with pytest.raises(AssertionError, match="several workers need one service"):
        site.start("--workers", "2")
    site.stop()
