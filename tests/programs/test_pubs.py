from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, qasm3
from qiskit.circuit import Parameter, ParameterVector
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qrt_async.errors import InvalidInput
from qrt_async.programs.pubs import read_circuits, read_estimator_pubs, read_sampler_pubs

QASM = "OPENQASM 3.0; input float theta; input float phi; qubit[2] q; bit[2] c; c = measure q;"
BARE = "OPENQASM 3.0; qubit[2] q; bit[2] c; c = measure q;"
GIVEN = {"theta": 0.1, "phi": 0.2}
THETA = Parameter("theta")
CIRCUIT = QuantumCircuit(2)
CIRCUIT.rx(THETA, 0)
VECTOR = ParameterVector("theta", 12)
LONG = QuantumCircuit(2)
for element in VECTOR:
    LONG.rx(element, 0)


def test_values_broadcast_to_the_shape_of_the_pub() -> None:
    (pub,) = read_sampler_pubs([(QASM, {"theta": [[0.1, 0.2, 0.3]], "phi": np.ones((2, 3))})], None)
    assert pub.shape == (2, 3)


def test_values_broadcast_against_observables() -> None:
    (pub,) = read_estimator_pubs([(QASM, ["ZZ", "XX", "YY"], {"theta": [[[1]], [[2]]], "phi": 0})], None)
    assert pub.parameters.shape == (2, 1)
    assert pub.shape == (2, 3)


def test_qiskits_parameters_vectors_and_bindings_are_names() -> None:
    for given in (
        {THETA: 0.5},
        {"theta": 0.5},
        BindingsArray({"theta": 0.5}),
        BindingsArray({THETA: [0.5]}),
        [0.5],
        0.5,
    ):
        (pub,) = read_sampler_pubs([(CIRCUIT, given)], None)
        assert pub.parameters.boxes["theta"].nested == 0.5
        assert pub.shape == ()


def test_positions_mean_the_order_of_the_circuit_not_of_the_alphabet() -> None:
    for given in (
        np.arange(12),
        {VECTOR: np.arange(12)},
        {"theta": range(12)},
        {p: i for i, p in enumerate(VECTOR)},
    ):
        (pub,) = read_sampler_pubs([(LONG, given)], None)
        assert [pub.parameters.boxes[f"theta[{index}]"].nested for index in range(12)] == list(range(12))
        assert list(pub.circuit.names or ())[2:4] == ["theta[2]", "theta[3]"]


def test_qiskits_own_pubs_are_pubs() -> None:
    sampled, bare = read_sampler_pubs([SamplerPub.coerce((CIRCUIT, [[0.1], [0.2]]), 50), (CIRCUIT, 0.3)], 50)
    assert sampled.parameters.boxes["theta"].nested.tolist() == [0.1, 0.2]
    assert (sampled.shape, sampled.shots, bare.shape) == ((2,), 50, ())
    pub = EstimatorPub.coerce((CIRCUIT, ["ZZ", "XX"], [0.1]), 0.1)
    (estimated,) = read_estimator_pubs([pub], None)
    assert estimated.observables.nested() == [{"ZZ": 1.0}, {"XX": 1.0}]
    assert (estimated.shape, estimated.precision) == ((2,), 0.1)
    with pytest.raises(InvalidInput, match="got SamplerPub; a PUB is a tuple"):
        read_estimator_pubs([SamplerPub.coerce(CIRCUIT.assign_parameters([0.1]))], None)


def test_bindings_may_have_a_shape_and_no_names() -> None:
    (pub,) = read_sampler_pubs([(QuantumCircuit(1), BindingsArray({}, shape=(3, 2)))], None)
    assert pub.shape == (3, 2)


def test_a_vector_is_found_in_the_text_that_qiskit_wrote_of_its_circuit() -> None:
    text = qasm3.dumps(LONG)
    for given in (
        {"theta": range(12)},
        {VECTOR: np.arange(12)},
        {f"theta[{index}]": index for index in range(12)},
        {element: index for index, element in enumerate(VECTOR)},
        {tuple(VECTOR): range(12)},
        {f"_theta_{index}_": index for index in range(12)},
    ):
        (pub,) = read_sampler_pubs([(text, given)], None)
        assert {name: box.nested for name, box in pub.parameters.boxes.items()} == {
            f"_theta_{index}_": index for index in range(12)
        }


def test_positions_in_a_text_are_taken_where_both_orders_agree() -> None:
    agreeing = "OPENQASM 3.0; input float a2; input float b1; qubit q;"
    (pub,) = read_sampler_pubs([(agreeing, [[1, 2], [3, 4]])], None)
    assert pub.parameters.by_name() == {"a2": [1.0, 3.0], "b1": [2.0, 4.0]}
    for ambiguous in (qasm3.dumps(LONG), "input float b; input float a;", "input array[float, 2] a;"):
        with pytest.raises(InvalidInput, match="by position"):
            read_sampler_pubs([(ambiguous, [0.1] * 12)], None)


@pytest.mark.parametrize(
    "given", [[BARE, BARE], ((BARE,), (BARE, None)), ([BARE, None, 100],), iter([BARE]), [(BARE, {})]]
)
def test_a_list_of_pubs_in_any_form_is_read(given: Any) -> None:
    assert read_sampler_pubs(given, 100)[0].shots == 100


