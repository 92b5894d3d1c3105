"""Jobs on the pages of the web example, over plain HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examples.site import BACKEND, CLOSED, TROUBLE, Site
from tests.examples.somebody import somebody

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


async def test_a_job_is_told_of_until_its_end_and_then_shown(site: Site) -> None:
    async with somebody(site) as ada:
        path = await (await ada.log_in()).submit(circuit="tilted", angle="3.14159265", shots="50")
        stream = await ada.until(path, "Outcomes of 50 shots")
        assert re.search(r"event: job\ndata: .*\"Queued\"", stream) or "Completed" in stream
        last = re.findall(r"^id: (.+)$", stream, re.MULTILINE)[-1]
        status, _, _ = await ada.get(f"{path}/events", last_event_id=last)
        assert status == 204, "there is nothing to come again for"
        _, text, _ = await ada.get(path)
        assert text.count("<code>11</code>") == 1
        assert "data-events" not in text


async def test_what_a_backend_cannot_run_is_said_in_the_form_and_not_sent(common_site: Site) -> None:
    async with somebody(common_site) as ada:
        await ada.log_in()
        text = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; cz $0, $99; c[0] = measure $0;'
        fields = {"circuit": "own", "text": text, "backend": "emulator_heron"}
        status, page, _ = await ada.post("/jobs", fields)
        assert status == 422
        assert 'id="form-mistake"' in page
        assert "cz" in page
        assert "No jobs yet" in page


async def test_a_full_line_says_when_to_come_again(sites: Callable[..., Site]) -> None:
    site = sites(max_waiting="1")
    site.emulated.close()
    site.start()
    async with somebody(site) as ada:
        await ada.log_in()
        await ada.submit(circuit="bell", backend=CLOSED)
        fields = {"circuit": "bell", "backend": BACKEND}
        status, text, headers = await ada.post("/jobs", fields)
        assert status == 503
        assert int(headers["retry-after"]) >= 1
        assert "Try again in" in text
        status, text, headers = await ada.post("/jobs", fields, accept="application/json")
        assert (status, headers["content-type"]) == (503, "application/problem+json")
        assert int(headers["retry-after"]) >= 1
        assert '"submitted":"no"' in text


async def test_a_job_is_cancelled_by_its_owner_only(site: Site) -> None:
    async with somebody(site) as ada, somebody(site) as bob:
        site.emulated.pause()
        path = await (await ada.log_in()).submit(circuit="bell")
        await bob.log_in("Bob")
        for answer in (
            await bob.get(path),
            await bob.post(f"{path}/cancel", {}),
            await bob.get(f"{path}/events"),
        ):
            assert answer[0] == 404
            assert "You have no such job" in answer[1]
        await ada.hear(path, "event: job")
        status, _, headers = await ada.post(f"{path}/cancel", {})
        assert (status, headers["location"]) == (303, path)
        await ada.until(path, "Cancelled")
    assert [job["changes"][-1]["status"] for job in site.emulated.control("GET", "jobs")] == ["Cancelled"]


async def test_probes_say_that_it_is_well(common_site: Site) -> None:
    async with somebody(common_site) as probe:
        for path in ("/healthz/", "/readyz/"):
            status, text, _ = await probe.get(path)
            assert (status, '"ok"' in text) == (200, True)


async def test_it_needs_no_account(tmp_path: Path) -> None:
    site = Site(None, tmp_path)
    site.start()
    try:
        async with somebody(site) as ada:
            path = await (await ada.log_in()).submit(circuit="ghz", shots="64")
            await ada.until(path, "Outcomes of 64 shots")
    finally:
        await asyncio.to_thread(site.stop)
    assert not TROUBLE.search(site.errors), site.errors
