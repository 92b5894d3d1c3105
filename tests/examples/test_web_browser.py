"""The web example as its users see it: pages that change by themselves, from the form to the result."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.examples.browser import Contexts, Page, expect, log_in, picture, state, submit
from tests.examples.site import Site

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_job_is_followed_to_its_histogram_without_loading_again(site: Site, page: Page) -> None:
    site.emulated.pause()
    log_in(page, site.url, "Ada")
    picture(page, "empty")
    submit(page, site.url)
    page.evaluate("window.sameDocument = true")
    expect(state(page)).to_have_text("Queued")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    site.emulated.go_on()
    expect(state(page)).to_have_text("Done")
    rows = page.locator(".histogram tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first.get_by_role("rowheader")).to_have_text("00")
    shots = [int(cell) for cell in page.locator(".histogram tbody .number").all_inner_texts()]
    assert sum(shots) == 1000
    assert min(shots) > 400
    expect(page.get_by_role("status")).to_have_text("Bell pair: Done")
    expect(page.get_by_role("button", name="Cancel this job")).to_have_count(0)
    assert page.evaluate("window.sameDocument"), "the page was loaded again"
    picture(page, "done")


def test_the_table_changes_by_itself(site: Site, contexts: Contexts) -> None:
    site.emulated.pause()
    context = contexts()
    table, other = context.new_page(), context.new_page()
    log_in(table, site.url, "Ada")
    expect(table.get_by_text("No jobs yet")).to_be_visible()
    submit(other, site.url, "GHZ state")
    row = table.get_by_role("row", name="GHZ state")
    expect(row).to_contain_text("Queued")
    row.get_by_role("link").focus()
    site.emulated.go_on()
    expect(row).to_contain_text("Done")
    expect(row.get_by_role("link")).to_be_focused()
    picture(table, "table")


def test_a_job_says_when_it_may_start_and_is_cancelled(site: Site, page: Page) -> None:
    site.emulated.control("POST", "config", {"queue_seconds": 110.0, "jitter": 0.0})
    log_in(page, site.url, "Ada")
    submit(page, site.url)
    expect(state(page)).to_have_text("Queued")
    facts = page.locator(".facts")
    expect(facts).to_contain_text(re.compile(r"Position in queue\s*next"))
    expect(facts).to_contain_text(re.compile(r"Estimated start\s*in \d{1,3} s \d\d:\d\d UTC"))
    picture(page, "queued")
    page.get_by_role("button", name="Cancel this job").click()
    expect(state(page)).to_have_text("Cancelled")
    picture(page, "cancelled")
    [job] = site.emulated.control("GET", "jobs")
    assert job["changes"][-1]["status"].startswith("Cancelled")


def test_what_was_refused_for_speed_waits_in_line_and_may_be_taken_back(site: Site, page: Page) -> None:
    too_fast = {"kind": "status", "status": 429, "method": "POST", "path": "/v1/jobs", "retry_after": 110}
    site.emulated.control("POST", "faults", [too_fast])
    log_in(page, site.url, "Ada")
    submit(page, site.url)
    expect(state(page)).to_have_text("In line")
    seconds = page.locator("#state [data-countdown]")
    expect(seconds).to_have_text(re.compile(r"^[0-9]+ s$"))
    before = seconds.inner_text()
    expect(seconds).not_to_have_text(before)
    assert int(seconds.inner_text().split()[0]) < int(before.split()[0])
    picture(page, "in-line")
    address = page.url
    page.goto(site.url)
    expect(page.get_by_text("1 in line.")).to_be_visible()
    picture(page, "permit")
    page.goto(address)
    page.get_by_role("button", name="Cancel this job").click()
    expect(state(page)).to_have_text("Cancelled")
    assert site.emulated.control("GET", "jobs") == []


def test_a_sweep_becomes_a_curve(site: Site, page: Page) -> None:
    site.emulated.pause()
    log_in(page, site.url, "Ada")
    page.get_by_role("radio", name="Tilted pair").check()
    page.get_by_role("radio", name="Sweep").check()
    expect(page.get_by_label("Angle in radians")).to_be_hidden()
    page.get_by_label("Points").fill("9")
    picture(page, "sweep-form")
    page.get_by_role("button", name="Run it").click()
    expect(page.get_by_text("0 of 9 points done")).to_be_visible()
    expect(state(page)).to_have_text("Running")
    picture(page, "sweep-running")
    site.emulated.go_on()
    expect(page.get_by_text("9 of 9 points done")).to_be_visible()
    page.get_by_text("The same as a table").click()
    shares = [float(text.split()[0]) for text in page.locator(".points .number").all_inner_texts()[1:]]
    assert len(shares) == 9
    assert shares[0] == shares[8] == 0
    assert shares[4] == 100
    assert 40 < shares[2] < 60
    picture(page, "sweep-done")
    page.goto(site.url)
    expect(page.get_by_role("row", name="Sweep of 9 points")).to_contain_text("Done")


def test_a_stream_that_was_cut_goes_on_after_a_restart_of_the_server(site: Site, page: Page) -> None:
    site.emulated.pause()
    log_in(page, site.url, "Ada")
    submit(page, site.url)
    expect(state(page)).to_have_text("Queued")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.evaluate("window.sameDocument = true")
    asked: list[dict[str, str]] = []
    page.on("request", lambda request: asked.append(request.all_headers()) if _is_stream(request) else None)
    site.kill()
    expect(page.get_by_text("Connection lost, trying again")).to_be_visible()
    site.start()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    assert "last-event-id" in asked[-1]
    site.emulated.go_on()
    expect(page.locator(".histogram tbody tr")).to_have_count(2)
    assert page.evaluate("window.sameDocument"), "the page was loaded again"
    page.goto(site.url)
    expect(page.get_by_role("row", name="Bell pair")).to_contain_text("Done")
    assert len(site.emulated.control("GET", "jobs")) == 1


def _is_stream(request: Any) -> bool:
    return str(request.url).endswith("/events")
