"""Who may ask the web example, what it takes from them, and what it lets browsers do with the answer."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.examples.site import Site
from tests.examples.somebody import somebody

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


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


async def test_a_form_that_is_too_large_is_not_read(common_site: Site) -> None:
    async with somebody(common_site) as ada:
        await ada.log_in()
        status, _, _ = await ada.post("/jobs", {"text": "x" * 1_000_000})
        assert status == 413


async def test_a_form_that_breaks_off_is_no_error_of_ours(site: Site) -> None:
    async with somebody(site) as ada:
        await ada.log_in()
        (await ada.begin("/jobs", {"circuit": "bell"})).break_off()
        _, page, _ = await ada.get("/")
        assert "No jobs yet" in page
    await asyncio.to_thread(site.stop)
    assert site.errors == ""


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
