"""The endpoints of instances, accounts and API versions."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from qrt_async.emulator.ask import Ask
from qrt_async.emulator.books import Books
from qrt_async.emulator.dates import versions
from qrt_async.emulator.iam import forbidden
from qrt_async.emulator.wire import NO_CONTENT, Problem, Reply, decoded, json_reply

DAY = 24 * 3600.0
PLANS = {
    "open": "850b2a56-3cf4-4bd5-9a3a-1c0e7b6c6f01",
    "premium": "2f1e44a7-7d0c-4a6a-bd3e-9a7c15f0a402",
}
"""Plan ids of the emulator's own making."""


class Configuration(msgspec.Struct, frozen=True):
    """The body of ``PUT /v1/instances/configuration``."""

    instance_limit: Annotated[float, msgspec.Meta(ge=0)]


def usage(books: Books, ask: Ask) -> Reply:
    """``GET /v1/instances/usage``: limits only where there is one."""
    facts = {"instance_id": ask.crn, "plan_id": PLANS[books.config.plan]}
    return json_reply(facts | books.usage.report(ask.crn, ask.now))


def instance(books: Books, ask: Ask) -> Reply:
    """``GET /v1/instance``: its seconds are strings."""
    facts: dict[str, Any] = {"backends": books.fleet.names(), "plan_id": PLANS[books.config.plan]}
    limit = books.usage.limit_of(ask.crn)
    if limit is not None:
        text = f"{limit:g}"
        facts |= {"instance_limit": limit, "instance_limit_seconds": text, "usage_allocation_seconds": text}
    return json_reply(facts)


def configuration(books: Books, ask: Ask) -> Reply:
    """``GET /v1/instances/configuration``."""
    limit = books.usage.limit_of(ask.crn)
    return json_reply({} if limit is None else {"instance_limit": limit})


def update_configuration(books: Books, ask: Ask) -> Reply:
    """``PUT /v1/instances/configuration``: the limit holds at once, also for what runs or waits for it."""
    wanted = decoded(ask.body, Configuration)
    books.usage.set_limit(ask.crn, wanted.instance_limit)
    books.reckon(ask.crn, ask.now)
    books.ledger.release(ask.now)
    return NO_CONTENT


def account(books: Books, ask: Ask) -> Reply:
    """``GET /v1/accounts/{id}``: what the plan allows."""
    if ask.ids["id"] != account_of(ask.crn):
        raise forbidden()
    plan = PLANS[books.config.plan]
    if ask.one("plan_id") not in (None, plan):
        raise Problem(404, "not_found", "plan not found")
    return json_reply(
        {
            "plan_id": plan,
            "backends": books.fleet.names(),
            "functions": [],
            "max_job_seconds": books.config.max_cost,
            "max_ttl": books.config.max_session,
            "active_ttl": books.config.max_session,
            "interactive_ttl": 60,
        }
    )


def list_versions(books: Books, ask: Ask) -> Reply:
    """``GET /v1/versions``, which needs no authorization."""
    end = books.started + books.config.sunset_days * DAY
    return json_reply({"versions": versions(books.config.api_dates, end)})


def account_of(crn: str) -> str:
    """The account id inside a CRN, without its ``a/``."""
    fields = crn.split(":")
    return fields[6].removeprefix("a/") if len(fields) > 6 else ""
