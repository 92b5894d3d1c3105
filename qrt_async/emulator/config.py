"""How an emulator behaves; ``python -m qrt_async.emulator`` has a flag for most fields."""

from __future__ import annotations

from typing import Literal

import msgspec

from .dates import API_DATES

Seconds = float
CRN_FIELDS = 10

ACTIONS = frozenset(
    f"quantum-computing.job.{verb}" for verb in ("create", "read", "update", "cancel", "delete")
)


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One API key: whose it is, and which IAM actions it has (``None``: all)."""

    token: str
    user_id: str
    actions: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.actions is not None and not self.actions <= ACTIONS:
            raise ValueError(f"actions are among {sorted(ACTIONS)}, not {sorted(self.actions - ACTIONS)}")

    def may(self, action: str | None) -> bool:
        """Whether a call that needs this action goes through."""
        return action is None or self.actions is None or action in self.actions

    def __repr__(self) -> str:
        return f"Key(token=***, user_id={self.user_id!r}, actions={self.actions!r})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("user_id", self.user_id), ("actions", self.actions)]


class EmulatorConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Timings, limits and secrets of one emulator."""

    token: str | None = None
    """The only API key that is accepted, besides ``keys``. ``None``: any key is."""
    instance: str | None = None
    """The only CRN that is accepted. ``None``: any well-formed one is."""
    queue_seconds: Seconds = 1.0
    run_seconds: Seconds = 1.0
    jitter: float = 0.1
    """Queue and run times are drawn within this fraction of their means; estimates name the means."""
    rate_limit: tuple[int, Seconds] | None = (5, 60.0)
    """Submissions of one user, and the seconds in which they count."""
    rate_window: Literal["sliding", "fixed", "bucket"] = "sliding"
    retry_after: bool = True
    """Whether a 429 says in ``Retry-After`` when to come back."""
    pending_cap: int | None = None
    """Queued and running jobs of one user, beyond which a submission is refused (3458)."""
    usage_limit: Seconds | None = None
    """Quantum seconds of an instance in 28 days, beyond which a submission is refused (409)."""
    seed: int | None = None
    """Everything that is drawn, sampling included, follows from it. ``None``: drawn at the start."""
    backends: tuple[str, ...] = ()
    """``NAME[:QUBITS]`` each; none means the default ones."""
    record: str | None = None
    """A file to which each exchange is written as a JSON line, with secrets removed."""
    keys: tuple[Key, ...] = ()
    token_seconds: Seconds = 3600.0
    """The life of a bearer token."""
    listing_lag: Seconds | tuple[Seconds, Seconds] = 0.0
    """How late listings learn of a job and its changes; a pair is drawn from anew for each job."""
    settle_seconds: Seconds = 0.0
    """How long after the end of a job its usage stays pending."""
    payload_ceiling: int = 64 * 2**20
    """Bytes of a request body, beyond which the edge answers 413 with a page."""
    plan: Literal["open", "premium"] = "premium"
    """An open plan has at most 600 s a job and a session, and no dedicated sessions."""
    api_dates: tuple[str, ...] = API_DATES
    """The dates that ``IBM-API-Version`` may name; the newest is live."""
    sunset_days: float = 180.0
    """Days after the emulator's start in which the other dates end."""

    def __post_init__(self) -> None:
        lags = self.listing_lag if isinstance(self.listing_lag, tuple) else (self.listing_lag,) * 2
        limit = self.rate_limit or (1, 1.0)
        rules: tuple[tuple[str, str, bool], ...] = (
            ("token", "a text that is not empty", self.token != ""),
            (
                "instance",
                f"a CRN of {CRN_FIELDS} fields",
                self.instance is None or len(self.instance.split(":")) == CRN_FIELDS,
            ),
            ("queue_seconds", "not negative", self.queue_seconds >= 0.0),
            ("run_seconds", "not negative", self.run_seconds >= 0.0),
            ("jitter", "a fraction from 0 to 1", 0.0 <= self.jitter <= 1.0),
            ("rate_limit", "a count and the seconds it holds for", limit[0] >= 1 and limit[1] > 0.0),
            ("pending_cap", "a number from 1", self.pending_cap is None or self.pending_cap >= 1),
            ("usage_limit", "not negative", self.usage_limit is None or self.usage_limit >= 0.0),
            ("token_seconds", "not negative", self.token_seconds >= 0.0),
            ("listing_lag", "not negative, or a pair that rises", 0.0 <= lags[0] <= lags[1]),
            ("settle_seconds", "not negative", self.settle_seconds >= 0.0),
            ("payload_ceiling", "a number of bytes", self.payload_ceiling >= 0),
            ("api_dates", "one date or more", bool(self.api_dates)),
        )
        for name, rule, kept in rules:
            if not kept:
                raise ValueError(f"{name} is {rule}, not {getattr(self, name)!r}")

    @property
    def max_cost(self) -> int:
        """The longest a job may run, in seconds: also what a job gets that does not say."""
        return 600 if self.plan == "open" else 10800

    @property
    def max_session(self) -> int:
        """The longest a session may live, in seconds."""
        return 600 if self.plan == "open" else 28800

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != "token"]
        return f"EmulatorConfig(token={'None' if self.token is None else '***'}, {', '.join(shown)})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name != "token"]
