"""The web example for those who have no mouse, no screen, no scripts, or a small one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.examples.browser import Contexts, Page, expect, log_in, picture, state, submit
from tests.examples.site import Site

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(300)]


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
