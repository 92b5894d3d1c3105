"""Run by the official client's Python (see test_official_programs.py): both sides read what the other wrote.

Prints the names of the checks that passed, one a line; any failure ends the script with its traceback.
"""

from __future__ import annotations

import datetime as dt
import importlib
import warnings
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from qiskit.primitives import DataBin, PrimitiveResult, PubResult, SamplerPubResult
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import Pauli, PauliLindbladMap, PauliList, SparseObservable, SparsePauliOp
from qiskit_ibm_runtime.decoders.executor.decoder import ExecutorResultDecoder
from qiskit_ibm_runtime.decoders.executor_sampler.decoder import ClientSideSamplerResultDecoder
from qiskit_ibm_runtime.execution_span import (
    DoubleSliceSpan,
    ExecutionSpans,
    SliceSpan,
    TwirledSliceSpan,
    TwirledSliceSpanV2,
)
from qiskit_ibm_runtime.results import EstimatorPubResult, LayerError, NoiseLearnerResult, PauliLindbladError

from qrt_async.programs.arrays import finish
from qrt_async.programs.program import Estimator, NoiseLearner, Program, Sampler
from qrt_async.programs.results import ExecutorResult, decode, decode_in_pieces
from tests.journeys.likeness import a_circuit, a_shape, an_array, official, same, some_bits, theirs

# By name, because the linter's environment has no stubs for it and must not need it.
SCHEMAS = "ibm_quantum_schemas"
SamplerParams = importlib.import_module(f"{SCHEMAS}.sampler.version_0_1.params").ParamsModel
EstimatorParams = importlib.import_module(f"{SCHEMAS}.estimator.version_0_1.params").ParamsModel
NoiseLearnerParams = importlib.import_module(f"{SCHEMAS}.noise_learner_v2.version_0_1.models").ParamsModel
TENSORS = importlib.import_module(f"{SCHEMAS}.common.tensor")

ROUNDS = 60
CHECKS: list[Callable[[np.random.Generator], None]] = []


def check(function: Callable[[np.random.Generator], None]) -> Callable[[np.random.Generator], None]:
    CHECKS.append(function)
    return function


@check
def sampler_params_decode_to_what_the_official_client_sends(rng: np.random.Generator) -> None:
    circuit = a_circuit(rng, int(rng.integers(0, 13)), True)
    names = [parameter.name for parameter in circuit.parameters]
    values = rng.normal(size=(*a_shape(rng), len(names)))
    given: Any = values
    if names and rng.integers(2):
        given = {name: values[..., index, None] for index, name in enumerate(names)}
    body = Sampler([(circuit, given)], shots=10, options={"twirling": {"enable_gates": True}}).encode()
    SamplerParams.model_validate_json(body)
    ours = theirs(body)
    reference = theirs(official({"pubs": [SamplerPub.coerce((circuit, given), shots=10)]}))
    assert ours["pubs"][0][0] == circuit == reference["pubs"][0][0]
    assert same(ours["pubs"][0][1], reference["pubs"][0][1])
    assert ours["pubs"][0][2] == 10
    assert ours["version"] == 2
    assert ours["support_qiskit"] is True
    assert ours["options"] == {"twirling": {"enable_gates": True}}


@check
def estimator_params_decode_to_what_the_official_client_sends(rng: np.random.Generator) -> None:
    circuit = a_circuit(rng, 2, False)
    labels = ["".join(rng.choice(list("IXYZ"), circuit.num_qubits)) for _ in range(3)]
    operator = SparsePauliOp(labels, [0.5, 1.5, -3]).simplify()
    kinds = [labels, labels[0], operator, [operator, Pauli(labels[0])], PauliList(labels), [[labels[0]], [labels[1]]],
             {labels[0]: 0.25}, ObservablesArray(labels), SparseObservable.from_sparse_pauli_op(operator)]  # fmt: skip
    observables = kinds[rng.integers(len(kinds))]
    body = Estimator([(circuit, observables, rng.normal(size=2))], precision=0.1).encode()
    ours = theirs(body)["pubs"][0]
    reference = theirs(official(EstimatorPub.coerce((circuit, observables, np.zeros(2)), precision=0.1)))
    assert ours[0] == circuit
    assert ObservablesArray.coerce(ours[1]).equivalent(ObservablesArray.coerce(reference[1]))
    assert ObservablesArray.coerce(ours[1]).shape == ObservablesArray.coerce(reference[1]).shape
    assert ours[3] == 0.1
    if np.ndim(ours[1]) <= 1:  # the schema knows one list of observables, the service any nesting
        EstimatorParams.model_validate_json(body)


