"""The web example as its users see it: through Chromium, with the application and the service in other processes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.examples.site import Site

CHROMIUM = "QRT_CHROMIUM"

if CHROMIUM not in os.environ and not TYPE_CHECKING:
    pytest.skip(f"{CHROMIUM} names no browser", allow_module_level=True)

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright  # noqa: E402

from tests.examples.browser import PATIENCE, launch, log_in, picture, submit  # noqa: E402

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(300)]

Contexts = Callable[..., BrowserContext]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = launch(playwright)
        yield found
        found.close()


@pytest.fixture
def contexts(browser: Browser) -> Iterator[Contexts]:
    """Makes people: each has cookies of its own. What goes wrong in their pages fails the test."""
    made: list[BrowserContext] = []
    trouble: list[str] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        context.on("weberror", lambda error: trouble.append(str(error.error)))
        context.on("console", lambda said: _note(trouble, said.text))
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()
    assert trouble == []


def _note(trouble: list[str], said: str) -> None:
    """A page that refuses is answered with a status, and a server that stops cuts streams: both are meant."""
    if not re.search(r"status of (403|404|422|503)|net::ERR_", said):
        trouble.append(said)


@pytest.fixture
def page(contexts: Contexts) -> Page:
    return contexts().new_page()


def state(page: Page) -> Any:
    return page.locator("#state .badge")


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


def test_another_tenant_sees_nothing_of_it(common_site: Site, contexts: Contexts) -> None:
    mine, other = contexts().new_page(), contexts().new_page()
    log_in(mine, common_site.url, "Ada")
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


def test_everything_can_be_done_by_keyboard(common_site: Site, page: Page) -> None:
    keys = page.keyboard
    page.goto(common_site.url)
    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keys.press("Enter")
    keys.press("Tab")
    expect(page.get_by_label("Name")).to_be_focused()
    keys.type("Kay")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Your jobs")).to_be_visible()
    _tab_to(page, page.get_by_role("radio", name="Bell pair"))
    keys.press("ArrowDown")
    expect(page.get_by_role("radio", name="GHZ state")).to_be_checked()
    keys.press("Tab")
    expect(page.get_by_label("Backend")).to_be_focused()
    keys.press("Tab")
    keys.press("ControlOrMeta+a")
    keys.type("300")
    keys.press("Tab")
    expect(page.get_by_role("radio", name="One value")).to_be_focused()
    picture(page, "focus")
    _tab_to(page, page.get_by_role("button", name="Run it"))
    common_site.emulated.pause()
    keys.press("Enter")
    page.wait_for_url("**/jobs/*")
    expect(state(page)).to_have_text("Queued")
    _tab_to(page, page.get_by_role("button", name="Cancel this job"))
    common_site.emulated.go_on()
    expect(page.get_by_text("Outcomes of 300 shots")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "main", "the button is gone, the place is kept"


def _tab_to(page: Page, wanted: Any) -> None:
    """By nothing but the key, past whatever lies between."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"{wanted} cannot be reached by the tab key")


def test_without_scripts_a_link_looks_again(common_site: Site, contexts: Contexts) -> None:
    page = contexts(java_script_enabled=False).new_page()
    common_site.emulated.pause()
    log_in(page, common_site.url, "Noa")
    submit(page, common_site.url)
    again = page.get_by_role("link", name="Look again")
    expect(again).to_be_visible()
    picture(page, "no-scripts")
    common_site.emulated.go_on()
    for _ in range(500):
        if state(page).inner_text() == "Done" and page.locator(".histogram").count():
            break
        again.click()
    expect(page.locator(".histogram tbody tr")).to_have_count(2)
    expect(again).to_have_count(0)


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


def test_pages_tell_those_who_only_listen_what_is_what(common_site: Site, page: Page) -> None:
    page.goto(common_site.url)
    _is_well_marked(page)
    log_in(page, common_site.url, "Lee")
    _is_well_marked(page)
    snapshot = page.locator("body").aria_snapshot()
    for found in (
        "banner",
        "main",
        "contentinfo",
        'group "Circuit"',
        'region "Your jobs"',
        'combobox "Backend"',
    ):
        assert found in snapshot, snapshot
    page.goto(f"{common_site.url}/nothing")
    _is_well_marked(page)


def _is_well_marked(page: Page) -> None:
    """One heading of the first level, no id twice, and a name for everything that can be used."""
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(ids) == len(set(ids))
    controls = page.locator("a, button, input:not([type=hidden]), select, textarea").filter(visible=True)
    for control in controls.all():
        expect(control).to_have_accessible_name(re.compile(r"\w"))
    described = "[...document.querySelectorAll('[aria-describedby]')]"
    assert page.evaluate(f"{described}.every(element => element.ariaDescribedByElements.length > 0)")


def test_pages_fit_into_320_pixels_and_move_only_if_wanted(common_site: Site, contexts: Contexts) -> None:
    narrow = {"viewport": {"width": 320, "height": 640}, "reduced_motion": "reduce"}
    page = contexts(**narrow).new_page()
    log_in(page, common_site.url, "A name that is as long as names may be.")
    _fits(page)
    submit(page, common_site.url, "Tilted pair")
    expect(page.locator(".histogram tbody tr")).to_have_count(2)
    _fits(page)
    page.get_by_text("The circuit", exact=True).click()
    _fits(page)
    page.goto(common_site.url)
    _fits(page)
    assert page.evaluate("document.getAnimations().length") == 0


def _fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
