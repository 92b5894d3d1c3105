from __future__ import annotations

from typing import Any

import pytest

from qrt_async.emulator.config import EmulatorConfig, Key


def test_neither_keys_nor_the_token_show_in_a_repr() -> None:
    config = EmulatorConfig(token="hidden-1", keys=(Key(token="hidden-2", user_id="u"),))
    for shown in (repr(config), repr(list(config.__rich_repr__())), repr(config.keys[0].__rich_repr__())):
        assert "hidden" not in shown
    assert "queue_seconds=1.0" in repr(config)


@pytest.mark.parametrize(
    "fields",
    [
        {"jitter": 2.0},
        {"queue_seconds": -1.0},
        {"rate_limit": (0, 60.0)},
        {"rate_limit": (5, 0.0)},
        {"pending_cap": 0},
        {"usage_limit": -1.0},
        {"listing_lag": -1.0},
        {"listing_lag": (2.0, 1.0)},
        {"payload_ceiling": -1},
        {"token": ""},
        {"instance": "crn:v1"},
        {"api_dates": ()},
    ],
)
def test_nonsense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(fields))):
        EmulatorConfig(**fields)


def test_a_key_without_a_list_of_actions_may_do_everything() -> None:
    key = Key(token="t", user_id="u")
    assert key.may("quantum-computing.job.create")
    limited = Key(token="t", user_id="u", actions=frozenset({"quantum-computing.job.read"}))
    assert limited.may("quantum-computing.job.read")
    assert limited.may(None)
    assert not limited.may("quantum-computing.job.create")


def test_an_open_plan_has_short_jobs_and_sessions() -> None:
    assert (EmulatorConfig(plan="open").max_cost, EmulatorConfig(plan="open").max_session) == (600, 600)
    assert (EmulatorConfig().max_cost, EmulatorConfig().max_session) == (10800, 28800)


def test_an_action_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match=r"job\.destroy"):
        Key(token="t", user_id="u", actions=frozenset({"quantum-computing.job.destroy"}))
