"""The noise learner of IBM's client."""

from __future__ import annotations

from qiskit import QuantumCircuit
from qiskit_ibm_runtime.noise_learner import NoiseLearner
from qiskit_ibm_runtime.options import NoiseLearnerOptions

from tests.journeys.official.ground import HERON, check, fitted, main, pair, result, service


def chain() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.barrier()
    circuit.cx(1, 2)
    return circuit


@check
def layers_come_back_with_generators_and_rates() -> None:
    backend = service.backend(HERON)
    learner = NoiseLearner(backend)
    job = learner.run([fitted(chain(), backend), fitted(pair(measured=False), backend)])
    assert job.primitive_id == "noise-learner"
    found = result(job)
    assert 1 <= len(found) <= 4
    for layer in found:
        assert layer.error.num_qubits == len(layer.qubits)
        assert (layer.error.rates >= 0).all()
        assert layer.error.rates.sum() > 0
        assert layer.circuit.num_qubits == len(layer.qubits)
        assert len(layer.error.generators) == len(layer.error.rates)
    assert found.metadata["backend"] == HERON


@check
def options_are_taken_and_limit_the_layers() -> None:
    backend = service.backend(HERON)
    options = NoiseLearnerOptions(max_layers_to_learn=1, num_randomizations=8, layer_pair_depths=[0, 1, 10])
    job = NoiseLearner(backend, options).run([fitted(chain(), backend)])
    assert len(result(job)) == 1
    assert job.inputs["options"]["layer_pair_depths"] == [0, 1, 10]


if __name__ == "__main__":
    main()
