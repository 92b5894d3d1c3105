from __future__ import annotations

import pytest

from qrt_async.emulator.usage import PERIOD, Usage
from qrt_async.emulator.wire import Problem


def test_charges_add_up_by_instance() -> None:
    usage = Usage(None)
    usage.charge("a", 0.0, 2.0)
    usage.charge("a", 1.0, 3.5)
    usage.charge("b", 1.0, 1.0)
    assert (usage.consumed("a", 2.0), usage.consumed("b", 2.0), usage.consumed("c", 2.0)) == (5.5, 1.0, 0.0)


def test_charges_are_forgotten_after_28_days() -> None:
    usage = Usage(10.0)
    usage.charge("a", 0.0, 10.0)
    assert usage.reached("a", PERIOD - 1.0)
    assert not usage.reached("a", PERIOD)


def test_a_limit_that_is_reached_refuses_with_409() -> None:
    usage = Usage(5.0)
    usage.check("a", 0.0)
    usage.charge("a", 0.0, 5.0)
    with pytest.raises(Problem, match="Usage exceeds instance limit") as caught:
        usage.check("a", 0.0)
    assert caught.value.status == 409


def test_an_instance_can_have_a_limit_of_its_own() -> None:
    usage = Usage(5.0)
    usage.set_limit("a", 100.0)
    assert (usage.limit_of("a"), usage.limit_of("b")) == (100.0, 5.0)


def test_the_report_speaks_of_limits_only_where_there_is_one() -> None:
    usage = Usage(None)
    assert set(usage.report("a", PERIOD)) == {"usage_consumed_seconds", "usage_period"}
    usage.set_limit("a", 3.0)
    report = usage.report("a", PERIOD)
    assert (report["usage_limit_seconds"], report["usage_limit_reached"]) == (3.0, False)
    assert report["usage_period"]["start_time"] == "1970-01-01T00:00:00.000000Z"
