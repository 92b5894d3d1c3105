"""The web example and those who come to it: one of many, one who errs, one who was sent by another site."""

from __future__ import annotations

import re

import pytest

from tests.examples.browser import Contexts, Page, expect, log_in, picture, submit
from tests.examples.site import Site

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(300)]


def test_another_tenant_sees_nothing_of_it(common_site: Site, contexts: Contexts) -> None:
    mine, other = contexts().new_page(), contexts().new_page()
    log_in(mine, common_site.url, "Owen")
    address = submit(mine, common_site.url)
    log_in(other, common_site.url, "Bob")
    expect(other.get_by_text("No jobs yet")).to_be_visible()
    reply = other.goto(address)
    assert reply is not None
    assert reply.status == 404
    expect(other.get_by_role("heading", name="Nothing here")).to_be_visible()
    picture(other, "not-found")
    events = other.request.get(f"{address}/events")
    assert events.status == 404


def test_a_mistake_is_shown_where_it_was_made(common_site: Site, page: Page) -> None:
    log_in(page, common_site.url, "Mia")
    page.get_by_role("radio", name="My own").check()
    page.get_by_label("OpenQASM 3", exact=True).fill("<b>no circuit</b>")
    page.get_by_label("Shots").fill("many")
    page.get_by_role("button", name="Run it").click()
    expect(page).to_have_title(re.compile("Mistakes"))
    shots = page.get_by_label("Shots")
    expect(shots).to_be_focused()
    expect(shots).to_have_accessible_description(re.compile("whole number from 1"))
    expect(shots).to_have_value("many")
    expect(page.get_by_label("OpenQASM 3", exact=True)).to_have_value("<b>no circuit</b>")
    picture(page, "mistakes")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.get_by_text("No jobs yet")).to_be_visible()


def test_another_site_cannot_send_our_forms(common_site: Site, contexts: Contexts) -> None:
    page = contexts().new_page()
    log_in(page, common_site.url, "Eve")
    evil = f"""<form method="post" action="{common_site.url}/jobs"><input name="circuit" value="bell"></form>
        <script>document.forms[0].submit()</script>"""
    page.route("http://evil.example/", lambda route: route.fulfill(body=evil, content_type="text/html"))
    page.goto("http://evil.example/")
    expect(page.get_by_role("heading", name="That did not come from here")).to_be_visible()
    log_in(page, common_site.url, "Eve")
    expect(page.get_by_text("No jobs yet")).to_be_visible()
