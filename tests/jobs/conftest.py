"""Every test here runs at the documented date and at the newest: nothing may depend on what only one sends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ground import API_DATE


@pytest.fixture(autouse=True, params=[None, "2026-04-15"], ids=["documented", "newest"])
def api_date(request: pytest.FixtureRequest) -> Iterator[None]:
    token = API_DATE.set(request.param)
    yield
    API_DATE.reset(token)
