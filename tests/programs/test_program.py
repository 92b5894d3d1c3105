from __future__ import annotations

import json
import math
import zlib
from base64 import b64decode
from typing import Any

import msgspec
import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector

from qrt_async.errors import InvalidInput
from qrt_async.programs.options import EstimatorOptions
from qrt_async.programs.program import Estimator, NoiseLearner, Program, Sampler
from qrt_async.programs.qiskit import qpy_bytes, read_circuit
from qrt_async.programs.results import decode

QASM = "OPENQASM 3.0; input float theta; input angle phi; qubit[2] q; bit[2] c; c = measure q;"


def circuit(parameters: int = 2) -> QuantumCircuit:
    made = QuantumCircuit(2)
    for parameter in ParameterVector("theta", parameters):
        made.rx(parameter, 0)
    return made


def params(program: Program) -> Any:
    return json.loads(program.encode())


def test_a_text_is_sent_with_values_by_name() -> None:
    assert params(Sampler([(QASM, {"theta": [0.1, 0.2], "phi": 1})], shots=100)) == {
        "pubs": [[QASM, {"theta": [0.1, 0.2], "phi": [1.0, 1.0]}, 100]],
        "options": {},
        "version": 2,
        "support_qiskit": True,
    }
    assert params(Sampler(["OPENQASM 3.0; qubit q;"]))["pubs"] == [["OPENQASM 3.0; qubit q;", None, None]]


def test_a_circuit_is_sent_as_qpy_with_an_array_in_its_own_order() -> None:
    made = circuit(12)
    values = np.arange(36.0).reshape(3, 12)
    (pub,) = params(Sampler([(made, values)]))["pubs"]
    assert pub[0]["__type__"] == "QuantumCircuit"
    qpy = zlib.decompress(b64decode(pub[0]["__value__"]))
    assert qpy[:6] == b"QISKIT"
    assert qpy[6] <= 17
    got = decode("any", json.dumps(pub).encode())
    assert got[0].to_qiskit() == made
    assert got[1].tolist() == values.tolist()
    assert pub[2] is None


def test_names_and_positions_send_the_same() -> None:
    made = circuit(12)
    values = np.random.default_rng(1).normal(size=(4, 12))
    by_name = {parameter.name: values[:, index] for index, parameter in enumerate(made.parameters)}
    backwards = dict(reversed(by_name.items()))
    encoded = {Sampler([(made, given)]).encode() for given in (values, values.tolist(), by_name, backwards)}
    assert len(encoded) == 1


def test_a_circuit_without_parameters_sends_an_empty_array() -> None:
    (pub,) = params(Sampler([QuantumCircuit(1)]))["pubs"]
    assert decode("any", json.dumps(pub).encode())[1].shape == (0,)


def test_an_estimator_sends_observables_values_and_precision() -> None:
    program = Estimator(
        [(QASM, ["ZZ", {"XX": 0.5}], {"theta": 1, "phi": 2})],
        precision=0.1,
        options=EstimatorOptions(resilience_level=0),
    )
    assert params(program) == {
        "pubs": [[QASM, [{"ZZ": 1.0}, {"XX": 0.5}], {"theta": 1.0, "phi": 2.0}, 0.1]],
        "options": {},
        "resilience_level": 0,
        "version": 2,
        "support_qiskit": True,
    }


def test_a_noise_learner_sends_circuits_and_options() -> None:
    program = NoiseLearner(["OPENQASM 3.0; qubit q;"], options={"layer_pair_depths": [0, 4]})
    assert params(program) == {
        "circuits": ["OPENQASM 3.0; qubit q;"],
        "options": {"layer_pair_depths": [0, 4], "support_qiskit": True},
    }


def test_more_executions_than_the_service_runs_in_a_job_are_refused() -> None:
    Sampler([(QASM, {"theta": np.zeros(1000), "phi": 1})], shots=10_000)
    with pytest.raises(InvalidInput, match=r"2,442 points of 4,096 shots, .* at most 10,000,000"):
        Sampler([(QASM, {"theta": np.zeros(2442), "phi": 1})])
    twirled = {"twirling": {"num_randomizations": 1, "shots_per_randomization": 1}}
    Sampler([(QASM, {"theta": np.zeros(2442), "phi": 1})], options=twirled)


def test_encoding_twice_gives_the_same_bytes() -> None:
    for program in (
        Sampler([(circuit(), [1, 2])]),
        Estimator([(circuit(), "ZZ", [1, 2])]),
        NoiseLearner([circuit(0)]),
    ):
        assert program.encode() == program.encode()


