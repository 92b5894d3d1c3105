"""The web example's processes end and begin: nothing is lost, nothing is sent twice, and who listens comes again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.examples.site import CLOSED, Site
from tests.examples.somebody import somebody

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


async def test_a_kill_loses_nothing_that_was_accepted_nor_what_waits(site: Site) -> None:
    site.emulated.close()
    async with somebody(site) as ada:
        await ada.log_in()
        accepted = [await ada.submit(circuit="bell", shots=str(10 + n)) for n in range(4)]
        waiting = await ada.submit(circuit="bell", backend=CLOSED)
        for path in accepted:
            await ada.hear(path, "event: job")
        site.kill()
        site.start()
        for path in accepted:
            await ada.until(path, "Outcomes of")
        await ada.hear(waiting, "event: waiting")
        _, page, _ = await ada.get("/")
        assert page.count("</tr>") == 1 + 5
        assert page.count("In line") == 1
    assert len(site.emulated.control("GET", "jobs")) == 4


async def test_a_sweep_goes_on_after_a_kill_and_a_cancelled_one_does_not(site: Site) -> None:
    sweep = {"circuit": "tilted", "mode": "sweep", "points": "5", "shots": "20"}
    async with somebody(site) as ada:
        site.emulated.pause()
        await ada.log_in()
        going = await ada.submit(**sweep)
        await site.emulated.has(1)  # killed while it sends the job, the next one looks for it for two minutes
        given_up = await ada.submit(**sweep)
        status, _, _ = await ada.post(f"{given_up}/cancel", {})
        assert status == 303
        site.kill()
        site.emulated.go_on()
        site.start()
        await ada.until(going, "5 of 5 points done")
        _, text, _ = await ada.get(given_up)
        assert 'class="badge cancelled"' in text
        assert "data-events" not in text
    ends = [job["changes"][-1]["status"] for job in site.emulated.control("GET", "jobs")]
    assert ends in (["Completed"], ["Completed", "Cancelled"]), "the second may not have been sent"


async def test_a_server_that_stops_ends_its_streams_as_if_they_were_whole(site: Site) -> None:
    site.emulated.pause()
    async with somebody(site) as ada:
        path = await (await ada.log_in()).submit(circuit="bell")
        for stream in (f"{path}/events", "/events"):
            async with ada.session.get(stream) as reply:
                async for line in reply.content:
                    if line.startswith((b"event: job", b"event: change")):
                        break
                await asyncio.to_thread(site.stop)
                assert b"event: end" not in await reply.content.read()
            site.start()


async def test_a_form_on_its_way_is_heard_to_its_end_before_the_server_stops(site: Site) -> None:
    site.emulated.pause()
    async with somebody(site) as ada:
        await ada.log_in()
        begun = await ada.begin("/jobs", {"circuit": "bell"})
        async with ada.session.get("/events") as stream:
            await stream.content.readuntil(b"event: change")
            site.tell()
            await stream.content.read()  # it has heard that it is to stop
            assert await begun.end() == 303
        await asyncio.to_thread(site.ended)
        site.start()
        _, page, _ = await ada.get("/")
        assert page.count("</tr>") == 1 + 1


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_server_that_is_told_twice_waits_for_no_form(
    sites: Callable[..., Site], workers: str
) -> None:
    site = sites()
    site.start("--grace", "3600", "--workers", workers)
    async with somebody(site) as ada:
        await ada.log_in()
        begun = await ada.begin("/jobs", {"circuit": "bell"})
        async with ada.session.get("/events") as stream:
            await stream.content.readuntil(b"event: change")
            site.tell()
            await stream.content.read()
        await asyncio.to_thread(site.stop)
        assert await begun.answer() == b""