@check
def noise_learner_params_validate(rng: np.random.Generator) -> None:
    circuit = a_circuit(rng, 0, False)
    body = NoiseLearner([circuit, circuit], options={"layer_pair_depths": [0, 4]}).encode()
    NoiseLearnerParams.model_validate_json(body)
    assert theirs(body)["circuits"] == [circuit, circuit]


@check
def arrays_of_every_dtype_go_both_ways(rng: np.random.Generator) -> None:
    array = an_array(rng)
    assert same(decode("any", official({"a": array}))["a"], array)
    assert same(finish(decode_in_pieces("any", official({"a": array})))["a"], array)
    assert same(theirs(Program("any", {"a": array}).encode())["a"], array)


@check
def scalars_sets_times_and_operators_decode_equal(rng: np.random.Generator) -> None:
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, int(rng.integers(10**6)))  # noqa: DTZ001 # as the service writes times
    operator = SparsePauliOp(["ZZ", "XX"], rng.normal(size=2))
    bindings = BindingsArray({("a", "b"): rng.normal(size=(3, 2)), "c": rng.normal(size=3)})
    observables = ObservablesArray([["ZZ"], [{"XX": 0.5, "YI": 2}]])
    value = {"z": complex(*rng.normal(size=2)), "t": moment, "s": {1, 2}, "o": operator, "b": bindings}
    value |= {"n": np.int64(3), "obs": observables, "list": [PauliList(["XX"])]}
    value |= {"nan": float("nan"), "inf": -float("inf")}
    got = decode("any", official(value))
    assert got["z"] == value["z"]
    assert got["t"] == moment.replace(tzinfo=dt.UTC)
    assert got["s"] == {1, 2}
    assert got["o"] == dict(operator.to_list())
    assert same(got["b"], bindings.data)
    assert got["n"] == 3
    assert got["obs"] == observables.tolist()
    assert got["nan"] != got["nan"]
    assert got["inf"] == -float("inf")
    assert got["list"] == [["XX"]]


@check
def typed_circuits_and_operators_of_ours_decode_equal(rng: np.random.Generator) -> None:
    circuit = a_circuit(rng, 3, True)
    operator = SparsePauliOp(["ZZ", "XX"], rng.normal(size=2))
    got = theirs(Program("any", {"c": circuit, "o": operator, "z": 1 + 2j, "n": np.float32(0.5)}).encode())
    assert got["c"] == circuit
    assert got["o"] == operator
    assert got["z"] == 1 + 2j
    assert got["n"] == 0.5


def spans(rng: np.random.Generator) -> ExecutionSpans:
    start = dt.datetime(2026, 1, 2, 3, 4, int(rng.integers(60)))  # noqa: DTZ001 # as the service writes times
    stop = start + dt.timedelta(seconds=float(rng.integers(1, 9)))
    return ExecutionSpans([
        DoubleSliceSpan(start, stop, {0: ((3, 4), slice(0, 2), slice(1, 4)), 1: ((5,), slice(0, 1), slice(0, 5))}),
        TwirledSliceSpan(start, stop, {2: ((2, 3, 4), True, slice(1, 5), slice(0, 3))}),
        TwirledSliceSpanV2(start, stop, {3: ((3, 2, 4), False, slice(0, 4), slice(0, 4), 7)}),
        SliceSpan(start, stop, {4: ((2, 5), slice(3, 8))}),
    ])  # fmt: skip


@check
def sampler_results_decode_to_equal_objects(rng: np.random.Generator) -> None:
    shape = a_shape(rng)
    data = DataBin(shape=shape, meas=some_bits(rng, shape), c=some_bits(rng, shape))
    metadata = {"execution": {"execution_spans": spans(rng)}, "version": 2}
    body = official(PrimitiveResult([SamplerPubResult(data, {"circuit_metadata": {"a": 1}})], metadata))
    for ours in (decode("sampler", body), finish(decode_in_pieces("sampler", body))):
        assert same(ours.to_qiskit(), theirs(body))
        assert ours[0].data.meas.get_counts() == data.meas.get_counts()
        assert same(ours[0].join_data().to_qiskit(), theirs(body)[0].join_data())
    for ours_span, span in zip(
        ours.metadata["execution"]["execution_spans"], spans_of(theirs(body)), strict=True
    ):
        assert ours_span.pub_idxs == span.pub_idxs
        assert ours_span.size == span.size
        assert all(same(ours_span.mask(index), span.mask(index)) for index in span.pub_idxs)


def spans_of(result: Any) -> Any:
    return result.metadata["execution"]["execution_spans"]


@check
def estimator_results_decode_to_equal_objects(rng: np.random.Generator) -> None:
    shape = a_shape(rng)
    evs = rng.normal(size=shape)
    evs.reshape(-1)[0] = rng.choice([np.nan, np.inf, 0.5])
    data = DataBin(shape=shape, evs=evs, stds=abs(rng.normal(size=shape)))
    kind = [PubResult, EstimatorPubResult][rng.integers(2)]
    body = official(
        PrimitiveResult([kind(data, {"shots": 4096, "target_precision": float("nan")})], {"version": 2})
    )
    assert same(decode("estimator", body).to_qiskit(), theirs(body))


