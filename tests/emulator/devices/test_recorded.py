from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from qiskit import QuantumCircuit

from qrt_async.emulator import Emulator, EmulatorConfig
from qrt_async.emulator.devices import device as devices
from qrt_async.emulator.failure import ProgramFailed
from qrt_async.emulator.simulation.isa import check_fit
from qrt_async.emulator.simulation.noise import noise_model
from qrt_async.emulator.simulation.timing import charged_seconds, circuit_seconds
from qrt_async.emulator.workers.simulator import Simulator
from tests.emulator.driver import Driver, config, problem
from tests.emulator.lab import HEAD, counts, likely, noisy, results, work

NOW = datetime(2026, 11, 1, tzinfo=UTC)
OFFICIAL = "QRT_OFFICIAL_PYTHON"
NOT_IMPORTED = "raise ImportError('the files of this package are read, and it is not imported')"
CONFIGURATION: dict[str, Any] = {
    "backend_name": "ibm_tiny",
    "backend_version": "1.2.3",
    "n_qubits": 3,
    "basis_gates": ["cx", "id", "rz", "sx", "x", "reset"],
    "gates": [
        {"name": "sx", "parameters": [], "qasm_def": "", "coupling_map": [[0], [1], [2]]},
        {"name": "x", "parameters": [], "qasm_def": "", "coupling_map": [[0], [1], [2]]},
        {"name": "rz", "parameters": ["theta"], "qasm_def": "", "coupling_map": [[0], [1], [2]]},
        {"name": "cx", "parameters": [], "qasm_def": "", "coupling_map": [[0, 1], [2, 1]]},
        {"name": "rx", "parameters": ["theta"], "qasm_def": "", "coupling_map": [[0]]},
        {"name": "reset", "parameters": None, "qasm_def": None},
    ],
    "supported_instructions": ["cx", "sx", "x", "rz", "if_else", "setf"],
    "coupling_map": [[0, 1], [2, 1]],
    "simulator": False,
    "local": False,
    "dt": 0.5,
    "default_rep_delay": 1000.0,
    "clops_h": 4000,
    "u_channel_lo": [[{"q": 1, "scale": [1.0, 0.0]}]],
}


def measured(**values: float) -> list[dict[str, Any]]:
    units = {"T1": "us", "T2": "us", "readout_length": "ns", "gate_length": "ns"}
    return [
        {"date": "2025-02-26T06:56:41-05:00", "name": name, "unit": units.get(name, ""), "value": value}
        for name, value in values.items()
    ]


def gate(name: str, *qubits: int, **values: float) -> dict[str, Any]:
    return {"gate": name, "qubits": list(qubits), "name": f"{name}{qubits}", "parameters": measured(**values)}


PROPERTIES: dict[str, Any] = {
    "backend_name": "ibm_tiny",
    "backend_version": "1.2.3",
    "last_update_date": "2025-02-26T06:56:41-05:00",
    "qubits": [
        measured(
            T1=50.0,
            T2=40.0,
            readout_error=0.05,
            prob_meas0_prep1=0.08,
            prob_meas1_prep0=0.02,
            readout_length=700,
        ),
        measured(T1=50.0, T2=400.0, readout_error=0.03, readout_length=900),
        measured(readout_error=0.04),
    ],
    "gates": [
        gate("sx", 0, gate_error=0.001, gate_length=30),
        gate("x", 0, gate_error=0.02, gate_length=30),
        gate("x", 1, gate_error=0.003),
        gate("cx", 0, 1, gate_error=0.05, gate_length=300),
        gate("cx", 2, 1, gate_error=1.0, gate_length=400),
        gate("reset", 0, gate_length=1000),
    ],
    "general": [],
    "general_qlists": [],
}


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package as IBM's is laid out, with one processor, which every process of this test finds."""
    package = tmp_path / "qiskit_ibm_runtime"
    folder = package / "fake_provider" / "backends" / "tiny"
    folder.mkdir(parents=True)
    (package / "__init__.py").write_text(NOT_IMPORTED)
    (folder / "conf_tiny.json").write_text(json.dumps(CONFIGURATION))
    (folder / "props_tiny_alt.json").write_text(json.dumps(PROPERTIES))
    yield from in_reach(tmp_path, monkeypatch)


