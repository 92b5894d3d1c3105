"""Sweeps: what is refused when they are made, and the shapes and values of what they run."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector

from qrt_async.errors import InvalidInput
from qrt_async.programs.options import EstimatorOptions
from qrt_async.sweep.piece import Piece
from qrt_async.sweep.sweep import Sweep
from tests.programs.simulated import simulated

TEXT = (
    'OPENQASM 3.0; include "stdgates.inc"; input float theta; input float phi; qubit[2] q; bit[2] c;'
    "ry(theta) q[0]; ry(phi) q[1]; c = measure q;"
)
BARE = TEXT.removesuffix("c = measure q;").replace("bit[2] c;", "")


def rotations(measure: bool = False) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("theta"), 0)
    circuit.ry(Parameter("phi"), 1)
    if measure:
        circuit.measure_all()
    return circuit


def vectors() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    for qubit, angle in enumerate(ParameterVector("v", 2)):
        circuit.ry(angle, qubit)
    return circuit


VECTOR = vectors()
UNREADABLE = "OPENQASM 3; input array[float, 2] v; qubit q;"


@pytest.mark.parametrize("circuit", [BARE, rotations()])
@pytest.mark.parametrize("observables", ["IZ", ["IZ", "ZI", "ZZ"], [["IZ", "ZI"], ["ZZ", "II"]]])
def test_each_point_meets_each_observable(circuit: Any, observables: Any) -> None:
    """Three observables against three points would be zipped without the axis of their own."""
    angles = {"theta": [0.1, 0.7, 2.0], "phi": [0.4, 1.1, 3.0]}
    sweep = Sweep(circuit, angles, observables=observables, combine="zip", precision=0.001)
    (pub,) = simulated(sweep.program(sweep.pieces()))
    theta, phi = np.cos(angles["theta"]), np.cos(angles["phi"])
    values = {"IZ": theta, "ZI": phi, "ZZ": theta * phi, "II": theta**0}
    expected = np.stack([values[label] for label in np.ravel(observables)], axis=1)
    assert pub.data.evs.shape == (3, *sweep.observables_shape)
    assert np.allclose(pub.data.evs, expected.reshape(3, *sweep.observables_shape), atol=0.01)


@pytest.mark.parametrize("size", [1, 2])
def test_a_piece_of_one_point_keeps_its_axis(size: int) -> None:
    for circuit in (TEXT, rotations(measure=True)):
        sweep = Sweep(circuit, {"theta": [0.0, math.pi], "phi": 0}, shots=8)
        (pub,) = simulated(sweep.program([Piece(0, 2 - size, 2)]))
        register = pub.data.c if circuit is TEXT else pub.data.meas
        assert register.shape == (size,)
        assert register[-1].get_counts() == {"01": 8}


def test_pieces_run_their_circuit_at_their_points() -> None:
    flipped = rotations()
    flipped.x(0)
    sweep = Sweep(
        {"plain": rotations(), "flipped": flipped},
        {"theta": [0.0, 1.0], "phi": [0.0, math.pi]},
        observables=["IZ", "ZI"],
        precision=0.001,
    )
    assert (sweep.size, sweep.grid.size) == (8, 4)
    assert sweep.label(6) == "flipped: theta=1.0,phi=0.0"
    assert (sweep.circuit_of(3), sweep.parameters(6)) == ("plain", {"theta": 1.0, "phi": 0.0})
    plain, other = simulated(sweep.program([Piece(0, 1, 3), Piece(1, 6, 8)]))
    one = math.cos(1.0)
    assert np.allclose(plain.data.evs, np.array([[1.0, -1.0], [one, 1.0]]), atol=0.01)
    assert np.allclose(other.data.evs, np.array([[-one, 1.0], [-one, -1.0]]), atol=0.01)


def test_vectors_go_by_name_and_by_object() -> None:
    circuit = vectors()
    rows: Any = [[0.0, math.pi], [math.pi, 0.0], [1.0, 2.0]]
    vector = ParameterVector("v", 2)
    for parameters in ({"v": rows}, {vector: rows}, {("v[0]", "v[1]"): rows}):
        sweep = Sweep(circuit, parameters, observables=["IZ", "ZI"], precision=0.001)
        (pub,) = simulated(sweep.program(sweep.pieces()))
        assert np.allclose(pub.data.evs, np.cos(rows), atol=0.01)
    fixed = Sweep(circuit, {"v": [0.0, math.pi]}, observables="ZI")
    assert (fixed.size, fixed.grid.shape) == (1, ())


def test_circuits_without_parameters_are_a_point_each() -> None:
    circuits = [QuantumCircuit(1), QuantumCircuit(1)]
    circuits[1].x(0)
    sweep = Sweep(circuits, observables="Z", precision=0.01)
    assert [sweep.label(at) for at in range(sweep.size)] == ["0", "1"]
    pubs = simulated(sweep.program(sweep.pieces()))
    assert [float(pub.data.evs) for pub in pubs] == [1.0, -1.0]


def test_later_changes_to_a_circuit_change_nothing() -> None:
    circuit = rotations()
    sweep = Sweep(circuit, {"theta": 0, "phi": 0}, observables="IZ", precision=0.01)
    key = sweep.key(backend="x", instance="i", name="n")
    circuit.x(0)
    assert sweep.key(backend="x", instance="i", name="n") == key
    assert simulated(sweep.program(sweep.pieces()))[0].data.evs == [1.0]


def test_each_piece_is_a_pub_and_options_are_sent() -> None:
    sweep = Sweep(
        TEXT, {"theta": [0, 1, 2, 3], "phi": 0.5}, shots=10, options={"twirling": {"enable_gates": True}}
    )
    params = msgspec.json.decode(sweep.program([Piece(0, 0, 1), Piece(0, 2, 4)]).encode())
    assert [pub[0] for pub in params["pubs"]] == [TEXT, TEXT]
    assert [np.ravel(pub[1]["theta"]).tolist() for pub in params["pubs"]] == [[0.0], [2.0, 3.0]]
    assert params["options"] == {"twirling": {"enable_gates": True}}


def test_a_hundred_thousand_points_are_one_pub() -> None:
    sweep = Sweep(TEXT, {"theta": np.linspace(0, 1, 1000), "phi": np.linspace(0, 1, 100)}, shots=100)
    (pub,) = msgspec.json.decode(sweep.program(sweep.pieces()).encode())["pubs"]
    assert np.array_equal(np.ravel(pub[1]["phi"]), sweep.grid.columns(0, 100_000)["phi"])


GIVEN: dict[str, Any] = {"circuit": TEXT, "parameters": {"theta": [0, 1], "phi": 0}}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"parameters": {"theta": 0}},
            "^got no value for 'phi'; the circuit's parameters are 'theta', 'phi'",
        ),
        ({"parameters": {"theta": 0, "phi": 0, "x": 1}}, "values for 'x', which it does not have"),
        ({"parameters": {"theta": [[0, 1], [2, 3]], "phi": 0}}, "combine='zip'"),
        ({"circuit": VECTOR, "parameters": {"v": [[1, 2]], "v[0]": 0}}, r"'v\[0\]' twice"),
        ({"circuit": VECTOR, "parameters": {"v": [1, 2, 3]}}, "2 numbers a point"),
        ({"circuit": UNREADABLE, "parameters": {"v": [[1, 2]]}}, "vectors for 'v'.*inputs cannot be told"),
        ({"parameters": None}, "no value for 'theta', 'phi'"),
        ({"shots": 1, "precision": 0.1}, "shots and precision"),
        ({"precision": 0.1}, "no observables"),
        ({"shots": 10, "observables": "ZZ"}, "precision"),
        ({"shots": 0}, "shots: got 0"),
        ({"shots": 10_000_001}, "at most 10,000,000"),
        ({"options": {"twirlling": {}}}, "'twirling' was probably meant"),
        ({"options": EstimatorOptions()}, "needed is SamplerOptions"),
        ({"observables": "ZZZ"}, "3 qubits for a circuit of 2"),
        ({"observables": "Q"}, "letters I, X, Y, Z"),
        ({"circuit": []}, "at least one"),
        ({"circuit": 3}, "type int"),
        ({"circuit": [TEXT, 3]}, "^1: .*type int"),
        ({"circuit": {"good": TEXT, "bad": TEXT.replace("phi", "psi")}}, "^circuit 'bad': .*'phi'"),
    ],
)
def test_what_cannot_be_run_is_refused_when_it_is_made(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        Sweep(**{**GIVEN, **changed})


def test_the_one_that_is_right_is_taken() -> None:
    sweep = Sweep(**GIVEN)
    assert (sweep.program_id, sweep.size, sweep.options) == ("sampler", 2, {})
    with pytest.raises(IndexError, match="there are 2"):
        sweep.label(2)
