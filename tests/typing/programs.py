"""Types follow the program. Checked by mypy with everything else, and never run.

What must be refused stands with the ignore that names it: mypy complains of one that is not needed.
"""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import qrt_async as qrt
from qrt_async.programs.noise import NoiseLearnerResult


async def the_result_is_that_of_the_program(service: qrt.RuntimeService) -> None:
    sampled = await service.run(qrt.Sampler(["OPENQASM 3.0;"], shots=100), backend="ibm_fez")
    assert_type(sampled, qrt.AsyncJob[qrt.PrimitiveResult])
    assert_type(await sampled, qrt.PrimitiveResult)
    assert_type(await sampled.result(timeout=5), qrt.PrimitiveResult)

    estimated = await service.run(qrt.Estimator([("OPENQASM 3.0;", "Z")]), backend="ibm_fez", isa="off")
    assert_type(estimated, qrt.AsyncJob[qrt.PrimitiveResult])

    learned = await service.run(qrt.NoiseLearner(["OPENQASM 3.0;"]), backend="ibm_fez")
    assert_type(learned, qrt.AsyncJob[NoiseLearnerResult])
    assert_type(await learned, NoiseLearnerResult)

    anything = await service.run(qrt.Program("executor", {"a": 1}), backend="ibm_fez")
    assert_type(anything, qrt.AsyncJob[Any])


class Doubling(qrt.Program[dict[str, int]]):
    """A program of a user's own, whose result has a type."""


async def a_program_of_ones_own_has_a_result_of_ones_own(service: qrt.RuntimeService) -> None:
    job = await service.run(Doubling("doubling", {}), backend="ibm_fez")
    assert_type(job, qrt.AsyncJob[dict[str, int]])
    assert_type(await job, dict[str, int])


async def a_session_passes_types_on(service: qrt.RuntimeService) -> None:
    async with service.session(backend="ibm_fez", mode="batch", ttl=60) as session:
        job = await session.run(qrt.Sampler(["OPENQASM 3.0;"]), tags=["a"], private=True)
        assert_type(job, qrt.AsyncJob[qrt.PrimitiveResult])
        await session.run(qrt.Sampler(["OPENQASM 3.0;"]), tag="a")  # type: ignore[call-arg] # no such argument


def values_and_pubs_come_in_many_forms() -> None:
    text = "OPENQASM 3.0;"
    qrt.Sampler([text, (text, {"theta": 0.3}), [text, None, 100]], shots=100, via="executor")
    qrt.Sampler([(text, {"theta": np.linspace(0, 1)})], options={"twirling": {"enable_gates": True}})
    qrt.Estimator([(text, [["ZZ"], [{"XX": 0.5}]], {"a": [0.1]}, 0.01)], precision=0.01)
    qrt.Estimator([(text, "Z")], options=qrt.EstimatorOptions(resilience_level=1))
    qrt.Sampler([text], options=qrt.EstimatorOptions())  # type: ignore[arg-type] # another program's
    qrt.Sampler([text], via="runtime")  # type: ignore[arg-type] # no such program
    qrt.SamplerOptions(default_shot=1)  # type: ignore[call-arg] # no such option


def results_are_read_with_types(result: qrt.PrimitiveResult) -> None:
    assert_type(result[0], qrt.PubResult)
    assert_type(result[0:2], list[qrt.PubResult])
    assert_type(result[0].data, qrt.DataBin)
    assert_type(result[0].data.shape, tuple[int, ...])
    assert_type(result[0].data.bits("meas"), qrt.BitArray)
    assert_type(result[0].data.bits("meas").get_counts(), dict[str, int])
    assert_type(result[0].data.array("evs"), NDArray[Any])
    for pub in result:
        assert_type(pub, qrt.PubResult)
        assert_type(pub.metadata, dict[str, Any])
