"""What a result that was there proves about its job. Pure.

Before a job has ended there is no result, and afterwards it may also be the error text of one that failed
(api.md 2.7). So only a body in a result's own shape is proof that the job completed; anything else says that
it ended, and the service is asked how.
"""

from __future__ import annotations

import msgspec

from qrt_async.api.models import JobRecord, JobState, ProgramName
from qrt_async.api.status import JobStatus
from qrt_async.jobs.known import Known

_LARGEST = 2**20
"""Bytes that are looked through on the loop; a larger body is left to who decodes it in pieces."""
_TYPES = {
    "sampler": {"PrimitiveResult"},
    "estimator": {"PrimitiveResult"},
    "noise-learner": {"NoiseLearnerResult"},
    "executor": set[str](),
}


class _Shape(msgspec.Struct, frozen=True):
    """What the known programs' results have at their top: typed, plain, or the executor's."""

    kind: str | None = msgspec.field(name="__type__", default=None)
    results: list[msgspec.Raw] | None = None
    schema_version: str | None = None
    data: list[msgspec.Raw] | None = None


_shape = msgspec.json.Decoder(_Shape)


def is_result(program_id: str | None, body: bytes) -> bool:
    """Is this the result of a completed job of that program, beyond doubt?"""
    if program_id not in _TYPES or len(body) > _LARGEST:
        return False
    try:
        shape = _shape.decode(body)
    except msgspec.DecodeError:
        return False
    plain = shape.results is not None or (shape.schema_version is not None and shape.data is not None)
    return plain or shape.kind in _TYPES[program_id]


def completed(known: Known) -> JobRecord:
    """The job's record, as last read, with the end that its result proves. It says nothing of the charge."""
    state = JobState(status_text=JobStatus.COMPLETED.value)
    if known.record is not None:
        return msgspec.structs.replace(known.record, state=state, status=state.status_text, usage=None)
    accepted = known.accepted
    assert accepted is not None  # noqa: S101 - else it is not known whether the job is private
    return JobRecord(
        id=known.id,
        state=state,
        status=state.status_text,
        backend=accepted.backend,
        program=ProgramName(id=accepted.program_id),
        tags=accepted.tags or None,
        session_id=accepted.session_id,
        private=accepted.private,
    )
