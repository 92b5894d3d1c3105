from __future__ import annotations

import pytest

from qrt_async.emulator.devices import device as devices
from qrt_async.emulator.failure import DYNAMIC, LIMIT, NOT_ISA, ProgramFailed
from qrt_async.emulator.simulation import qasm
from qrt_async.emulator.simulation.isa import check_angles, check_fit, check_noisy_width
from tests.emulator.lab import BELL_ISA, HEAD

IDEAL, FALCON, HERON = (devices.parse(name) for name in devices.DEFAULT_BACKENDS)


def fails(text: str, device: devices.Device = HERON) -> tuple[int, str]:
    with pytest.raises(ProgramFailed) as caught:
        check_fit(qasm.read(HEAD + text).circuit, device)
    return caught.value.code, caught.value.reason


@pytest.mark.parametrize(
    ("text", "device"),
    [
        (
            "rz(1) $155; sx $155; x $155; id $155; rx(1) $155; reset $155; delay[100ns] $155; barrier $0, $155;",
            HERON,
        ),
        ("cz $0, $1; cz $1, $0; rzz(0.5) $3, $16; cz $16, $23;", HERON),
        ("bit c; c = measure $0; if (c) { cz $3, $16; x $5; }", HERON),
        ("qubit[2] q; cz q[0], q[1];", HERON),
        ("ecr $0, $1; sx $26;", FALCON),
        ("h $126; ccx $0, $60, $126; cx $0, $126;", IDEAL),
    ],
)
def test_what_the_device_can_do_fits(text: str, device: devices.Device) -> None:
    check_fit(qasm.read(HEAD + text).circuit, device)


@pytest.mark.parametrize(
    ("text", "device", "names"),
    [
        ("h $0;", HERON, "The instruction h on qubits (0,)"),
        ("cx $0, $1;", HERON, "The instruction cx on qubits (0, 1)"),
        ("cz $0, $5;", HERON, "The instruction cz on qubits (0, 5)"),
        ("cz $15, $16;", HERON, "The instruction cz on qubits (15, 16)"),
        ("ecr $1, $0;", FALCON, "The instruction ecr on qubits (1, 0)"),
        ("rx(1) $3;", FALCON, "The instruction rx on qubits (3,)"),
        ("x $156;", HERON, "157 qubits"),
        ("h $127;", IDEAL, "128 qubits"),
        ("bit c; c = measure $7; if (c) { h $7; }", HERON, "The instruction h on qubits (7,)"),
        ("bit c; c = measure $0; if (c) { cz $3, $17; }", HERON, "The instruction cz on qubits (3, 17)"),
        ("gate ecr a, b { x a; } ecr $0, $1;", FALCON, "The instruction ecr on qubits (0, 1)"),
    ],
)
def test_what_does_not_fit_is_named_with_its_qubits(text: str, device: devices.Device, names: str) -> None:
    code, reason = fails(text, device)
    assert code == NOT_ISA
    assert names in reason


def test_loops_are_beyond_the_devices() -> None:
    assert fails("bit c; c = measure $0; while (c) { c = measure $0; }")[0] == DYNAMIC


@pytest.mark.parametrize(
    ("turn", "fits"), [(0.0, True), (1.0, True), (1.5707963, True), (-0.1, False), (2.0, False)]
)
def test_a_processor_turns_rzz_from_0_to_half_pi(turn: float, fits: bool) -> None:
    circuit = qasm.read(f"{HEAD} rzz({turn}) $0, $1;").circuit
    check_angles(circuit, (0, 1), IDEAL)
    if fits:
        check_angles(circuit, (0, 1), HERON)
    else:
        with pytest.raises(ProgramFailed, match=r"rzz on qubits \(4, 5\)") as caught:
            check_angles(circuit, (4, 5), HERON)
        assert caught.value.code == NOT_ISA


def test_noise_on_more_qubits_than_can_be_simulated_is_a_limit_of_the_system() -> None:
    check_noisy_width(tuple(range(10)), HERON)
    check_noisy_width(tuple(range(100)), IDEAL)
    with pytest.raises(ProgramFailed, match="11 qubits") as caught:
        check_noisy_width(tuple(range(11)), HERON)
    assert caught.value.code == LIMIT


def test_the_bell_circuit_of_this_suite_fits() -> None:
    check_fit(qasm.read(BELL_ISA).circuit, HERON)