@check
def noise_learner_results_go_both_ways(rng: np.random.Generator) -> None:
    circuit = a_circuit(rng, 0, False)
    width = circuit.num_qubits
    error = PauliLindbladError(PauliList(["X" * width, "Z" * width]), rng.random(2))
    layer = LayerError(circuit, list(range(width)), error)
    bare = LayerError(circuit, list(range(width)))
    metadata = {"backend": "ibm_x", "input_options": {"max_layers_to_learn": 4}}
    ours = decode("noise-learner", official(NoiseLearnerResult([layer, bare], metadata)))
    plain = decode("noise-learner", official({"data": [layer, bare], "metadata": metadata}))
    resent = theirs(Program("estimator", {"model": ours}).encode())["model"]
    for back in (ours.to_qiskit(), plain.to_qiskit(), resent):
        assert isinstance(back, NoiseLearnerResult)
        assert back.metadata == metadata
        assert back.data[1].error is None
        assert back.data[0].circuit == circuit
        assert back.data[0].qubits == layer.qubits
        assert back.data[0].error.generators == error.generators
        assert same(back.data[0].error.rates, error.rates)


@check
def pauli_lindblad_maps_and_unknown_types_survive(rng: np.random.Generator) -> None:
    channel = PauliLindbladMap.from_sparse_list([("XX", [0, 1], 0.1), ("Z", [0], 0.2)], num_qubits=2)
    body = official({"map": channel, "new": {"__type__": "Later", "__value__": {"a": np.arange(3)}}})
    got = decode("any", body)
    assert Program("any", got["map"]).encode()
    assert theirs(Program("any", {"map": got["map"]}).encode())["map"] == channel
    assert got["new"]["__type__"] == "Later"
    assert same(got["new"]["__value__"]["a"], np.arange(3))


@check
def executor_results_decode_to_what_the_official_client_gets(rng: np.random.Generator) -> None:
    compressed = bool(rng.integers(2))
    twirled = bool(rng.integers(2))
    shape = a_shape(rng)
    leading = (int(rng.integers(1, 4)), *shape) if twirled else shape
    flags = rng.integers(0, 2, (*leading, 5, 3)).astype(bool)
    results = {"meas": tensor(flags, compressed)}
    if twirled:
        results["measurement_flips.meas"] = tensor(rng.integers(0, 2, flags.shape).astype(bool), compressed)
    recipe = {"version": "v0.1", "twirling": twirled, "meas_type": "classified", "shots": 5, "options": {}}
    recipe["circuits_metadata"] = [{"k": 1}]
    part = {"idx_item": 0, "size": 1, "permutation": [], "element_range": [0, 1, 1]}
    timing = {"start": "2026-01-02T03:04:05", "stop": "2026-01-02T03:04:06", "parts": [part]}
    tree = {
        "schema_version": "v2.0" if compressed else "v1.0",
        "data": [{"results": results, "metadata": {"scheduler_timing": None, "stretch_values": None}}],
        "metadata": {"chunk_timing": [timing]},
        "passthrough_data": {"post_processor": recipe, "kept": tensor(np.arange(3.0), compressed)},
        "semantic_role": ["sampler_v2", None][rng.integers(2)],
    }
    body = msgspec.json.encode(tree)
    reference = ExecutorResultDecoder.decode(body.decode())
    for ours in (decode("executor", body), finish(decode_in_pieces("executor", body))):
        if tree["semantic_role"] is None:
            assert isinstance(ours, ExecutorResult)
            assert same(ours[0].data.meas, reference[0]["meas"])
            assert same(ours.passthrough_data, reference.passthrough_data)
        else:
            wanted = ClientSideSamplerResultDecoder.decode(ExecutorResultDecoder.decode(body.decode()))
            assert same(ours.to_qiskit()[0], wanted[0])


def tensor(array: np.ndarray[Any, Any], compressed: bool) -> dict[str, Any]:

    model = TENSORS.CompressedTensorModel if compressed else TENSORS.TensorModel
    return dict(model.from_numpy(array).model_dump(mode="json"))


def main() -> None:
    warnings.simplefilter("ignore")
    for function in CHECKS:
        for seed in range(ROUNDS):
            try:
                function(np.random.default_rng(seed))
            except BaseException:
                print(f"FAILED {function.__name__} with seed {seed}")  # noqa: T201 # read by the test
                raise
        print(function.__name__)  # noqa: T201 # read by the test


if __name__ == "__main__":
    main()