def test_what_is_given_is_copied() -> None:
    made, values = circuit(), np.zeros(2)
    options = {"experimental": {"a": [1]}}
    program = Sampler([(made, values)], options=options)
    before = program.encode()
    made.x(0)
    values += 1
    options["experimental"]["a"].append(2)
    assert program.encode() == before


def test_a_shared_circuit_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []

    def counted(one: QuantumCircuit) -> bytes:
        calls.append(one)
        return qpy_bytes(one)

    monkeypatch.setattr("qrt_async.programs.qiskit.qpy_bytes", counted)
    made = circuit()
    Sampler([(made, [index, 0]) for index in range(5)]).encode()
    assert len(calls) == 1


def test_a_circuit_that_qpy_cannot_hold_is_invalid_input(monkeypatch: pytest.MonkeyPatch) -> None:
    made = circuit(0)
    made.metadata = {"no": object()}
    with pytest.raises(InvalidInput, match="cannot be written as QPY"):
        Sampler([made]).encode()


@pytest.mark.parametrize(
    "given",
    [
        {"a": [1, None, "x"]},
        b' {"a":[1,null,"x"]}',
        msgspec.Raw(b'{"a":[1,null,"x"]}'),
        {"a": (1, None, "x")},
    ],
)
def test_any_program_passes_its_params_through(given: Any) -> None:
    program = Program("executor", given)
    assert program.program_id == "executor"
    assert json.loads(program.encode()) == {"a": [1, None, "x"]}
    if isinstance(given, bytes):
        assert program.encode() is given


@pytest.mark.parametrize("lost", [float("nan"), [1, {"a": float("inf")}], np.float64("nan")])
def test_what_json_would_lose_is_refused(lost: Any) -> None:
    with pytest.raises(InvalidInput, match="NaN"):
        Program("x", {"a": lost, "b": None}).encode()


def test_any_program_types_arrays_numbers_and_circuits() -> None:
    encoded = Program("x", {"a": np.arange(3), "n": np.int64(2), "z": 1j, "c": circuit(0)}).encode()
    got = decode("x", encoded)
    assert got["a"].tolist() == [0, 1, 2]
    assert got["n"] == 2
    assert got["z"] == 1j
    assert read_circuit(got["c"]) == circuit(0)


@pytest.mark.parametrize("given", [b"[1]", msgspec.Raw(b"3"), b""])
def test_encoded_params_must_be_an_object(given: Any) -> None:
    with pytest.raises(InvalidInput, match="no JSON object"):
        Program("x", given)


@pytest.mark.parametrize("given", [[1], 3, "text", {"a": object()}, {"a": {1: 2, (1,): 3}}])
def test_params_that_are_no_json_object_are_refused(given: Any) -> None:
    with pytest.raises(InvalidInput):
        Program("x", given).encode()


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_program_has_a_name(name: Any) -> None:
    with pytest.raises(InvalidInput, match="program id"):
        Program(name, {})


def test_a_program_tells_what_it_is() -> None:
    assert repr(Sampler(["qubit q;"])) == "<Sampler 'sampler'>"
    assert repr(Program("executor", {})) == "<Program 'executor'>"
    assert Estimator([("qubit q;", "Z")]).program_id == "estimator"
    assert NoiseLearner(["qubit q;"]).program_id == "noise-learner"


ONE = "OPENQASM 3.0; input float a; qubit[2] q; bit[2] c; c = measure q;"


@pytest.mark.parametrize(
    "program",
    [
        Program("x", b'{"a":"' + b"b" * 5000 + b'"}'),
        Sampler([ONE.replace("input float a;", "")] * 20),
        Sampler([(ONE, {"a": [0.1234567890123456 * at for at in range(1000)]})]),
        Estimator([(ONE, [["ZZ", "XX"]] * 50, {"a": 0.5})] * 10),
        NoiseLearner([ONE.replace("input float a;", "")] * 20),
    ],
)
def test_bulk_is_about_the_length_of_what_is_sent(program: Program) -> None:
    assert len(program.encode()) / 2 < program.bulk < 2 * len(program.encode())


def test_bulk_is_unknown_where_only_encoding_tells() -> None:
    assert {Sampler([circuit(0)]).bulk, Program("x", {"a": 1}).bulk} == {math.inf}
    assert Sampler([ONE.replace("input float a;", "")], via="executor").bulk == math.inf
