"""Results as IBM's own client has them. The only file of the client that imports it, and only where it is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qrt_async.errors import InvalidInput
from qrt_async.programs import qiskit

if TYPE_CHECKING:
    from qrt_async.programs.executor import ExecutorMetadata, ExecutorResult
    from qrt_async.programs.learned import LearnedLayer, LearnedNoise
    from qrt_async.programs.noise import LayerError, NoiseLearnerResult, PauliLindbladError
    from qrt_async.programs.spans import ExecutionSpan, ExecutionSpans


def _results() -> Any:
    try:
        from qiskit_ibm_runtime import results  # heavy, and not a dependency
    except ImportError:
        raise InvalidInput(
            "These classes are the official client's, which is not installed: pip install qiskit-ibm-runtime."
        ) from None
    return results


def estimator_pub_result() -> Any:
    """The class; ``None`` where that client is not installed."""
    try:
        return _results().EstimatorPubResult
    except InvalidInput:
        return None


def execution_spans(spans: ExecutionSpans) -> Any:
    """The official client's, or these themselves where it is not installed."""
    try:
        from qiskit_ibm_runtime import execution_span as official  # heavy, and not a dependency
    except ImportError:
        return spans
    return official.ExecutionSpans(
        getattr(official, span.kind)(qiskit.naive(span.start), qiskit.naive(span.stop), _slices(span))
        for span in spans
    )


def pauli_lindblad_error(error: PauliLindbladError) -> Any:
    return _results().PauliLindbladError(qiskit.pauli_list(error.generators), error.rates)


def layer_error(layer: LayerError) -> Any:
    error = pauli_lindblad_error(layer.error) if layer.error else None
    return _results().LayerError(qiskit.read_circuit(layer.circuit), list(layer.qubits), error)


def noise_learner_result(given: NoiseLearnerResult) -> Any:
    return _results().NoiseLearnerResult(
        [layer_error(layer) for layer in given], qiskit.plain(given.metadata)
    )


def learned_layer(layer: LearnedLayer) -> Any:
    generators = [qiskit.sparse_paulis(paulis, layer.num_qubits) for paulis in layer.generators]
    return _results().NoiseLearnerV3Result.from_generators(
        generators, layer.rates, layer.rates_std, layer.metadata
    )


def learned_noise(noise: LearnedNoise) -> Any:
    return _results().NoiseLearnerV3Results([learned_layer(layer) for layer in noise])


def executor_result(given: ExecutorResult) -> Any:
    """Through the official client's own steps from tensors to results."""
    _results()
    from qiskit_ibm_runtime import decoders  # heavy, and not a dependency
    from qiskit_ibm_runtime.results import quantum_program as official

    items = [
        official.QuantumProgramItemResult(dict(item.data.items()), _item_metadata(official, item.metadata))
        for item in given
    ]
    made = official.QuantumProgramResult(items, executor_metadata(given.metadata), given.passthrough_data)
    made._semantic_role = given.semantic_role
    for step in decoders.defaults.DEFAULT_DECODERS["executor"]:
        if step.is_applicable(made):
            return step.decode(made)
    return made


def _item_metadata(official: Any, metadata: dict[str, Any]) -> Any:
    timing, stretches = metadata.get("scheduler_timing"), metadata.get("stretch_values")
    return official.ItemMetadata(
        official.SchedulerTiming(**timing) if timing else None,
        [official.StretchValues(**stretch) for stretch in stretches] if stretches else None,
    )


def executor_metadata(metadata: ExecutorMetadata) -> Any:
    """The official client's, or this itself where that client is not installed."""
    try:
        from qiskit_ibm_runtime.results import quantum_program as official  # heavy, and not a dependency
    except ImportError:
        return metadata
    spans = []
    for chunk in metadata.get("chunk_timing", ()):
        parts = [official.ChunkPart(part["idx_item"], part["size"]) for part in chunk["parts"]]
        spans.append(official.ChunkSpan(chunk["start"], chunk["stop"], parts))
    return official.Metadata(spans)


def _slices(span: ExecutionSpan) -> dict[int, tuple[Any, ...]]:
    slices: dict[int, tuple[Any, ...]] = {}
    for index, portion in span.portions.items():
        front = () if portion.at_front is None else (portion.at_front,)
        shots = () if portion.shots is None else (slice(*portion.shots),)
        asked = () if portion.pub_shots is None else (portion.pub_shots,)
        slices[index] = (portion.shape, *front, slice(*portion.points), *shots, *asked)
    return slices
