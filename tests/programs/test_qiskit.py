from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit, primitives, qpy
from qiskit.circuit import Parameter

from qrt_async.errors import InvalidInput
from qrt_async.programs.arrays import typed_array
from qrt_async.programs.qiskit import QPY_VERSION, QpyCircuit, qpy_bytes
from qrt_async.programs.results import decode


def typed(kind: str, value: Any) -> dict[str, Any]:
    return {"__type__": kind, "__value__": value}


def test_qpy_is_written_in_a_version_that_the_service_reads() -> None:
    assert qpy_bytes(QuantumCircuit(1))[6] <= QPY_VERSION == 17


@pytest.mark.parametrize("nested", [False, True])
def test_a_delay_in_a_unit_that_qpy_does_not_keep_is_refused(nested: bool) -> None:
    def waiting(unit: str) -> QuantumCircuit:
        circuit = QuantumCircuit(1, 1, name="waiting")
        if nested:
            with circuit.if_test((circuit.clbits[0], 1)):
                circuit.delay(200, 0, unit=unit)
        else:
            circuit.delay(200, 0, unit=unit)
        return circuit

    (read,) = qpy.load(io.BytesIO(qpy_bytes(waiting("dt"))))
    assert read == waiting("dt")
    with pytest.raises(InvalidInput, match=r"'waiting' has a delay in 'ns'.*in dt"):
        qpy_bytes(waiting("ns"))


def test_a_circuit_knows_its_names_in_its_own_order() -> None:
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("b") + Parameter("a"), 0)
    assert QpyCircuit.of(circuit).names == ("a", "b")


def test_a_typed_result_becomes_qiskits_own() -> None:
    array = np.array([[0], [3], [3], [0]], dtype=np.uint8)
    bits = typed("BitArray", {"array": typed_array(array), "num_bits": 2})
    sampled = typed("DataBin", {"field_names": ["meas"], "shape": [], "fields": {"meas": bits}})
    numbers = typed(
        "DataBin", {"field_names": ["evs"], "shape": [2], "fields": {"evs": typed_array(np.array([0.5, 1]))}}
    )
    pubs = [
        typed("SamplerPubResult", {"data": sampled, "metadata": {"a": 1}}),
        typed("PubResult", {"data": numbers, "metadata": {}}),
    ]
    body = json.dumps(typed("PrimitiveResult", {"pub_results": pubs, "metadata": {"version": 2}})).encode()
    got = decode("sampler", body).to_qiskit()
    assert isinstance(got, primitives.PrimitiveResult)
    assert isinstance(got[0], primitives.SamplerPubResult)
    assert type(got[1]) is primitives.PubResult
    assert got[0].data.meas == primitives.BitArray(array, 2)
    assert got[0].join_data().get_counts() == {"00": 2, "11": 2}
    assert got[1].data.evs.tolist() == [0.5, 1]
    assert got[1].data.shape == (2,)
    assert got[0].metadata == {"a": 1}
    assert got.metadata == {"version": 2}


def test_a_plain_result_becomes_qiskits_own() -> None:
    body = b'{"results":[{"data":{"c":{"samples":["0x0","0x3"],"num_bits":2}},"metadata":{}}],"metadata":{}}'
    got = decode("sampler", body).to_qiskit()
    assert isinstance(got[0], primitives.SamplerPubResult)
    assert got[0].data.c.get_counts() == {"00": 1, "11": 1}


def test_bits_share_memory_with_qiskits() -> None:
    body = b'{"results":[{"data":{"c":{"samples":["0x0","0x3"],"num_bits":2}}}]}'
    bits = decode("sampler", body)[0].data.c
    assert np.shares_memory(bits.array, bits.to_qiskit().array)