def in_reach(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(root)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root), *sys.path]))
    devices.parse.cache_clear()
    yield root
    devices.parse.cache_clear()


@pytest.fixture
def official(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """IBM's own package in reach, alone: what it needs to be imported is not there."""
    found = (
        "import importlib.util as u; print(u.find_spec('qiskit_ibm_runtime').submodule_search_locations[0])"
    )
    told = subprocess.run([os.environ[OFFICIAL], "-c", found], capture_output=True, text=True, check=True)
    (tmp_path / "qiskit_ibm_runtime").symlink_to(told.stdout.strip(), target_is_directory=True)
    yield from in_reach(tmp_path, monkeypatch)


needs_official = pytest.mark.skipif(OFFICIAL not in os.environ, reason=f"{OFFICIAL} names no interpreter")


@pytest.mark.usefixtures("tiny")
def test_configuration_and_properties_are_those_of_the_record_under_the_name_that_was_asked_for() -> None:
    driver = Driver(config(backends=("fake_tiny",)))
    answered = driver.json("GET", "/backends/fake_tiny/configuration")
    assert answered == CONFIGURATION | {"backend_name": "fake_tiny"}
    answered = driver.json(
        "GET", "/backends/fake_tiny/properties", query={"updated_before": "2020-01-01T00:00"}
    )
    assert answered == PROPERTIES | {"backend_name": "fake_tiny"}
    [listed] = driver.json("GET", "/backends")["devices"]
    assert (listed["name"], listed["qubits"], listed["is_simulator"]) == ("fake_tiny", 3, False)
    assert listed["clops"]["value"] == 4000
    assert listed["performance_metrics"]["two_q_error_best"]["qubits"] == [0, 1]
    assert listed["performance_metrics"]["readout_error_median"]["value"] == 0.04
    assert "processor_type" not in listed


@pytest.mark.usefixtures("tiny")
def test_what_is_odd_in_a_record_is_read_as_stated() -> None:
    tiny = noisy("fake_tiny")
    assert tiny.gates.keys() == {"sx", "x", "rz", "cx"}
    assert tiny.others == {"measure", "reset", "if_else"}
    assert (tiny.error("x", (0,)), tiny.error("x", (1,)), tiny.error("x", (2,))) == (0.02, 0.003, 0.0)
    assert tiny.error("cx", (2, 1)) == 0.75
    assert [qubit.t2 for qubit in tiny.qubits] == pytest.approx([40e-6, 100e-6, float("inf")])
    assert [(qubit.reads_0_when_1, qubit.reads_1_when_0) for qubit in tiny.qubits] == [
        (0.08, 0.02),
        (0.03, 0.03),
        (0.04, 0.04),
    ]


def one(name: str, *qubits: int) -> QuantumCircuit:
    """A circuit of one instruction."""
    circuit = QuantumCircuit(3, 1)
    angles = {"rx": (0.3,), "delay": (10,)}.get(name, ())
    getattr(circuit, name)(*angles, *qubits)
    return circuit


@pytest.mark.usefixtures("tiny")
def test_the_instruction_set_is_the_recorded_one() -> None:
    device = devices.parse("fake_tiny")
    for fitting in (one("cx", 0, 1), one("cx", 2, 1), one("x", 2), one("reset", 0)):
        check_fit(fitting, device)
    for unfit in (one("cx", 1, 0), one("rx", 0), one("h", 0), one("delay", 0)):
        with pytest.raises(ProgramFailed, match="not supported by the target system fake_tiny") as caught:
            check_fit(unfit, device)
        assert caught.value.code == 1517


@pytest.mark.usefixtures("tiny")
def test_noise_is_that_of_the_circuits_own_qubits() -> None:
    model = noise_model(devices.parse("fake_tiny"), (1, 0))
    assert model is not None
    told = model.to_dict()["errors"]
    struck = {(tuple(it["operations"]), tuple(it["gate_qubits"][0])) for it in told if it["type"] == "qerror"}
    assert struck == {(("sx",), (1,)), (("x",), (0,)), (("x",), (1,)), (("cx",), (1, 0))}
    readings = {it["gate_qubits"][0][0]: it["probabilities"] for it in told if it["type"] == "roerror"}
    assert readings[1] == [[0.98, 0.02], [0.08, 0.92]]
    assert readings[0] == [[0.97, 0.03], [0.03, 0.97]]


@pytest.mark.usefixtures("tiny")
def test_times_are_the_recorded_ones() -> None:
    device = devices.parse("fake_tiny")
    circuit = QuantumCircuit(3, 1)
    circuit.sx(0)
    circuit.rz(0.1, 0)
    circuit.cx(0, 1)
    circuit.cx(2, 1)
    circuit.measure(1, 0)
    circuit.reset(1)
    assert circuit_seconds(circuit, device) == pytest.approx(30e-9 + 300e-9 + 400e-9 + 900e-9 + 1000e-9)
    assert charged_seconds([(5000, 0.0)], device) == 7.0


@pytest.mark.usefixtures("tiny")
async def test_a_worker_process_reads_the_same_record() -> None:
    flipped = HEAD + "bit[1] c; x $0; c[0] = measure $0;"
    simulator = Simulator(workers=1)
    try:
        outcome = await simulator.run(work([[flipped, None, 20_000]], backend="fake_tiny"))
    finally:
        await simulator.close()
    [result] = results(outcome)
    excited = 1.0 - 0.02
    assert likely(counts(result["data"]["c"]["samples"])[1], 20_000, excited * 0.92 + (1 - excited) * 0.02)


@pytest.mark.usefixtures("tiny")
def test_a_name_that_is_not_recorded_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="no backend 'fake_news', only fake_tiny"):
        devices.parse("fake_news")


