"""Chromium, driven by Playwright: as somebody who looks at pages and presses keys. Tests that import this are skipped
where there is none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pytest

CHROMIUM = "QRT_CHROMIUM"

if CHROMIUM not in os.environ and not TYPE_CHECKING:
    pytest.skip(f"{CHROMIUM} names no browser", allow_module_level=True)

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect  # noqa: E402

__all__ = ["PATIENCE", "Contexts", "Page", "expect", "launch", "log_in", "picture", "state", "submit"]

Contexts: TypeAlias = Callable[..., BrowserContext]

PICTURES = "QRT_PICTURES"
"""A folder into which pictures are written, for looking at; without it, none are."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTHS = (1280, 360, 320)

PATIENCE = 60_000
"""Milliseconds until something that does not come is a failure, also on a machine that is busy."""

expect.set_options(timeout=PATIENCE)


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=os.environ[CHROMIUM], args=FLAGS)


def log_in(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Your jobs")).to_be_visible()


def submit(page: Page, url: str, circuit: str = "Bell pair", **fields: str) -> str:
    """Fill in the form and send it; the address of the job's page."""
    page.goto(url)
    page.get_by_role("radio", name=circuit).check()
    for label, text in fields.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Run it").click()
    page.wait_for_url("**/jobs/*")
    return page.url


def state(page: Page) -> Any:
    """What the page of a job says of it."""
    return page.locator("#state .badge")


def picture(page: Page, name: str) -> None:
    """In both schemes, wide and narrow, if anybody wants to look."""
    if PICTURES not in os.environ:
        return
    size = page.viewport_size
    for scheme in SCHEMES:
        for width in WIDTHS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=Path(os.environ[PICTURES], f"{name}-{scheme}-{width}.png"), full_page=True)
    page.emulate_media(color_scheme=None)
    if size is not None:
        page.set_viewport_size(size)
