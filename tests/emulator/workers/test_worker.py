from __future__ import annotations

import io
import math
import sys
import time

import msgspec
import pytest

from qrt_async.emulator.work import Outcome, Work
from qrt_async.emulator.workers import worker
from tests.emulator.lab import work


def cpu_limit() -> float:
    """Seconds of CPU time after which this process is ended; no more than is asked for where there is no limit."""
    if sys.platform == "win32":
        return 0.0
    import resource

    limit = resource.getrlimit(resource.RLIMIT_CPU)[0]
    return math.inf if limit == resource.RLIM_INFINITY else float(limit)


def test_each_work_is_answered_by_an_outcome_until_the_input_ends() -> None:
    asked: list[Work] = []
    limits: list[float] = []

    def execute(given: Work) -> Outcome:
        asked.append(given)
        limits.append(cpu_limit())
        return Outcome(kind="completed", body=b"x" * len(asked), quantum_seconds=2.0)

    jobs = [work(["a"]), work(["b"], seed=-1)]
    source = io.BytesIO(
        b"".join(worker.frame(message) for job in jobs for message in worker.asked(job)) + b"\0\0"
    )
    sink = io.BytesIO()
    worker.serve(source, sink, execute, cpu_seconds=10_000.0)
    assert asked == jobs
    assert max(limits) <= time.process_time() + 10_001.0
    answers = sink.getvalue()
    for number in (1, 2):
        size = int.from_bytes(answers[: worker.HEAD], "big")
        outcome = msgspec.msgpack.decode(answers[worker.HEAD : worker.HEAD + size], type=Outcome)
        assert outcome.body == b"x" * number
        answers = answers[worker.HEAD + size :]
    assert answers == b""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
def test_the_limit_counts_from_now_and_moves_with_the_next_program() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_CPU)
    try:
        worker.limit_cpu(10_000.0)
        first = resource.getrlimit(resource.RLIMIT_CPU)[0]
        worker.limit_cpu(20_000.0)
        assert 10_000 <= first < 20_000 <= resource.getrlimit(resource.RLIMIT_CPU)[0]
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, before)
