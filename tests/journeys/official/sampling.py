"""The server-side sampler of IBM's client."""

from __future__ import annotations

import math
from typing import Any

from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit_ibm_runtime import SamplerV2
from qiskit_ibm_runtime.execution_span import TwirledSliceSpanV2

from tests.journeys.chance import likely
from tests.journeys.official.ground import (
    HERON,
    IDEAL,
    THETA,
    check,
    fitted,
    main,
    pair,
    result,
    rotation,
    service,
)

PHI = Parameter("phi")


def sampler(backend: str = IDEAL, **options: Any) -> Any:
    return SamplerV2(service.backend(backend), options=options or None)


def turned_twice() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.rx(THETA, 0)
    circuit.ry(PHI, 1)
    circuit.measure_all()
    return circuit


@check
def defaults_are_4096_shots_and_version_2() -> None:
    job = sampler().run([pair()])
    found = result(job)
    counts = found[0].data.meas.get_counts()
    assert found[0].data.meas.num_shots == 4096
    assert set(counts) == {"00", "11"}
    assert likely(counts["00"], 4096, 0.5)
    assert found.metadata["version"] == 2
    assert job.inputs["version"] == 2
    assert job.primitive_id == "sampler"
    assert job.image in ("", None)


@check
def parameter_values_are_read_point_by_point() -> None:
    angles = [0.3, 1.1, 2.4]
    found = result(sampler().run([(rotation(THETA), [[a] for a in angles])], shots=4000))
    assert found[0].data.shape == (3,)
    for index, angle in enumerate(angles):
        ones = found[0].data.meas.get_counts(index).get("1", 0)
        assert likely(ones, 4000, math.sin(angle / 2) ** 2), (angle, ones)


@check
def values_of_several_parameters_are_broadcast_in_the_circuits_own_order() -> None:
    thetas, phis = [0.4, 2.0, 2.9], [0.7, 1.9]
    values = [[[phi, theta] for phi in phis] for theta in thetas]  # the circuit sorts them: phi, theta
    named = {("phi", "theta"): values}
    for given in (values, named):
        data = result(sampler().run([(turned_twice(), given, 3000)]))[0].data
        assert data.shape == (3, 2)
        for row, theta in enumerate(thetas):
            for column, phi in enumerate(phis):
                counts = data.meas.get_int_counts((row, column))
                first = sum(n for word, n in counts.items() if word & 1)
                second = sum(n for word, n in counts.items() if word & 2)
                assert likely(first, 3000, math.sin(theta / 2) ** 2), (theta, phi, counts)
                assert likely(second, 3000, math.sin(phi / 2) ** 2), (theta, phi, counts)


@check
def several_pubs_keep_their_order_shots_and_registers() -> None:
    a, b, q = ClassicalRegister(2, "a"), ClassicalRegister(1, "b"), QuantumRegister(3)
    registers = QuantumCircuit(q, a, b)
    registers.x(1)
    registers.measure([0, 1], a)
    registers.measure(2, b)
    found = result(
        sampler().run([(pair(), None, 128), (registers, None, 64), (rotation(math.pi),)], shots=32)
    )
    assert [pub.data.size for pub in found] == [1, 1, 1]
    assert found[0].data.meas.num_shots == 128
    assert found[1].data.a.get_counts() == {"10": 64}
    assert found[1].data.b.get_counts() == {"0": 64}
    assert found[1].join_data(["b", "a"]).get_counts() == {"100": 64}
    assert found[2].data.meas.get_counts() == {"1": 32}


@check
def circuit_metadata_and_execution_spans_come_back() -> None:
    circuit = pair()
    circuit.metadata = {"who": "a journey", "n": [1, 2]}
    found = result(sampler().run([circuit, (rotation(THETA), [[0.1], [0.2]])], shots=50))
    assert found[0].metadata["circuit_metadata"] == circuit.metadata
    spans = found.metadata["execution"]["execution_spans"]
    assert spans.pub_idxs == [0, 1]
    assert spans.start <= spans.stop
    assert spans[1].mask(1).shape == (2, 50)
    assert spans[0].mask(0).all()


@check
def conditions_and_resets_run_on_the_ideal_backend() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    circuit.reset(0)
    circuit.measure(0, 0)
    counts = result(sampler().run([circuit], shots=2000))[0].data.c.get_counts()
    assert set(counts) == {"00", "10"}
    assert likely(counts["10"], 2000, 0.5)


@check
def a_device_runs_what_was_fitted_to_it_by_defaults_and_twirled() -> None:
    backend = service.backend(HERON)
    circuit = fitted(pair(), backend)
    for options in ({}, {"twirling": {"enable_gates": True, "enable_measure": True}},
                    {"dynamical_decoupling": {"enable": True, "sequence_type": "XY4"}}):  # fmt: skip
        found = result(SamplerV2(backend, options=options).run([circuit], shots=1000))
        counts = found[0].data.meas.get_counts()
        assert sum(counts.values()) == 1000
        assert 800 < counts["00"] + counts["11"] < 1000, counts  # it is noisy, yet not much


@check
def twirled_results_say_how_their_shots_were_spread() -> None:
    backend = service.backend(HERON)
    options = {"twirling": {"enable_measure": True, "num_randomizations": 7, "shots_per_randomization": 10}}
    found = result(SamplerV2(backend, options=options).run([fitted(pair(), backend)]))
    assert found[0].data.meas.num_shots == 70
    assert found[0].metadata["num_randomizations"] == 7
    span = found.metadata["execution"]["execution_spans"][0]
    assert isinstance(span, TwirledSliceSpanV2)
    assert span.mask(0).shape == (70,)
    assert span.mask(0).all()


@check
def every_option_of_the_client_is_taken() -> None:
    options = {
        "default_shots": 70,
        "dynamical_decoupling": {"enable": False, "extra_slack_distribution": "edges",
                                 "scheduling_method": "asap", "skip_reset_qubits": True},
        "execution": {"init_qubits": True, "rep_delay": 0.0002, "meas_type": "classified"},
        "twirling": {"enable_gates": False, "num_randomizations": 7, "shots_per_randomization": 10,
                     "strategy": "all"},
        "max_execution_time": 120,
        "environment": {"log_level": "DEBUG", "job_tags": ["options"]},
        "experimental": {"image": "rt:tag"},
        "simulator": {"seed_simulator": 11},
    }  # fmt: skip
    job = SamplerV2(service.backend(IDEAL), options=options).run([pair()])
    assert result(job)[0].data.meas.num_shots == 70
    kept = service.job(job.job_id())
    assert kept.image == "rt:tag"
    assert kept.tags == ["options"]
    assert kept.inputs["options"]["twirling"]["strategy"] == "all"
    assert "DEBUG" in job.logs()


if __name__ == "__main__":
    main()
