"""What telemetry collects, for one test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integrations.laboratory import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    made = Lab()
    yield made
    made.tracers.shutdown()
    made.meters.shutdown()
