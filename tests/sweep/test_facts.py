"""What a plan knows of the backend and the account, and what it refuses for it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from qrt_async.api.call import Call
from qrt_async.api.records import Device, InstanceUsage
from qrt_async.errors import InvalidInput, NotAuthorized, NotFound, OverUsage, Unavailable
from qrt_async.sweep.facts import Facts, check_batch, check_usage, facts_of
from qrt_async.sweep.plan import Plan
from qrt_async.sweep.timing import REP_DELAY

CONFIGURATION = {"default_rep_delay": 500.0, "dt": 4.0}
USAGE = {
    "instance_id": "crn",
    "plan_id": "plan",
    "usage_consumed_seconds": 250.0,
    "usage_limit_seconds": 600.0,
}


class Service:
    """Answers what it has, and fails in the ways it is told to."""

    def __init__(self, answers: dict[str, Any], error: Exception | None = None) -> None:
        self._answers = answers
        self._error = error
        self.asked: list[str] = []

    async def ask(self, call: Call[Any]) -> Any:
        self.asked.append(call.request.path)
        for part, answer in self._answers.items():
            if call.request.path.endswith(part):
                return answer
        raise self._error or Unavailable("no answer")


def usage(**changed: Any) -> InstanceUsage:
    return msgspec.convert({**USAGE, **changed}, InstanceUsage)


def planned(seconds: float, remaining: float | None = None, submitting: float = 0.0) -> Plan:
    return Plan(points=10, jobs=(), seconds=seconds, submitting_seconds=submitting, remaining=remaining)


async def test_a_plan_knows_what_the_service_says() -> None:
    service = Service({"configuration": CONFIGURATION, "usage": usage()})
    facts = await facts_of(service.ask, "ibm_fez")
    assert facts.machine.rep_delay == pytest.approx(500e-6)
    assert (facts.remaining_seconds, facts.most_seconds, facts.batch_seconds) == (350.0, 600.0, 600.0)


async def test_a_paid_plan_has_the_limits_of_the_service() -> None:
    for limit in (None, 100_000.0):
        facts = await facts_of(Service({"usage": usage(usage_limit_seconds=limit)}).ask, "ibm_fez")
        assert (facts.most_seconds, facts.batch_seconds) == (10_800.0, 28_800.0)


@pytest.mark.parametrize(
    "error",
    [Unavailable("down"), NotFound("gone"), ValueError("not JSON"), NotAuthorized("not this", status=403)],
)
async def test_a_plan_does_without_what_nobody_answers(error: Exception) -> None:
    facts = await facts_of(Service({}, error).ask, "ibm_fez")
    assert facts == Facts()
    assert facts.machine.rep_delay == REP_DELAY
    assert facts.remaining_seconds is None


@pytest.mark.parametrize("answers", [{}, {"configuration": CONFIGURATION}])
async def test_a_wrong_key_is_told_before_anything_is_sent(answers: dict[str, Any]) -> None:
    with pytest.raises(NotAuthorized, match="no such key"):
        await facts_of(Service(answers, NotAuthorized("no such key", status=401)).ask, "ibm_fez")


async def test_a_plan_asks_three_questions() -> None:
    service = Service({})
    await facts_of(service.ask, "ibm_fez")
    assert len(service.asked) == 3


def of_service(*names: str) -> dict[str, Any]:
    return {"backends": tuple(Device(name=name) for name in names)}


async def test_a_backend_that_is_not_there_is_told_with_those_that_are() -> None:
    service = Service(of_service("ibm_fez", "ibm_torino"), NotFound("no such backend", status=404))
    with pytest.raises(
        InvalidInput, match=r"'ibm_fezz'.*Did you mean 'ibm_fez'\?.*ibm_fez, ibm_torino.*Nothing"
    ):
        await facts_of(service.ask, "ibm_fezz")
    assert (await facts_of(service.ask, "ibm_fez")).machine.rep_delay == REP_DELAY


ACCOUNT = {"plan_id": "plan", "max_ttl": 1200}


@pytest.mark.parametrize(
    ("answer", "limit", "seconds"),
    [
        (ACCOUNT, 600.0, 1200.0),
        (ACCOUNT | {"max_ttl": 86_400}, None, 28_800.0),
        (ACCOUNT | {"max_ttl": True}, 600.0, 600.0),
        ({}, 600.0, 600.0),
        ({}, None, 28_800.0),
    ],
)
async def test_a_batch_lives_as_long_as_the_account_says(
    answer: Any, limit: float | None, seconds: float
) -> None:
    crn = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:guid::"
    service = Service(
        {"usage": usage(instance_id=crn, usage_limit_seconds=limit), "0123456789abcdef": answer}
    )
    assert (await facts_of(service.ask, "ibm_fez", batch=True)).batch_seconds == seconds
    assert service.asked[-1] == "/accounts/0123456789abcdef"


@pytest.mark.parametrize("remaining", [None, 64.5, 1e9])
def test_a_plan_within_what_is_left_may_be_sent(remaining: float | None) -> None:
    check_usage(planned(64.5, remaining))


def test_a_plan_above_what_is_left_says_how_much_and_what_to_do() -> None:
    with pytest.raises(
        OverUsage, match=r"about 64 s of QPU time .* has 60 s left.*over_usage='allow'"
    ) as caught:
        check_usage(planned(64.4, 60.0))
    assert caught.value.submitted == "no"


def test_a_plan_that_outlives_its_batch_is_refused() -> None:
    facts = Facts(batch_seconds=600.0)
    check_batch(planned(500.0, submitting=100.0), facts)
    with pytest.raises(InvalidInput, match=r"lives for 10 min.*mode='batch'"):
        check_batch(planned(500.0, submitting=101.0), facts)
