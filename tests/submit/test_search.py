"""When a job is looked for whose acceptance was not heard."""

from __future__ import annotations

import pytest

from qrt_async.submit.search import moments


@pytest.mark.parametrize(
    ("settle", "when"),
    [
        (120.0, (0.0, 2.0, 10.0, 30.0, 60.0, 120.0)),
        (None, (0.0, 2.0, 10.0, 30.0, 60.0, 120.0)),
        (45.0, (0.0, 2.0, 10.0, 30.0, 45.0)),
        (300.0, (0.0, 2.0, 10.0, 30.0, 60.0, 120.0, 300.0)),
        (0.0, (0.0,)),
    ],
)
def test_the_last_look_is_when_listings_have_caught_up(settle: float | None, when: tuple[float, ...]) -> None:
    assert moments(settle) == when
