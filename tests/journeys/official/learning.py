"""The noise learners of IBM's client, what is done with what they learnt, and the calibrator."""

from __future__ import annotations

from typing import Any

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import Calibrator, EstimatorV2, NoiseLearnerV3, Session
from qiskit_ibm_runtime.executor_estimator import Estimator
from qiskit_ibm_runtime.noise_learner import NoiseLearner
from qiskit_ibm_runtime.options import NoiseLearnerOptions

from tests.journeys.official.ground import HERON, check, fitted, main, pair, result, service

backend = service.backend(HERON)


def chain() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.barrier()
    circuit.cx(1, 2)
    return circuit


@check
def layers_come_back_with_generators_and_rates() -> None:
    learner = NoiseLearner(backend)
    job = learner.run([fitted(chain(), backend), fitted(pair(measured=False), backend)])
    assert job.primitive_id == "noise-learner"
    found = result(job)
    assert 1 <= len(found) <= 4
    for layer in found:
        assert layer.error.num_qubits == len(layer.qubits)
        assert len(layer.error.generators) == len(layer.error.rates)
        assert (layer.error.rates >= 0).all()
        assert layer.error.rates.sum() > 0
        assert layer.circuit.num_qubits == len(layer.qubits)
    assert found.metadata["backend"] == HERON


@check
def options_are_taken_and_limit_the_layers() -> None:
    options = NoiseLearnerOptions(max_layers_to_learn=1, num_randomizations=8, layer_pair_depths=[0, 1, 10])
    job = NoiseLearner(backend, options).run([fitted(chain(), backend)])
    assert len(result(job)) == 1
    assert job.inputs["options"]["layer_pair_depths"] == [0, 1, 10]


@check
def what_was_learnt_can_be_given_to_the_estimator() -> None:
    circuit = fitted(pair(measured=False), backend)
    model = result(NoiseLearner(backend).run([circuit]))
    options = {"resilience": {"layer_noise_model": model, "measure_mitigation": True}}
    observable = SparsePauliOp("ZZ").apply_layout(circuit.layout)
    value = result(EstimatorV2(backend, options=options).run([(circuit, observable)]))[0].data.evs
    assert abs(value - 1.0) < 0.2, value


@check
def version_3_learns_boxed_layers_of_gates_and_of_readings() -> None:
    circuit = fitted(pair(measured=False), backend)
    pub = (circuit, SparsePauliOp("ZZ").apply_layout(circuit.layout))
    estimator = Estimator(backend, options={"resilience": {"measure_mitigation": True}})
    estimator.options.twirling.enable_gates = True
    layers = estimator.find_unique_layers([pub], types="all")
    job = NoiseLearnerV3(backend).run(layers)
    assert job.primitive_id == "noise-learner"
    found = result(job)
    assert len(found) == len(layers) > 1
    for layer in found:
        assert layer.to_pauli_lindblad_map().rates.sum() > 0


@check
def what_version_3_learnt_cancels_errors_in_the_client_side_estimator() -> None:
    circuit = fitted(pair(measured=False), backend)
    pub: tuple[Any, ...] = (circuit, SparsePauliOp("ZZ").apply_layout(circuit.layout))
    estimator = Estimator(backend, options={"default_precision": 0.02})
    estimator.options.resilience.pec_mitigation = True
    layers = estimator.find_unique_layers([pub], types="gates")
    maps = result(NoiseLearnerV3(backend).run(layers)).to_pauli_lindblad_maps()
    estimator.options.resilience.layer_noise_model = list(zip(layers, maps, strict=True))
    value = result(estimator.run([pub]))[0].data.evs
    assert abs(value - 1.0) < 0.2, value


@check
def a_calibration_runs_in_a_session() -> None:
    with Session(backend=backend) as session:
        job = Calibrator(session).run()
        found = result(job)
    assert job.primitive_id == "calibrate"
    assert found.start <= found.stop


if __name__ == "__main__":
    main()
