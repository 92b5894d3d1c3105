"""Run by the official client's Python (see test_official_results.py): ``to_qiskit()`` beside its own decoders.

Prints the names of the checks that passed, one a line; any failure ends the script with its traceback.
"""

from __future__ import annotations

import datetime as dt
import json
import warnings
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, primitives, quantum_info
from qiskit.circuit import Instruction, Parameter
from qiskit.circuit.library import RXGate
from qiskit_ibm_runtime import execution_span, results
from qiskit_ibm_runtime.decoders.defaults import DEFAULT_DECODERS
from qiskit_ibm_runtime.json import RuntimeEncoder

from qrt_async.programs.arrays import finish
from qrt_async.programs.results import decode, decode_in_pieces

SAMPLES = Path(__file__).parents[1] / "samples" / "results"
CHECKS: list[Callable[[], None]] = []


def check(function: Callable[[], None]) -> Callable[[], None]:
    CHECKS.append(function)
    return function


def theirs(program_id: str, body: bytes) -> Any:
    """As the official client's ``job.result()`` decodes it."""
    found: Any = body.decode()
    for step in DEFAULT_DECODERS[program_id]:
        if step.is_applicable(found):
            found = step.decode(found)
    return found


def parts(value: Any) -> Any:
    """A value's fields, down to what can be compared."""
    for kind, split in PARTS.items():
        if isinstance(value, kind):
            return [type(value), *map(parts, split(value))]
    if isinstance(value, dict):
        return {name: parts(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [type(value), *map(parts, value)]
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value), parts(asdict(value))]
    return "NaN" if isinstance(value, float) and value != value else value


PARTS: dict[type, Callable[[Any], list[Any]]] = {
    np.ndarray: lambda array: [str(array.dtype), array.shape, array.tobytes()],
    primitives.BitArray: lambda bits: [bits.num_bits, bits.array],
    primitives.DataBin: lambda data: [data.shape, dict(data.items())],
    primitives.PubResult: lambda pub: [pub.data, pub.metadata],
    primitives.PrimitiveResult: lambda result: [*result, result.metadata],
    primitives.BindingsArray: lambda bindings: [bindings.shape, dict(bindings.data)],
    primitives.ObservablesArray: lambda observables: [observables.tolist()],
    results.NoiseLearnerResult: lambda result: [*result.data, result.metadata],
    results.LayerError: lambda layer: [layer.circuit, list(layer.qubits), layer.error],
    results.PauliLindbladError: lambda error: [error.generators, error.rates],
    results.NoiseLearnerV3Results: lambda result: [*result, result.metadata],
    results.NoiseLearnerV3Result: lambda layer: [
        *(generator.to_sparse_list() for generator in layer._generators),
        *(layer._rates, layer._rates_std, layer.metadata),
    ],
    results.QuantumProgramResult: lambda result: [
        *([dict(item), item.metadata] for item in result),
        *(result.metadata, result.passthrough_data, result._semantic_role),
    ],
}


def equal(program_id: str, body: bytes) -> Any:
    """Both ways of ours against theirs; what theirs is."""
    wanted = theirs(program_id, body)
    for ours in (decode(program_id, body), finish(decode_in_pieces(program_id, body))):
        assert parts(ours.to_qiskit()) == parts(wanted), (
            f"{program_id}: {parts(ours.to_qiskit())}\n{parts(wanted)}"
        )
    return wanted


def typed(value: Any) -> bytes:
    return json.dumps(value, cls=RuntimeEncoder).encode()


@check
def every_recorded_result_is_what_the_official_client_makes_of_it() -> None:
    seen = []
    for sample in sorted(SAMPLES.glob("*.json")):
        name = next(name for name in DEFAULT_DECODERS if sample.name.startswith(name))
        if not sample.stem.endswith("plain"):  # the official client has no decoder for those
            seen.append(type(equal(name, sample.read_bytes())).__name__)
    assert seen == ["PrimitiveResult", "PrimitiveResult", "QuantumProgramResult", "NoiseLearnerResult",
                    "NoiseLearnerV3Results", "PrimitiveResult"], seen  # fmt: skip


