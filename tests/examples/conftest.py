"""The web application for tests that ask it over HTTP, or through a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.examples.site import TROUBLE, Emulated, Site, emulator


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
