from __future__ import annotations

from typing import Any

import msgspec
import pytest
from qiskit import QuantumCircuit

from qrt_async.emulator.programs.execute import execute
from tests.emulator.lab import BELL, BELL_ISA, HEAD, ROTATION, refused, run, typed, work

LOOPING = HEAD + "qubit q; bit c; c = measure q; if (c) { x q; }"


@pytest.mark.parametrize(
    ("pubs", "given", "code", "says"),
    [
        (["this is not qasm"], {}, 1603, "not OpenQASM 3"),
        ([[HEAD + "qubit[2] q; cx q[0], q[0];"]], {}, 1603, "duplicate"),
        (["c5dge2d3rn7breq27i9g"], {}, 1603, "not OpenQASM 3"),
        ([{"__type__": "QuantumCircuit", "__value__": "AAAA"}], {}, 1603, "QPY"),
        ([{"__type__": "Parameter", "__value__": "AAAA"}], {}, 1603, "typed QuantumCircuit"),
        ([7], {}, 1603, "OpenQASM 3 text"),
        ([[]], {}, 1515, "pub"),
        ([[BELL, None, 1, 2]], {}, 1515, "pub"),
        ([[BELL, None, 0]], {}, 1515, "shots"),
        ([[BELL, None, -5]], {}, 1515, "shots"),
        ([[BELL, None, 1.5]], {}, 1515, "shots"),
        ([[BELL, None, True]], {}, 1515, "shots"),
        ([[BELL, None, 3_000_000_000]], {}, 1520, "exceeds the system limit 10000000"),
        ([[ROTATION, [[0.0]] * 3000, 4000]], {}, 1520, "12000000"),
        ([[BELL, [0.1]]], {}, 1515, "parameter"),
        ([[ROTATION]], {}, 1515, "theta"),
        ([[BELL]], {"options": {"no_such": 1}}, 1521, "no_such"),
        (
            [[BELL]],
            {"options": {"execution": {"meas_type": "kerneled"}, "twirling": {"enable_measure": True}}},
            1521,
            "kerneled",
        ),
        ([[BELL]], {"backend": "emulator_heron"}, 1517, "The instruction h on qubits (0,)"),
        ([[BELL_ISA.replace("$1", "$5")]], {"backend": "emulator_heron"}, 1517, "cz on qubits (0, 5)"),
        ([[BELL]], {"backend": "ideal:1"}, 1517, "2 qubits"),
        ([[BELL]], {"program": "no-such"}, 1521, "no-such"),
    ],
)
def test_a_sampler_job_that_cannot_run_fails_for_its_own_reason(
    pubs: list[Any], given: dict[str, Any], code: int, says: str
) -> None:
    seen, reason = refused(pubs, **given)
    assert seen == code
    assert says in reason


@pytest.mark.parametrize(
    ("pubs", "given", "code", "says"),
    [
        ([[BELL, "ZZZ"]], {}, 1501, "(2) does not match"),
        ([[BELL, "ZQ"]], {}, 1515, "letters"),
        ([[BELL]], {}, 1515, "observable"),
        ([BELL], {}, 1515, "observable"),
        ([[LOOPING, "Z"]], {}, 1522, "Dynamic"),
        ([[BELL, "ZZ", None, 0]], {}, 1515, "precision"),
        ([[BELL, "ZZ", None, float("nan")]], {}, 1515, "precision"),
        ([[BELL, "ZZ", None, 1e-5]], {}, 1520, "lower the precision"),
        ([[ROTATION, ["Z", "Z"], [0.1, 0.2, 0.3]]], {}, 1515, "do not broadcast"),
        ([[BELL, "ZZ"]], {"resilience_level": 3}, 1521, "resilience_level"),
        (
            [[BELL, "ZZ"]],
            {"options": {"resilience": {"zne_mitigation": True, "pec_mitigation": True}}},
            1521,
            "pec_mitigation",
        ),
    ],
)
def test_an_estimator_job_that_cannot_run_fails_for_its_own_reason(
    pubs: list[Any], given: dict[str, Any], code: int, says: str
) -> None:
    seen, reason = refused(pubs, program="estimator", **given)
    assert seen == code
    assert says in reason


def test_noise_on_too_many_qubits_is_refused_as_a_limit() -> None:
    text = HEAD + "".join(f"sx ${qubit};" for qubit in range(11)) + "bit c; c = measure $0;"
    assert refused([[text]], backend="emulator_heron")[0] == 1520


def test_a_bad_pub_fails_the_whole_job() -> None:
    assert refused([[BELL], ["nonsense"]])[0] == 1603


@pytest.mark.parametrize("params", [b"", b"{", b"[]", b"null", b"\xff", b'{"pubs": {}}', b"[" * 100_000])
def test_params_that_are_no_params_fail_the_job(params: bytes) -> None:
    outcome = execute(msgspec.structs.replace(work([]), params=params))
    assert outcome.kind == "failed"
    assert outcome.reason_code in (1515, 1521)


def test_bare_nan_in_params_is_read_as_the_official_client_writes_it() -> None:
    assert refused([[ROTATION, [float("nan")]]]) == (
        1515,
        "The parameter values do not fit the circuit: they are not all finite",
    )


def test_what_nobody_thought_of_is_an_internal_error_of_the_job() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.initialize([1, 0], 0)
    circuit.measure(0, 0)
    assert run([[typed(circuit)]]).kind == "completed"
    outcome = execute(msgspec.structs.replace(work([[BELL]]), backend="not a backend"))
    assert (outcome.kind, outcome.reason_code) == ("failed", 1500)
