from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit

from qrt_async.errors import InvalidInput, ResultError
from qrt_async.programs.arrays import finish, typed_array
from qrt_async.programs.noise import EncodedCircuit, LayerError, NoiseLearnerResult, PauliLindbladError
from qrt_async.programs.program import Estimator, Program
from qrt_async.programs.results import decode, decode_in_pieces

CIRCUIT = QuantumCircuit(2)
CIRCUIT.cz(0, 1)
ENCODED = EncodedCircuit(json.loads(Program("x", {"c": CIRCUIT}).encode())["c"]["__value__"])
LAYER = LayerError(ENCODED, (3, 4), PauliLindbladError(("XX", "IZ"), np.array([0.1, 0.2])))
RESULT = NoiseLearnerResult([LAYER, LayerError(ENCODED, (3, 4), None)], {"backend": "ibm_x"})


def body(value: Any) -> bytes:
    return Program("x", value).encode()


def read(value: Any) -> list[NoiseLearnerResult]:
    return [decode("noise-learner", body(value)), finish(decode_in_pieces("noise-learner", body(value)))]


def test_a_result_is_read_typed_and_plain() -> None:
    typed: dict[str, Any] = RESULT.to_typed()
    plain = {"data": RESULT.data, "metadata": RESULT.metadata}
    for result in read(typed) + read(plain):
        assert len(result) == 2
        assert result.metadata == {"backend": "ibm_x"}
        assert result[0].qubits == (3, 4)
        assert result[0].num_qubits == 2
        assert result[0].circuit == ENCODED
        assert result[0].circuit.to_qiskit() == CIRCUIT
        error = result[0].error
        assert error is not None
        assert error.generators == ("XX", "IZ")
        assert error.num_qubits == 2
        assert error.rates.tolist() == [0.1, 0.2]
        assert result[1].error is None
        assert [layer.qubits for layer in result[:1]] == [(3, 4)]


def test_a_result_is_sent_on_as_a_noise_model() -> None:
    options = {"resilience": {"layer_noise_model": RESULT, "zne_mitigation": True}}
    sent = json.loads(Estimator([(CIRCUIT, "ZZ")], options=options).encode())["options"]["resilience"][
        "layer_noise_model"
    ]
    assert sent["__type__"] == "NoiseLearnerResult"
    assert len(decode("noise-learner", json.dumps(sent).encode())) == 2


def test_layers_were_once_pairs_of_dictionaries() -> None:
    pair = [{"circuit": CIRCUIT, "qubits": [3, 4]}, {"generators": ["XX", "IZ"], "rates": [0.1, 0.2]}]
    for result in read({"data": [pair], "metadata": {}}):
        assert result[0].qubits == (3, 4)
        assert result[0].circuit == ENCODED
        assert result[0].error is not None
        assert result[0].error.generators == ("XX", "IZ")
        assert result[0].error.rates.tolist() == [0.1, 0.2]


@pytest.mark.parametrize(
    "value",
    [{"data": [3], "metadata": {}}, {"data": 3}, {"nothing": 1}, {"schema_version": "v0.3"},
     {"schema_version": "v0.3", "data": [{"rates": 3}]}, {"__type__": "NoiseLearnerResult", "__value__": {}}],
)  # fmt: skip
def test_what_is_no_result_is_an_error(value: Any) -> None:
    with pytest.raises(ResultError):
        decode("noise-learner", json.dumps(value).encode())


def test_an_error_needs_a_rate_for_each_generator() -> None:
    typed = LAYER.to_typed()
    typed["__value__"]["error"]["__value__"]["rates"] = typed_array(np.zeros(3))
    with pytest.raises(ResultError, match="2 generators and 3 rates"):
        decode("noise-learner", json.dumps({"data": [typed]}).encode())


@pytest.mark.parametrize("text", ["", "AAAA", "!", ENCODED.text[:-8]])
def test_a_damaged_circuit_is_an_error_when_read(text: str) -> None:
    with pytest.raises(ResultError):
        EncodedCircuit(text).qpy()
    with pytest.raises(ResultError):
        EncodedCircuit(text).to_qiskit()


def test_the_official_classes_need_the_official_client() -> None:
    with pytest.raises(InvalidInput, match="pip install qiskit-ibm-runtime"):
        RESULT.to_qiskit()
