from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qasm3
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import Statevector

from qrt_async.errors import InvalidInput
from qrt_async.programs.program import SAMPLER_VIA, Sampler
from tests.emulator.lab import BELL, HEAD, likely
from tests.programs.simulated import simulated

THETA = HEAD + "input float[64] theta; qubit q; bit c; ry(theta) q; c = measure q;"


def twelve() -> tuple[QuantumCircuit, list[float]]:
    """Twelve angles that are told apart by what they do; measured into two registers."""
    circuit = QuantumCircuit(QuantumRegister(4, "q"), ClassicalRegister(3, "a"), ClassicalRegister(1, "b"))
    for index, angle in enumerate(ParameterVector("v", 12)):
        circuit.ry(angle * (index + 1), index % 4)
        circuit.cz(index % 4, (index + 1) % 4)
    circuit.measure(range(4), range(4))
    circuit.metadata = {"kept": [1, "x"]}
    return circuit, [0.1 * index + 0.05 for index in range(12)]


def params(program: Sampler) -> Any:
    return json.loads(program.encode())


def test_the_default_is_the_documented_program() -> None:
    assert SAMPLER_VIA == "sampler"
    assert Sampler([BELL]).program_id == "sampler"
    assert Sampler([BELL], via="executor").program_id == "executor"


def test_texts_travel_as_they_are_with_compressed_tensors() -> None:
    program = params(Sampler([BELL, (THETA, {"theta": [0.1, 0.2]})], shots=50, via="executor"))
    inner = program["quantum_program"]
    assert program["schema_version"] == "v2.0"
    assert inner["circuits"] == {"data": [BELL, THETA]}
    assert [item["shape"] for item in inner["items"]] == [[], [2]]
    assert [item["circuit_arguments"]["shape"] for item in inner["items"]] == [[0], [2, 1]]
    assert inner["items"][0]["circuit_arguments"]["data"] == "eJwDAAAAAAE=", "as the official client sends it"
    assert (inner["shots"], inner["semantic_role"], inner["meas_level"]) == (50, "sampler_v2", "classified")


def test_shots_come_from_the_job_its_options_or_the_services_default() -> None:
    def shots(**how: Any) -> int:
        found: int = params(Sampler([BELL], via="executor", **how))["quantum_program"]["shots"]
        return found

    assert shots() == 4096
    assert shots(options={"default_shots": 7}) == 7
    assert shots(options={"default_shots": 7}, shots=9) == 9


def test_options_of_execution_go_where_the_executor_has_them() -> None:
    options = {
        "execution": {"init_qubits": False, "rep_delay": 1e-4, "meas_type": "kerneled"},
        "experimental": {"a": 1},
    }
    program = params(Sampler([BELL], via="executor", options=options))
    assert program["options"] == {"init_qubits": False, "rep_delay": 1e-4, "experimental": {"a": 1}}
    assert program["quantum_program"]["meas_level"] == "kerneled"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"twirling": {"enable_gates": True}}, "twirling.enable_gates"),
        ({"twirling": {"enable_measure": True}}, "twirling.enable_measure"),
        ({"dynamical_decoupling": {"enable": True}}, "dynamical_decoupling.enable"),
        ({"simulator": {"seed_simulator": 1}}, "simulator"),
    ],
)
def test_what_the_executor_leaves_to_its_clients_is_refused(options: Any, named: str) -> None:
    with pytest.raises(InvalidInput, match=f"{named}; leave these out, or send the job via='sampler'"):
        Sampler([BELL], via="executor", options=options)
    Sampler([BELL], via="executor", options={"twirling": {"enable_gates": False}})


def test_texts_and_circuits_do_not_mix() -> None:
    with pytest.raises(InvalidInput, match="one kind"):
        Sampler([BELL, QuantumCircuit(1)], via="executor")


def test_another_way_is_refused() -> None:
    with pytest.raises(InvalidInput, match="'sampler' and 'executor'"):
        Sampler([BELL], via="estimator")  # type: ignore[arg-type] # the mistake under test


def test_encoding_leaves_the_circuit_as_it_is() -> None:
    circuit, values = twelve()
    program = Sampler([(circuit, values)], via="executor")
    assert program.encode() == program.encode()
    assert circuit.metadata == {"kept": [1, "x"]}


def test_twelve_parameters_by_name_and_by_position_agree_as_text_and_as_circuit_on_both_ways() -> None:
    circuit, values = twelve()
    text = qasm3.dumps(circuit)
    padded = text
    for index in range(12):  # names whose order as declared is that of the alphabet
        padded = padded.replace(f"_v_{index}_", f"v{index:02}")
    forms: list[Any] = [
        (circuit, values),
        (circuit, {"v": values}),
        (circuit, {f"v[{index}]": value for index, value in enumerate(values)}),
        (circuit.assign_parameters(values),),
        (text, {"v": values}),
        (text, {f"_v_{index}_": value for index, value in enumerate(values)}),
        (padded, values),
    ]
    sampled = [simulated(Sampler([form], shots=300)) for form in forms]
    assert len({str(result[0].data.a.get_counts()) for result in sampled}) == 1
    backwards = simulated(Sampler([(circuit, values[::-1])], shots=300))
    assert backwards[0].data.a.get_counts() != sampled[0][0].data.a.get_counts()
    # What the executor draws follows from how values arrive too: there only chances agree.
    bare = circuit.assign_parameters(values)
    bare.remove_final_measurements()
    chances = [Statevector(bare).probabilities([qubit])[1] for qubit in range(3)]
    for form in forms:
        (pub,) = simulated(Sampler([form], shots=2000, via="executor"))
        ones = pub.data.a.to_bool_array("little").sum(axis=0)
        assert all(likely(int(ones[qubit]), 2000, chances[qubit]) for qubit in range(3))


def test_both_ways_give_the_same_result_but_for_chance() -> None:
    angles = np.linspace(0.2, 2.9, 6).reshape(3, 2)
    shots = 4000
    pubs = [(THETA, {"theta": angles}), (BELL,)]
    for via in ("sampler", "executor"):
        turned, bell = simulated(Sampler(pubs, shots=shots, via=via))
        assert turned.data.shape == angles.shape
        assert turned.data.c.num_shots == shots
        for point in np.ndindex(3, 2):
            ones = turned.data.c[point].get_counts().get("1", 0)
            assert likely(ones, shots, math.sin(angles[point] / 2) ** 2)
        assert set(bell.data.meas.get_counts()) == {"00", "11"}
        assert likely(bell.data.meas.get_counts()["11"], shots, 0.5)


def test_what_is_noted_on_a_circuit_comes_back_with_its_result() -> None:
    circuit, values = twelve()
    for via in ("sampler", "executor"):
        (pub,) = simulated(Sampler([(circuit, values)], shots=5, via=via))
        assert pub.metadata["circuit_metadata"] == {"kept": [1, "x"]}
