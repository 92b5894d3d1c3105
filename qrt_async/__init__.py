"""An asyncio-native client for the Qiskit Runtime Jobs API, whose jobs are futures.

    async with qrt_async.RuntimeService() as service:
        job = await service.run(qrt_async.Sampler([circuit], shots=1024), backend="ibm_fez")
        result = await job

The layers, in the order in which data travels; imports point to the left:

    errors, events   what goes wrong, what observers hear
    transport        bytes out, bytes in: credentials, authorization, retry, the pool
    api              bytes and meaning: the service's JSON as structs, a function for each endpoint
    programs         what runs and what comes back
    jobs             awaiting: handles, and the one task that watches them all
    submit           many jobs, politely, each once
    sweep            many parameters, one stream of results
    coalesce         many submissions, one job
    service          the front door
    pool             a service for each of many accounts

and, apart from all of them, the emulator: the other side of the wire.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qrt_async import errors, events
from qrt_async.api.models import JobRecord
from qrt_async.api.status import JobStatus
from qrt_async.errors import JobCancelled, JobFailed, JobRanTooLong, QrtError
from qrt_async.jobs.cadence import PollPolicy
from qrt_async.jobs.changes import JobUpdate
from qrt_async.jobs.collect import as_completed, gather
from qrt_async.jobs.job import AsyncJob
from qrt_async.programs.options import EstimatorOptions, SamplerOptions
from qrt_async.programs.program import Estimator, NoiseLearner, Program, Sampler
from qrt_async.service import RuntimeService
from qrt_async.submit.bucket import RateLimit
from qrt_async.submit.budget import Budget
from qrt_async.submit.coalescing import Coalesce
from qrt_async.transport.account import Account
from qrt_async.transport.retry import RetryPolicy
from qrt_async.transport.timeouts import Timeouts
from qrt_async.version import __version__

if TYPE_CHECKING:
    from qrt_async.coalesce.submitter import Submitter
    from qrt_async.pool import RuntimePool
    from qrt_async.programs.bits import BitArray
    from qrt_async.programs.options import NoiseLearnerOptions as NoiseLearnerOptions
    from qrt_async.programs.results import DataBin, PrimitiveResult, PubResult
    from qrt_async.submit.bucket import TokenBucket as TokenBucket
    from qrt_async.submit.submission import Submission
    from qrt_async.sweep.sweep import Sweep

__all__ = [
    "Account",
    "AsyncJob",
    "BitArray",
    "Budget",
    "Coalesce",
    "DataBin",
    "Estimator",
    "EstimatorOptions",
    "JobCancelled",
    "JobFailed",
    "JobRanTooLong",
    "JobRecord",
    "JobStatus",
    "JobUpdate",
    "NoiseLearner",
    "PollPolicy",
    "PrimitiveResult",
    "Program",
    "PubResult",
    "QrtError",
    "RateLimit",
    "RetryPolicy",
    "RuntimePool",
    "RuntimeService",
    "Sampler",
    "SamplerOptions",
    "Submission",
    "Submitter",
    "Sweep",
    "Timeouts",
    "__version__",
    "as_completed",
    "errors",
    "events",
    "gather",
]

_LATER = {
    "BitArray": "qrt_async.programs.bits",
    "DataBin": "qrt_async.programs.results",
    "NoiseLearnerOptions": "qrt_async.programs.options",
    "PrimitiveResult": "qrt_async.programs.results",
    "PubResult": "qrt_async.programs.results",
    "RuntimePool": "qrt_async.pool",
    "Submission": "qrt_async.submit.submission",
    "Submitter": "qrt_async.coalesce.submitter",
    "Sweep": "qrt_async.sweep.sweep",
    "TokenBucket": "qrt_async.submit.bucket",
}


def __getattr__(name: str) -> Any:
    """The types of results bring NumPy, a Submitter brings its journal: imported when first named. So are names that
    few need, which ``__all__`` leaves out."""
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
