from __future__ import annotations

from typing import Any

import msgspec
import pytest

from qrt_async.emulator.faults import CUT, Faults, Rule, refusal, spoil
from qrt_async.emulator.wire import Reply

JOBS = ("GET", "/v1/jobs")
REPLY = Reply(status=200, body=b'{"jobs":[1,2]}')


def strikes(rule: Rule, requests: int) -> list[int]:
    """Which of so many equal requests the rule strikes, counted from 1."""
    faults = Faults((rule,))
    return [number for number in range(1, requests + 1) if faults.pick(*JOBS) is rule]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 3}, [3]),
        ({"times": 2}, [1, 2]),
        ({"every": 2}, [2, 4, 6]),
        ({"every": 2, "times": 2}, [2, 4]),
        ({"probability": 0.0}, []),
        ({"method": "GET", "path": "/v1/jobs"}, [1, 2, 3, 4, 5, 6]),
        ({"method": "POST"}, []),
        ({"path": "/v1/jobs/{id}"}, []),
    ],
)
def test_a_rule_strikes_the_requests_that_it_names(fields: dict[str, Any], expected: list[int]) -> None:
    assert strikes(Rule(kind="cut", **fields), 6) == expected


def test_random_trouble_is_the_same_for_the_same_seed() -> None:
    rule = Rule(kind="cut", probability=0.2, seed=5)
    struck = strikes(rule, 1000)
    assert struck == strikes(rule, 1000)
    assert 150 < len(struck) < 250
    assert struck != strikes(msgspec.structs.replace(rule, seed=6), 1000)


def test_the_first_rule_that_strikes_is_taken_and_the_others_count_on() -> None:
    first, second = Rule(kind="cut", nth=1), Rule(kind="garble", nth=2)
    faults = Faults((first, second))
    assert [faults.pick(*JOBS) for _ in range(3)] == [first, second, None]


@pytest.mark.parametrize(
    ("fields", "hold", "silences"),
    [
        ({"kind": "status"}, 0.0, True),
        ({"kind": "status", "when": "after"}, 0.0, False),
        ({"kind": "cut"}, 0.0, True),
        ({"kind": "delay", "seconds": 3.0}, 3.0, False),
        ({"kind": "delay", "seconds": 3.0, "when": "after"}, 0.0, False),
        ({"kind": "slow", "seconds": 3.0}, 0.0, False),
        ({"kind": "cut", "when": "during", "seconds": 3.0}, 3.0, False),
    ],
)
def test_when_says_whether_the_handler_hears_of_it(
    fields: dict[str, Any], hold: float, silences: bool
) -> None:
    rule = Rule(**fields)
    assert (rule.hold, rule.silences) == (hold, silences)


@pytest.mark.parametrize("kind", ["status", "delay", "slow", "truncate", "garble", "expire-tokens"])
def test_only_a_cut_comes_during_the_work(kind: Any) -> None:
    assert Rule(kind="cut", when="during").severs
    assert not Rule(kind="cut", when="before").severs
    with pytest.raises(ValueError, match="only a cut"):
        Rule(kind=kind, when="during")


def test_a_refusal_has_the_body_and_the_header_that_were_asked_for() -> None:
    reply = refusal(Rule(kind="status", status=429, retry_after=7), "t")
    assert reply.status == 429
    assert msgspec.json.decode(reply.body)["errors"][0]["code"] == 1202
    assert dict(reply.headers)["Retry-After"] == "7"
    page = refusal(
        Rule(kind="status", status=503, body="html", retry_after="Thu, 01 Jan 2026 00:00:00 GMT"), "t"
    )
    assert page.body.startswith(b"<html>")
    assert dict(page.headers)["Retry-After"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert refusal(Rule(kind="status", body="empty"), "t") == Reply(status=500)
    named = refusal(Rule(kind="status", status=503, code=1999, message="Planned outage"), "t")
    assert msgspec.json.decode(named.body)["errors"][0] | {"more_info": ""} == {
        "code": 1999,
        "message": "Planned outage",
        "solution": "Try again later.",
        "more_info": "",
    }


def test_replies_are_spoiled_on_their_way_back() -> None:
    assert CUT.mishap is not None

    def mishap(**fields: Any) -> Any:
        return spoil(Rule(**fields), REPLY, "t").mishap

    assert mishap(kind="cut", when="after").cut == "before"
    assert mishap(kind="truncate").cut == "during"
    assert mishap(kind="slow", seconds=2.0).spread == 2.0
    assert mishap(kind="delay", when="after", seconds=2.0).delay == 2.0
    assert spoil(Rule(kind="garble"), REPLY, "t").body == b'{"jobs"'
    assert spoil(Rule(kind="status", when="after"), REPLY, "t").status == 500
    assert spoil(Rule(kind="expire-tokens"), REPLY, "t") is REPLY


def test_an_unknown_word_in_a_rule_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"kind": "cut", "path_template": "/v1/jobs"}, Rule)
