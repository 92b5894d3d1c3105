"""What of a submission decides how its job runs, and how several become one. Pure; may run in a thread.

Everything is read from the body of the POST that a submission would be by itself: that is what a journal keeps, so that
any later process comes to the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw, Struct

from qrt_async.api.call import Call
from qrt_async.api.job_calls import LogLevel, NewJob, create_job
from qrt_async.api.models import CreatedJob
from qrt_async.errors import InvalidInput
from qrt_async.jobs.tags import of_users

SHAREABLE = frozenset({"sampler", "estimator"})
"""Programs whose results come PUB by PUB."""
_QUALITY = {"sampler": 2, "estimator": 3}
"""Where a PUB says its shots, or its precision: one for the whole job."""


class Body(Struct, frozen=True, kw_only=True):
    """A submission by itself, with its PUBs still text."""

    program_id: str
    backend: str
    params: dict[str, Raw]
    runtime: str | None = None
    tags: tuple[str, ...] = ()
    log_level: LogLevel | None = None
    cost: int | None = None
    session_id: str | None = None
    calibration_id: str | None = None
    private: bool = False

    @property
    def pubs(self) -> list[Raw]:
        """In order."""
        return msgspec.json.decode(self.params["pubs"], type=list[Raw])


def read_body(body: bytes) -> Body:
    """Of a POST of ours. ``InvalidInput`` where its job cannot be shared."""
    try:
        found = msgspec.json.decode(body, type=Body)
        count = len(found.pubs)
    except (msgspec.DecodeError, KeyError) as error:
        raise InvalidInput(
            f"Only a Sampler or an Estimator can share a job ({error}). Nothing was sent."
        ) from error
    if found.private or found.program_id not in SHAREABLE or not count:
        raise InvalidInput(
            "Only a Sampler or an Estimator that is not private can share a job. Nothing was sent."
        )
    return found


def kind_of(body: Body) -> str:
    """Submissions of one kind may share a job: all that is sent of them is the same, but for their PUBs. The shots or
    the precision are in the PUBs, and have to be the same, too."""
    pub = msgspec.json.decode(body.pubs[0])
    place = _QUALITY[body.program_id]
    said: dict[str, Any] = {
        "params": {name: msgspec.json.decode(raw) for name, raw in body.params.items() if name != "pubs"},
        "quality": pub[place] if len(pub) > place else None,
        "tags": sorted(of_users(body.tags)),
    }
    for name in ("program_id", "backend", "runtime", "log_level", "cost", "session_id", "calibration_id"):
        said[name] = getattr(body, name)
    return msgspec.json.encode(said, order="sorted").decode()


def post(bodies: Sequence[bytes], tag: str) -> Call[CreatedJob]:
    """One job with the PUBs of all, in their order, and a reserved ``tag`` of its own."""
    read = [read_body(body) for body in bodies]
    first = read[0]
    pubs = [pub for body in read for pub in body.pubs]
    params = {name: pubs if name == "pubs" else value for name, value in first.params.items()}
    new = NewJob(
        program_id=first.program_id,
        backend=first.backend,
        params=Raw(msgspec.json.encode(params)),
        runtime=first.runtime,
        tags=(*of_users(first.tags), tag),
        log_level=first.log_level,
        cost=first.cost,
        session_id=first.session_id,
        calibration_id=first.calibration_id,
    )
    return create_job(new)