@check
def metadata_of_every_type_are_equal() -> None:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    metadata = {
        "array": np.arange(6.0).reshape(2, 3),
        "complex": 1 + 2j,
        "time": dt.datetime(2026, 1, 2, 3, 4, 5, 6),  # noqa: DTZ001 # as the service writes times
        "set": {1, 2},
        "circuit": circuit,
        "instruction": RXGate(0.5),
        "parameter": Parameter("theta"),
        "paulis": quantum_info.PauliList(["XX", "IZ"]),
        "operator": quantum_info.SparsePauliOp(["XX", "IZ", "XX"], [1, 2, 3j]),
        "channel": quantum_info.PauliLindbladMap.from_sparse_list([("XX", [0, 1], 0.1)], num_qubits=2),
        "observables": primitives.ObservablesArray([["ZZ"], ["XX"]]),
        "bindings": primitives.BindingsArray({("a", "b"): np.ones((3, 2)), "c": np.zeros(3)}),
        "words": [
            np.array(["linear", "exponential"]),
            None,
            True,
            "text",
            1,
            2.5,
            float("nan"),
            float("inf"),
        ],
        "unknown": {"__type__": "Later", "__value__": {"a": 1}},
    }
    data = primitives.DataBin(evs=np.array(0.5), shape=())
    kinds = (primitives.PubResult, primitives.SamplerPubResult, results.EstimatorPubResult)
    pubs = [kind(data, metadata) for kind in kinds]
    wanted = equal("estimator", typed(primitives.PrimitiveResult(pubs, metadata)))
    assert isinstance(wanted.metadata["instruction"], Instruction)


@check
def bits_numbers_and_kerneled_data_of_every_shape_are_equal() -> None:
    rng = np.random.default_rng(7)
    for num_bits in (1, 7, 8, 9, 20, 64, 65, 156):
        for shape in ((), (3,), (2, 0), (2, 3)):
            flags = rng.integers(0, 2, (*shape, 5, num_bits)).astype(bool)
            iq = rng.normal(size=(*shape, 5, num_bits)) + 1j * rng.normal(size=(*shape, 5, num_bits))
            fields = {
                "c": primitives.BitArray.from_bool_array(flags),
                "kerneled": iq,
                "avg_kerneled": iq.mean(axis=-2),
            }
            pub = primitives.SamplerPubResult(primitives.DataBin(**fields, shape=shape), {})
            equal("sampler", typed(primitives.PrimitiveResult([pub], {"version": 2})))


@check
def execution_spans_of_every_class_are_equal() -> None:
    start = dt.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 # as the service writes times
    stop = start + dt.timedelta(seconds=1.5)
    spans = execution_span.ExecutionSpans([
        execution_span.SliceSpan(start, stop, {0: ((2, 5), slice(3, 8))}),
        execution_span.DoubleSliceSpan(start, stop, {0: ((3, 4), slice(0, 2), slice(1, 4))}),
        execution_span.TwirledSliceSpan(start, stop, {2: ((2, 3, 4), True, slice(1, 5), slice(0, 3))}),
        execution_span.TwirledSliceSpanV2(start, stop, {3: ((3, 2, 4), False, slice(0, 4), slice(0, 4), 7)}),
    ])  # fmt: skip
    body = typed(primitives.PrimitiveResult([], {"spans": spans}))
    for name in (b"ExecutionSpans", b"ExecutionSpanCollection"):
        wanted = equal("sampler", body.replace(b"ExecutionSpans", name)).metadata["spans"]
        ours = decode("sampler", body).metadata["spans"]
        for our, their in zip(ours, wanted, strict=True):
            for index in their.pub_idxs:
                assert (our.mask(index) == their.mask(index)).all()
            assert our.size == their.size


def main() -> None:
    warnings.simplefilter("ignore")
    for function in CHECKS:
        function()
        print(function.__name__)  # noqa: T201 # read by the test


if __name__ == "__main__":
    main()
