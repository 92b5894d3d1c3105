"""Which backend is the least busy, and what Qiskit's transpiler is told of one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from qiskit import QuantumCircuit
from qiskit.transpiler import Target, generate_preset_pass_manager

from qrt_async.api.records import Device
from qrt_async.emulator.devices import device as devices
from qrt_async.errors import NotFound
from qrt_async.programs.backends import shortest_queue
from qrt_async.programs.target import build_target
from tests.ground import ground


def device(name: str, **fields: Any) -> Device:
    return msgspec.convert({"name": name, "qubits": 27, "queue_length": 0, **fields}, Device)


BUSY, IDLE = device("busy", queue_length=9), device("idle", queue_length=1)
PAUSED = device("paused", status={"name": "paused"})
SMALL, SIMULATOR = device("small", qubits=5), device("sim", is_simulator=True)


@pytest.mark.parametrize(
    ("offered", "min_qubits", "simulator", "wanted"),
    [
        ([BUSY, IDLE], 0, None, "idle"),
        ([PAUSED, BUSY], 0, None, "busy"),
        ([SMALL, BUSY], 20, None, "busy"),
        ([SIMULATOR, IDLE], 0, False, "idle"),
        ([IDLE, SIMULATOR], 0, True, "sim"),
        ([device("new", status={"name": "dreaming"}), IDLE], 0, None, "idle"),
    ],
)
def test_the_least_busy_is_in_operation_large_enough_and_has_the_shortest_queue(
    offered: list[Device], min_qubits: int, simulator: bool | None, wanted: str
) -> None:
    found = shortest_queue(offered, min_qubits, simulator)
    assert found is not None
    assert found.name == wanted


async def test_where_no_backend_fits_the_error_names_what_there_is() -> None:
    async with ground() as here:
        with pytest.raises(NotFound, match=r"5000 qubits.*ideal"):
            await here.service.backends.least_busy(min_qubits=5000)


def target_of(spec: str) -> Target:
    found = devices.parse(spec)
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    return build_target(devices.configuration(found), devices.properties(found, moment))


@pytest.mark.parametrize(("spec", "pair_gate"), [("heron:156", "cz"), ("falcon:27", "ecr")])
def test_a_target_knows_where_gates_act_how_long_and_how_well(spec: str, pair_gate: str) -> None:
    target = target_of(spec)
    pair_gate = pair_gate if pair_gate in target.operation_names else "cx"
    pairs = target[pair_gate]
    assert all(0 < site.error < 0.2 and 0 < site.duration < 1e-5 for site in pairs.values())
    assert all(0 < target["measure"][(q,)].error < 0.5 for q in range(target.num_qubits))
    assert all(1e-6 < q.t1 < 1e-2 for q in target.qubit_properties)
    assert 1e-10 < target.dt < 1e-8


@pytest.mark.parametrize("spec", ["heron:156", "falcon:27", "ideal"])
def test_qiskit_transpiles_for_the_target(spec: str) -> None:
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.cx(0, 2)
    circuit.measure_all()
    target = target_of(spec)
    fitted = generate_preset_pass_manager(optimization_level=1, target=target, seed_transpiler=1).run(circuit)
    for instruction in fitted.data:
        qubits = tuple(fitted.find_bit(qubit).index for qubit in instruction.qubits)
        if instruction.operation.name != "barrier":
            assert target.instruction_supported(instruction.operation.name, qubits)