@pytest.mark.parametrize("given", [BARE, CIRCUIT, (BARE, None, 100), (QASM, GIVEN), (CIRCUIT, [0.1])])
def test_a_single_pub_instead_of_a_list_is_told_so(given: Any) -> None:
    with pytest.raises(InvalidInput, match=r"single .*wrap it in \[ \]"):
        read_sampler_pubs(given, None)


def test_a_single_estimator_pub_instead_of_a_list_is_told_so() -> None:
    with pytest.raises(InvalidInput, match=r"single PUB.*wrap it in \[ \]"):
        read_estimator_pubs((CIRCUIT, ["ZZ"], [0.1]), None)


@pytest.mark.parametrize(
    ("pub", "said"),
    [
        ((), "0 entries"),
        ((BARE, None, 100, None), r"4 entries; a PUB is \(circuit, values, shots\)"),
        ({"circuit": BARE}, "a PUB is a tuple"),
        ((3,), "PUB 1: Got a circuit of type int"),
        (
            (QASM, [0.1, 0.2]),
            "by position .* it says 'theta', 'phi', the service would read 'phi', 'theta'",
        ),
        ((QASM, None), "no value for 'theta', 'phi'"),
        ((QASM, {"theta": 1}), "no value for 'phi'"),
        ((BARE, {"theta": 1}), "values for 'theta'"),
        ((CIRCUIT,), "no value for 'theta'"),
        ((CIRCUIT, [1, 2]), None),
        ((CIRCUIT, {"theta": np.zeros((0, 1))}), "no point at all"),
        ((LONG, [0.1] * 11), "the last axis must have 12 entries"),
        ((BARE, None, 0), "whole numbers above 0"),
        ((BARE, None, 1.5), "whole numbers above 0"),
        ((BARE, None, True), "whole numbers above 0"),
        ((BARE, None, "100"), "whole numbers above 0"),
        ((BARE, None, 7), r"different shots \(100, 7\)"),
    ],
)
def test_a_wrong_pub_is_named_with_what_is_wrong(pub: Any, said: str | None) -> None:
    if said is None:
        assert read_sampler_pubs([BARE, pub], 100)[1].shape == (2,)
        return
    with pytest.raises(InvalidInput, match=said):
        read_sampler_pubs([BARE, pub], 100)


def test_no_pub_at_all_is_refused() -> None:
    nothing: list[Any] = [[], (), iter([])]
    for empty in nothing:
        with pytest.raises(InvalidInput, match="at least one"):
            read_sampler_pubs(empty, None)
    no_list: list[Any] = [None, 3, {}]
    for wrong in no_list:
        with pytest.raises(InvalidInput, match="needed is a list"):
            read_sampler_pubs(wrong, None)


def test_one_number_of_shots_holds_for_all() -> None:
    assert [pub.shots for pub in read_sampler_pubs([(BARE, None, 50), BARE], 50)] == [50, 50]
    assert [pub.shots for pub in read_sampler_pubs([(BARE, None, np.int64(9)), BARE], 9)] == [9, 9]
    with pytest.raises(InvalidInput, match="one job for each"):
        read_sampler_pubs([(BARE, None, 50), BARE], None)
    with pytest.raises(InvalidInput, match=r"shots=10 and PUBs that ask for 50; .*leave one out"):
        read_sampler_pubs([(BARE, None, 50)], 10)
    with pytest.raises(InvalidInput, match=r"precision=0\.1 and PUBs that ask for 0\.2"):
        read_estimator_pubs([(BARE, "ZZ", None, 0.2)], 0.1)


@pytest.mark.parametrize("precision", [0, -0.1, float("nan"), float("inf"), True, "0.1", [0.1]])
def test_a_precision_is_a_number_above_zero(precision: Any) -> None:
    with pytest.raises(InvalidInput, match="above 0"):
        read_estimator_pubs([(BARE, "ZZ")], precision)
    with pytest.raises(InvalidInput, match="PUB 0, precision"):
        read_estimator_pubs([(BARE, "ZZ", None, precision)], None)


@pytest.mark.parametrize(
    ("pub", "said"),
    [
        ((BARE,), "2 to 4"),
        (BARE, "2 to 4"),
        ((BARE, "ZZZ"), "3 qubits for a circuit of 2"),
        ((CIRCUIT, "ZZZ", 0.1), "apply_layout"),
        ((BARE, "ZQ"), "PUB 0: .*letters"),
        ((QASM, ["ZZ", "XX", "YY"], {"theta": [1, 2], "phi": 0}), "values and observables of shapes"),
    ],
)
def test_a_wrong_estimator_pub_is_named_with_what_is_wrong(pub: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read_estimator_pubs([pub], None)


def test_a_circuit_shared_by_pubs_is_read_once() -> None:
    first, second = read_sampler_pubs([(CIRCUIT, 0.1), (CIRCUIT, 0.2)], None)
    assert first.circuit is second.circuit


def test_learners_take_circuits_without_free_parameters() -> None:
    assert len(read_circuits([BARE, QuantumCircuit(1)])) == 2
    with pytest.raises(InvalidInput, match="circuit 0 has the free parameters"):
        read_circuits([CIRCUIT])
