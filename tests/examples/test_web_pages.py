"""The web example over plain HTTP, as programs and forms meet it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.examples.site import BACKEND, CLOSED, TROUBLE, Emulated, Site

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

HTML = {"accept": "text/html,application/xhtml+xml"}


class Somebody:
    """One who has a cookie, reads tokens out of forms, and follows no redirect unasked."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self._token = ""

    async def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        return await self._ask("GET", path, None, headers)

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> tuple[int, str, Any]:
        return await self._ask("POST", path, {"token": self._token, **fields}, headers)

    async def log_in(self, name: str = "Ada") -> Somebody:
        await self.get("/login")
        status, _, headers = await self.post("/login", {"name": name})
        assert (status, headers["location"]) == (303, "/")
        await self.get("/")
        return self

    async def submit(self, **fields: str) -> str:
        """The path of the job's page."""
        status, text, headers = await self.post("/jobs", {"backend": BACKEND, **fields})
        assert status == 303, text
        path: str = headers["location"]
        return path

    async def until(self, path: str, words: str) -> str:
        """Hear what happens until the stream ends, and find the words on the page."""
        async with self.session.get(f"{path}/events", headers={"accept": "text/event-stream"}) as reply:
            assert reply.status == 200
            stream = (await reply.content.read()).decode()
        assert "event: end" in stream
        _, text, _ = await self.get(path)
        while words not in text and "data-events" in text:  # by its own word there is more to come
            _, text, _ = await self.get(path)
        assert words in text
        return stream

    async def hear(self, path: str, words: str) -> None:
        """Hear what happens until it is this."""
        async with self.session.get(f"{path}/events", headers={"accept": "text/event-stream"}) as reply:
            async for line in reply.content:
                if line.decode().strip() == words:
                    return
        raise AssertionError(f"the stream ended without {words!r}")

    async def _ask(self, method: str, path: str, form: Any, headers: dict[str, str]) -> tuple[int, str, Any]:
        asked = HTML | {name.replace("_", "-"): text for name, text in headers.items()}
        async with self.session.request(
            method, path, data=form, headers=asked, allow_redirects=False
        ) as reply:
            text = await reply.text()
            found = re.search(r'name="token" value="([^"]+)"', text)
            self._token = found[1] if found else self._token
            return reply.status, text, reply.headers


@asynccontextmanager
async def somebody(site: Site) -> AsyncIterator[Somebody]:
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with aiohttp.ClientSession(site.url, cookie_jar=jar) as session:
        yield Somebody(session)


async def test_a_page_is_nobodys_before_a_login(common_site: Site) -> None:
    async with somebody(common_site) as stranger:
        for path in ("/", "/jobs/x", "/events"):
            status, _, headers = await stranger.get(path)
            assert (status, headers["location"]) == (303, "/login")
            status, text, headers = await stranger.get(path, accept="application/json")
            assert (status, headers["content-type"]) == (401, "application/problem+json")
            assert '"title"' in text


async def test_every_answer_tells_browsers_to_run_and_load_nothing_else(common_site: Site) -> None:
    async with somebody(common_site) as ada:
        await ada.log_in()
        for path in ("/", "/login", "/nothing", "/static/live.js", "/healthz/", "/readyz/"):
            _, text, headers = await ada.get(path)
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            if path == "/":
                assert headers["cache-control"] == "no-store"
                assert not re.search(r"<script(?![^>]+src=)|<style| style=| on\w+=|https?://", text)


async def test_cookies_are_for_this_site_and_not_for_scripts(common_site: Site) -> None:
    async with somebody(common_site) as ada:
        _, _, headers = await ada.get("/login")
        assert "HttpOnly" in headers["set-cookie"]
        assert "SameSite=lax" in headers["set-cookie"]


async def test_a_form_without_its_token_does_nothing(common_site: Site) -> None:
    async with somebody(common_site) as ada, somebody(common_site) as bob:
        await ada.log_in()
        await bob.log_in("Bob")
        for token in ("", "x", bob._token, "ä"):
            status, text, _ = await ada.post("/jobs", {"circuit": "bell", "token": token})
            assert status == 403
            assert "Nothing was done" in text
        status, text, _ = await ada.post("/jobs", {"token": ""}, accept="application/json")
        assert '"status":403' in text
        _, page, _ = await ada.get("/")
        assert "No jobs yet" in page


async def test_a_form_of_another_site_does_nothing_even_with_its_token(common_site: Site) -> None:
    async with somebody(common_site) as ada:
        await ada.log_in()
        fields = {"circuit": "bell", "backend": "emulator_ideal"}
        for headers in ({"sec_fetch_site": "cross-site"}, {"origin": "http://evil.example"}):
            status, _, _ = await ada.post("/jobs", fields, **headers)
            assert status == 403
        status, _, _ = await ada.get("/", host="evil.example")
        assert status == 400
        _, page, _ = await ada.get("/")
        assert "No jobs yet" in page


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


async def test_a_form_that_is_too_large_is_not_read(common_site: Site) -> None:
    async with somebody(common_site) as ada:
        await ada.log_in()
        status, _, _ = await ada.post("/jobs", {"text": "x" * 1_000_000})
        assert status == 413


async def test_what_people_type_is_shown_as_text(common_site: Site) -> None:
    async with somebody(common_site) as ada:
        await ada.log_in("<script>alert(1)</script>")
        _, page, _ = await ada.post(
            "/jobs", {"circuit": "own", "text": "</textarea><script>", "shots": '"><b>'}
        )
        assert "<script>" not in page
        assert "&lt;/textarea&gt;&lt;script&gt;" in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert '"&gt;&lt;b&gt;' in page or "&#34;&gt;&lt;b&gt;" in page


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


async def test_several_workers_need_one_service(tmp_path: Path) -> None:
    site = Site(None, tmp_path)
    with pytest.raises(AssertionError, match="several workers need one service"):
        site.start("--workers", "2")
    site.stop()