@pytest.mark.usefixtures("tiny")
def test_a_recorded_backend_takes_no_size() -> None:
    with pytest.raises(ValueError, match="leave out QUBITS"):
        devices.parse("fake_tiny:5")


async def test_without_the_package_the_emulator_does_not_start_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qrt_async.emulator.devices.recorded.PACKAGE", "no_such_package")
    devices.parse.cache_clear()
    with pytest.raises(ValueError, match="pip install qiskit-ibm-runtime"):
        await Emulator(EmulatorConfig(backends=("fake_fez",))).start()


def test_backends_of_a_running_emulator_stay_what_they_are() -> None:
    reply = Driver().raw("POST", "/_emulator/config", {}, b'{"backends": ["fake_fez"]}')
    assert problem(reply) == (400, 1208)


@pytest.mark.official
@needs_official
def test_every_record_of_ibms_package_is_served_and_has_a_noise_model(official: Path) -> None:
    folders = (official / "qiskit_ibm_runtime" / "fake_provider" / "backends").glob("*/conf_*.json")
    names = [f"fake_{file.parent.name}" for file in folders]
    assert len(names) > 60
    for name in names:
        device = devices.parse(name)
        answers = devices.configuration(device), devices.properties(device, NOW), devices.listing(device)
        assert all(msgspec.json.encode(answer) for answer in answers), name
        assert answers[0]["n_qubits"] == device.num_qubits == answers[2]["qubits"]
        assert noise_model(device, tuple(range(min(3, device.num_qubits)))) is not None


@pytest.mark.official
@pytest.mark.timeout(200)
@pytest.mark.usefixtures("official")
@needs_official
def test_ibms_client_sees_its_own_fake_backend_and_its_noise() -> None:
    command = [sys.executable, "-m", "qrt_async.emulator", "--backend", "fake_fez", "--rate-limit", "none"]
    script = Path(__file__).with_name("official_recorded.py")
    with subprocess.Popen([*command, "--run-seconds", "0"], stdout=subprocess.PIPE, text=True) as emulator:
        try:
            assert emulator.stdout is not None
            url = json.loads(emulator.stdout.readline())["url"]
            client = [os.environ[OFFICIAL], str(script), url]
            done = subprocess.run(client, capture_output=True, text=True, timeout=150, check=False)
        finally:
            emulator.terminate()
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["differences"] == []
    for name, expected in told["expected"].items():
        assert likely(told["counts"][name], told["shots"], expected), name
