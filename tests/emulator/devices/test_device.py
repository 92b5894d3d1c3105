from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import msgspec
import pytest

from qrt_async.emulator.devices import device as devices
from tests.emulator.lab import noisy

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spec", "name", "num_qubits", "kind"),
    [
        ("emulator_ideal", "emulator_ideal", 127, "Simulator"),
        ("emulator_falcon", "emulator_falcon", 27, "Falcon"),
        ("emulator_heron", "emulator_heron", 156, "Heron"),
        ("ibm_fez", "ibm_fez", 156, "Heron"),
        ("ibm_fez:5", "ibm_fez", 5, "Simulator"),
        ("mine:27", "mine", 27, "Falcon"),
        ("mine:156", "mine", 156, "Heron"),
        ("mine", "mine", 127, "Simulator"),
        ("heron:1000", "heron", 1000, "Simulator"),
    ],
)
def test_a_device_is_named_with_its_size(spec: str, name: str, num_qubits: int, kind: str) -> None:
    device = devices.parse(spec)
    assert (device.name, device.num_qubits) == (name, num_qubits)
    assert devices.listing(device)["processor_type"]["family"] == kind
    assert (device.processor is None) is (kind == "Simulator")
    assert devices.parse(spec) is device


@pytest.mark.parametrize(
    "spec", ["", ":5", "a b", "a/b", "a:", "a:0", "a:-1", "a:x", "a:1001", "a:5:5", "a:²"]
)
def test_what_names_no_device_is_refused_with_what_is_allowed(spec: str) -> None:
    with pytest.raises(ValueError, match=r"NAME\[:QUBITS\]"):
        devices.parse(spec)


@pytest.mark.parametrize("spec", devices.DEFAULT_BACKENDS)
def test_the_documents_of_a_device_agree_with_each_other(spec: str) -> None:
    device = devices.parse(spec)
    configuration = msgspec.json.decode(msgspec.json.encode(devices.configuration(device)))
    properties = msgspec.json.decode(msgspec.json.encode(devices.properties(device, NOW)))
    listing = devices.listing(device)
    assert configuration["backend_name"] == properties["backend_name"] == spec
    assert configuration["n_qubits"] == listing["qubits"] == len(properties["qubits"]) == device.num_qubits
    assert configuration["simulator"] is listing["is_simulator"] is (device.processor is None)
    assert properties["last_update_date"] == "2026-11-01T12:00:00+00:00"
    assert {gate["name"] for gate in configuration["gates"]} == set(configuration["basis_gates"])
    assert {"measure", "reset", "delay", "if_else"} <= set(configuration["supported_instructions"])
    assert {"qasm3", "dynamic_circuits"} <= set(configuration["supported_features"])
    placed = {
        (gate["gate"], tuple(gate["qubits"])) for gate in properties["gates"] if gate["gate"] != "reset"
    }
    assert placed == {
        (gate["name"], tuple(qubits))
        for gate in configuration["gates"]
        for qubits in gate.get("coupling_map", [])
    }


def test_an_ideal_device_connects_everything_and_says_so_by_leaving_the_coupling_out() -> None:
    assert devices.configuration(devices.parse("emulator_ideal"))["coupling_map"] is None


def test_pairs_of_a_heron_go_both_ways_and_those_of_a_falcon_one_way() -> None:
    heron, falcon = noisy("emulator_heron").pairs(), noisy("emulator_falcon").pairs()
    assert all((b, a) in heron for a, b in heron)
    assert not any((b, a) in falcon for a, b in falcon)


def test_properties_state_the_noise_that_the_simulation_uses() -> None:
    noise = noisy()
    properties = devices.properties(devices.parse("emulator_heron"), NOW)
    t1 = {value["name"]: value["value"] for value in properties["qubits"][17]}["T1"]
    assert t1 == pytest.approx(noise.qubits[17].t1 * 1e6)
    cz = next(gate for gate in properties["gates"] if gate["gate"] == "cz" and gate["qubits"] == [16, 3])
    assert cz["parameters"][0]["value"] == noise.error("cz", (3, 16)) > 0.0
    metrics = devices.listing(devices.parse("emulator_heron"))["performance_metrics"]
    assert metrics["two_q_error_best"]["value"] == min(placed.error for placed in noise.gates["cz"].values())
    assert metrics["readout_error_median"]["value"] == noise.readout_median


def test_describing_devices_loads_neither_qiskit_nor_numpy() -> None:
    code = (
        "import sys; from qrt_async.emulator.devices.device import configuration, parse; "
        "configuration(parse('ibm_x')); "
        "sys.exit(any(name in sys.modules for name in ('qiskit', 'qiskit_aer', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0


@pytest.mark.parametrize(
    ("spec", "length"), [("emulator_heron", 1584.0), ("emulator_falcon", 800.0 + 320.0 / 9.0)]
)
def test_a_device_says_how_long_a_reset_takes_on_each_qubit(spec: str, length: float) -> None:
    device = devices.parse(spec)
    resets = [gate for gate in devices.properties(device, NOW)["gates"] if gate["gate"] == "reset"]
    assert [gate["qubits"] for gate in resets] == [[qubit] for qubit in range(device.num_qubits)]
    values = {(it["name"], it["unit"], round(it["value"], 6)) for gate in resets for it in gate["parameters"]}
    assert values == {("gate_length", "ns", round(length, 6))}
