"""Backends as IBM's client lists and describes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from qiskit import QuantumCircuit, generate_preset_pass_manager
from qiskit.providers.exceptions import QiskitBackendNotFoundError
from qiskit_ibm_runtime import SamplerV2
from qiskit_ibm_runtime.exceptions import IBMInputValueError

from tests.journeys.official.ground import (
    FALCON,
    HERON,
    IDEAL,
    check,
    connect,
    control,
    ended,
    main,
    raises,
    result,
    run,
    service,
)


def names(**filters: object) -> set[str]:
    return {backend.name for backend in service.backends(**filters)}


@check
def backends_are_listed_by_every_filter() -> None:
    assert names() == {IDEAL, FALCON, HERON}
    assert names(simulator=False) == {FALCON, HERON}
    assert names(simulator=True) == {IDEAL}
    assert names(operational=True) == {IDEAL, FALCON, HERON}
    assert names(min_num_qubits=127) == {IDEAL, HERON}
    assert names(min_num_qubits=127, simulator=False) == {HERON}
    assert names(name=HERON) == {HERON}
    assert names(open_pulse=True) == set()
    assert names(filters=lambda backend: "ccx" in backend.target.operation_names) == {IDEAL}
    assert HERON in names(dynamic_circuits=True)
    assert HERON not in names(dynamic_circuits=False)
    assert names(include_mocks=True) == names()


@check
def fractional_gates_are_there_when_asked_for() -> None:
    plain, fractional = service.backend(HERON), service.backend(HERON, use_fractional_gates=True)
    assert not {"rx", "rzz"} & set(plain.target.operation_names)
    assert {"rx", "rzz"} <= set(fractional.target.operation_names)
    assert "if_else" in plain.target.operation_names
    raises(IBMInputValueError, lambda: service.backend(FALCON, use_fractional_gates=True), "fractional")


@check
def a_backend_that_does_not_exist_is_not_found() -> None:
    raises(QiskitBackendNotFoundError, lambda: service.backend("ibm_nowhere"), "No backend matches")


@check
def a_device_describes_its_qubits_and_gates() -> None:
    for name, size, gate, times in ((HERON, 156, "cz", 84e-9), (FALCON, 27, "ecr", 480e-9)):
        backend = service.backend(name)
        configuration, properties = backend.configuration(), backend.properties()
        assert configuration.backend_name == backend.name == name
        assert configuration.n_qubits == backend.num_qubits == size
        assert not configuration.simulator
        assert configuration.dt == backend.dt
        assert backend.max_circuits is None
        assert properties.backend_name == name
        assert len(properties.qubits) == size
        assert 0 < properties.t1(0) < 1e-3
        assert 0 < properties.readout_error(3) < 0.3
        edge = backend.coupling_map.get_edges()[0]
        assert 0 < properties.gate_error(gate, list(edge)) < 0.1
        assert abs(properties.gate_length(gate, list(edge)) - times) < 1e-12
        assert properties.faulty_qubits() == []
        assert properties.faulty_gates() == []
        assert abs(backend.target[gate][tuple(edge)].duration - times) < 1e-12
        assert backend.target.qubit_properties[0].t1 == properties.t1(0)
        assert backend.processor_type["family"] in ("Heron", "Falcon")
        assert backend.online_date < datetime.now(UTC)


@check
def circuits_are_scheduled_by_what_a_device_says_of_times() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.reset(1)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    for name in (HERON, FALCON):
        backend = service.backend(name)
        manager = generate_preset_pass_manager(
            1, backend=backend, scheduling_method="alap", seed_transpiler=7
        )
        timed = manager.run(circuit)
        assert timed.duration > 0
        job = SamplerV2(backend, options={"default_shots": 50}).run([timed])
        assert result(job)[0].data.c.num_shots == 50


@check
def properties_of_the_past_are_older() -> None:
    backend = service.backend(HERON)
    then = datetime.now(UTC) - timedelta(hours=30)
    assert backend.properties(datetime=then).last_update_date <= then
    assert backend.properties(refresh=True).last_update_date > then
    assert backend.target_history(datetime=then).num_qubits == 156
    backend.refresh()


@check
def the_ideal_backend_is_a_simulator_without_properties() -> None:
    backend = service.backend(IDEAL)
    assert backend.configuration().simulator
    assert backend.properties() is None
    assert backend.coupling_map is None
    assert {"h", "cx", "ccx", "if_else"} <= set(backend.target.operation_names)


@check
def the_least_busy_backend_has_the_shortest_queue() -> None:
    own = connect("the key of somebody who waits")
    jobs = [run("emulate:never", by=own, backend=name) for name in (IDEAL, IDEAL, HERON)]
    try:
        assert service.backend(IDEAL).status().pending_jobs == 2
        own.backends()  # the list that this choice is made from is kept by the client
        assert own.least_busy().name == FALCON
        assert own.least_busy(simulator=False, min_num_qubits=100).name == HERON
        assert own.least_busy(min_num_qubits=100).name == HERON
        raises(QiskitBackendNotFoundError, lambda: own.least_busy(min_num_qubits=500))
    finally:
        for job in jobs:
            job.cancel()


@check
def a_paused_backend_says_so_and_is_not_the_least_busy() -> None:
    assert service.backend(HERON).status().operational
    assert service.backend(HERON).status().status_msg == "active"
    control("backends", {HERON: {"name": "paused", "reason": "calibrating"},
                         FALCON: {"name": "offline", "reason": "maintenance"}})  # fmt: skip
    try:
        status = service.backend(HERON).status()
        assert status.operational
        assert status.status_msg == "internal"
        assert not service.backend(FALCON).status().operational
        assert names(operational=False) == {FALCON}
        service.backends()
        assert service.least_busy().name == IDEAL
        job = run(backend=HERON)
        assert str(job.status()) == "QUEUED"
    finally:
        control("backends", {HERON: {}, FALCON: {}})
    assert ended(job) == "DONE"


if __name__ == "__main__":
    main()
