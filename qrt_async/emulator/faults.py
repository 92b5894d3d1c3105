"""Trouble on demand: which request it strikes, and what then goes wrong; pure."""

from __future__ import annotations

import random
from typing import Annotated, Literal

import msgspec

from .wire import Mishap, Problem, Reply, html_reply

Kind = Literal["status", "cut", "delay", "slow", "truncate", "garble", "expire-tokens"]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of trouble and the requests that it strikes.

    A request matches by ``method`` and path template (``*``: any). Of those, only the ``nth``, or each
    ``every``-th, with a ``probability`` drawn from ``seed``, and at most ``times`` in all. ``when`` is
    before or after the handler did its work: after, a job that is cancelled stays so although a 500 goes out.
    A ``cut`` may also come during it: the connection is gone at once, and the work is done ``seconds`` later.
    """

    kind: Kind
    method: str = "*"
    path: str = "*"
    nth: Positive | None = None
    every: Positive | None = None
    times: Positive | None = None
    probability: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 1.0
    seed: int = 0
    when: Literal["before", "during", "after"] = "before"
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 500
    body: Literal["json", "html", "empty"] = "json"
    code: int | str | None = None
    message: str | None = None
    retry_after: float | str | None = None
    """The header's value: seconds, or an HTTP date."""
    seconds: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    """For ``delay``, ``slow``, and a ``cut`` during the work."""

    def __post_init__(self) -> None:
        if self.when == "during" and self.kind != "cut":
            raise ValueError(f"only a cut can come during the work of the handler, not {self.kind!r}")

    @property
    def severs(self) -> bool:
        """Whether the connection is gone while the handler works."""
        return self.kind == "cut" and self.when == "during"

    @property
    def hold(self) -> float:
        """Seconds for which the request does not reach the handler."""
        held = self.severs or (self.kind == "delay" and self.when == "before")
        return self.seconds if held else 0.0

    @property
    def silences(self) -> bool:
        """Whether the handler never hears of the request."""
        return self.when == "before" and self.kind in ("status", "cut")

    def matches(self, method: str, template: str) -> bool:
        return self.method in ("*", method) and self.path in ("*", template)


class Faults:
    """The rules in force, and how often each has matched and struck."""

    def __init__(self, rules: tuple[Rule, ...] = ()) -> None:
        self._rules = rules
        self._matched = [0] * len(rules)
        self._struck = [0] * len(rules)
        self._draws = [random.Random(rule.seed) for rule in rules]  # noqa: S311 - repeatable on purpose

    def pick(self, method: str, template: str) -> Rule | None:
        """The first rule that strikes this request; each one that matches counts it."""
        picked: Rule | None = None
        for index, rule in enumerate(self._rules):
            if rule.matches(method, template) and self._strikes(index, rule) and picked is None:
                self._struck[index] += 1
                picked = rule
        return picked

    def _strikes(self, index: int, rule: Rule) -> bool:
        self._matched[index] += 1
        matched = self._matched[index]
        drawn = self._draws[index].random() < rule.probability
        if rule.times is not None and self._struck[index] >= rule.times:
            return False
        if rule.nth is not None and matched != rule.nth:
            return False
        return drawn and (rule.every is None or matched % rule.every == 0)


def refusal(rule: Rule, trace: str) -> Reply:
    """The reply of a rule of kind ``status``."""
    match rule.body:
        case "json":
            reply = _problem(rule).reply(trace)
        case "html":
            reply = html_reply(rule.status, f"{rule.status} {rule.message or 'Error'}")
        case "empty":
            reply = Reply(status=rule.status)
    if rule.retry_after is None:
        return reply
    value = rule.retry_after if isinstance(rule.retry_after, str) else f"{rule.retry_after:g}"
    return msgspec.structs.replace(reply, headers=(*reply.headers, ("Retry-After", value)))


def spoil(rule: Rule, reply: Reply, trace: str) -> Reply:
    """What becomes of a reply on its way back."""
    match rule.kind:
        case "status" if rule.when == "after":
            return refusal(rule, trace)
        case "cut":
            return _with(reply, Mishap(cut="before"))
        case "truncate":
            return _with(reply, Mishap(cut="during"))
        case "slow":
            return _with(reply, Mishap(spread=rule.seconds))
        case "delay" if rule.when == "after":
            return _with(reply, Mishap(delay=rule.seconds))
        case "garble":
            return msgspec.structs.replace(reply, body=reply.body[: len(reply.body) // 2])
    return reply


CUT = Reply(status=0, mishap=Mishap(cut="before"))
"""No reply at all."""


def _with(reply: Reply, mishap: Mishap) -> Reply:
    return msgspec.structs.replace(reply, mishap=mishap)


def _problem(rule: Rule) -> Problem:
    code = rule.code if rule.code is not None else {429: 1202, 401: 1201, 403: 1200}.get(rule.status, 9999)
    return Problem(rule.status, code, rule.message or "Internal server error", "Try again later.")
