from __future__ import annotations

import pytest

from qrt_async.errors import InvalidInput
from qrt_async.transport.timeouts import Timeouts


def test_a_submission_may_take_900_seconds() -> None:
    assert Timeouts().submit == 900.0


@pytest.mark.parametrize("wrong", [0, -1.0, float("nan")])
@pytest.mark.parametrize("name", ["connect", "read", "total", "submit"])
def test_only_positive_times_are_times(name: str, wrong: float) -> None:
    with pytest.raises(InvalidInput, match="positive"):
        Timeouts(**{name: wrong})
