"""The web application for tests that ask it over HTTP, or through a browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.examples.site import TROUBLE, Emulated, Site, emulator

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.examples.browser import Contexts


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[Emulated]:
    with emulator() as emulated:
        yield emulated


@pytest.fixture
def emulated(shared_emulator: Emulated) -> Emulated:
    shared_emulator.control("POST", "reset")
    shared_emulator.go_on()
    return shared_emulator


@pytest.fixture(scope="session")
def common_site(shared_emulator: Emulated, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all tests that need few jobs, each with a name of its own: five jobs a minute are for all of them."""
    made = Site(shared_emulator, tmp_path_factory.mktemp("common"))
    made.start()
    yield made
    made.stop()
    assert not TROUBLE.search(made.errors), made.errors


@pytest.fixture
def sites(emulated: Emulated, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Makes sites that are not started, with settings of their own, and one account and one folder for all; those that
    run at the end are stopped, and none of them may have spoken of an error."""
    made: list[Site] = []

    def make(**settings: str) -> Site:
        made.append(Site(emulated, tmp_path, **settings))
        return made[-1]

    yield make
    for site in made:
        site.stop()
    for site in made:
        assert not TROUBLE.search(site.errors), site.errors


@pytest.fixture
def site(sites: Callable[..., Site]) -> Site:
    """One that runs."""
    made = sites()
    made.start()
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    from tests.examples.browser import launch

    with sync_playwright() as playwright:
        found = launch(playwright)
        yield found
        found.close()


@pytest.fixture
def contexts(browser: Browser) -> Iterator[Contexts]:
    """Makes people: each has cookies of its own. What goes wrong in their pages fails the test."""
    from tests.examples.browser import PATIENCE

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
