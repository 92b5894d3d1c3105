"""What a plan needs to know of the backend and the account: asked for once, and done without where nobody answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from msgspec import Struct

from qrt_async.api.call import Ask, Call
from qrt_async.api.calls import (
    account,
    backend_configuration,
    backend_properties,
    instance_usage,
    list_backends,
)
from qrt_async.api.records import InstanceUsage
from qrt_async.errors import InvalidInput, NotAuthorized, NotFound, OverUsage, ServiceError
from qrt_async.sweep.plan import Plan, in_words
from qrt_async.sweep.timing import Machine

T = TypeVar("T")

_LONGEST_JOB = 10_800.0
"""Seconds of QPU time after which the service ends any job (api.md 2.9)."""
_OPEN_PLAN = 600.0
"""Seconds that the Open plan has in 28 days; its sessions and batches live as long at most (api.md 2.9, 4)."""
_BATCH = 28_800.0
"""Seconds that a batch lives at most on any other plan, and for which one is asked."""


class Facts(Struct, frozen=True, kw_only=True):
    """``remaining_seconds`` are those of QPU time that the instance has left, ``None`` where nothing limits it or
    nobody says. ``most_seconds`` may a job run; a batch lives for ``batch_seconds``."""

    machine: Machine = Machine()
    remaining_seconds: float | None = None
    most_seconds: float = _LONGEST_JOB
    batch_seconds: float = _BATCH


async def facts_of(ask: Ask, backend: str, *, batch: bool = False) -> Facts:
    """Three questions; for a ``batch`` one more, how long it lives. ``InvalidInput`` where the service has no such
    backend, ``NotAuthorized`` where it does not know the key."""
    configuration = await _configuration(ask, backend)
    properties = await _asked(ask, backend_properties(backend))
    usage = await _asked(ask, instance_usage())
    limit = math.inf if usage is None else usage.usage_limit_seconds or math.inf
    lives = await _ttl(ask, usage) if batch else None
    return Facts(
        machine=Machine.of(configuration, properties),
        remaining_seconds=None if usage is None else usage.remaining_seconds,
        most_seconds=min(_LONGEST_JOB, limit),
        batch_seconds=lives or (_OPEN_PLAN if limit <= _OPEN_PLAN else _BATCH),
    )


async def _configuration(ask: Ask, backend: str) -> Mapping[str, Any] | None:
    try:
        return await ask(backend_configuration(backend))
    except NotFound:
        devices = await _asked(ask, list_backends())
        if devices is not None:
            _check_known(backend, [device.name for device in devices])
    except (ServiceError, LookupError, TypeError, ValueError) as error:
        _check_key(error)
    return None


def _check_known(backend: str, names: list[str]) -> None:
    if backend in names:
        return
    near = get_close_matches(backend, names, 1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    there = ", ".join(sorted(names)) or "none"
    raise InvalidInput(
        f"There is no backend {backend!r} for this account.{meant} There is: {there}. Nothing was sent."
    )


async def _ttl(ask: Ask, usage: InstanceUsage | None) -> float | None:
    """How long a batch lives on this plan, by what the account may do; ``None`` where nobody says."""
    fields = [] if usage is None else (usage.instance_id or "").split(":")
    if len(fields) < 7 or usage is None:
        return None
    said = await _asked(ask, account(fields[6].removeprefix("a/"), usage.plan_id))
    longest = (said or {}).get("max_ttl")
    if isinstance(longest, bool) or not isinstance(longest, int | float) or not longest > 0:
        return None
    return min(float(longest), _BATCH)


async def _asked(ask: Ask, call: Call[T]) -> T | None:
    """``None`` where there is no answer: a plan must not fail for a hint."""
    try:
        return await ask(call)
    except (ServiceError, LookupError, TypeError, ValueError) as error:
        _check_key(error)
        return None


def _check_key(error: Exception) -> None:
    """One who may not ask this may submit all the same; one whose key is none may not."""
    if isinstance(error, NotAuthorized) and error.status != 403:
        raise error


def check_usage(plan: Plan) -> None:
    """``OverUsage`` for a plan that is expected to take more than is left."""
    if plan.remaining is not None and plan.seconds > plan.remaining:
        raise OverUsage(
            f"This sweep is expected to take about {in_words(plan.seconds)} of QPU time ({plan}); the instance has"
            f" {in_words(plan.remaining)} left. Ask for fewer points or shots, or pass over_usage='allow'."
            " Nothing was sent."
        )


def check_batch(plan: Plan, facts: Facts) -> None:
    """``InvalidInput`` for a plan that outlives its batch: jobs that still wait when it ends would fail (1217)."""
    expected = plan.seconds + plan.submitting_seconds
    if expected > facts.batch_seconds:
        raise InvalidInput(
            f"Submitting and running this sweep is expected to take about {in_words(expected)}, a batch lives for"
            f" {in_words(facts.batch_seconds)}, and jobs that wait when it ends would fail: leave mode='batch' out."
            " Nothing was sent."
        )
