"""Results of the program ``executor``: tensors by item, or a Sampler's result where one was asked for (api.md 5.8)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import Array, Steps, tensor_in_pieces
from qrt_async.programs.bits import BitArray
from qrt_async.programs.containers import DataBin, PrimitiveResult, PubResult
from qrt_async.programs.packing import pack_flags
from qrt_async.programs.typed import moment

_FLIPS = "measurement_flips."
_AT_ONCE = 1 << 18
"""Bools that are worked on in one step."""
_IQ = {"kerneled": "_iq", "avg_kerneled": "_avg_iq"}


class ExecutorMetadata(dict[str, Any]):
    """What the executor says of a run, in the service's words: ``chunk_timing``, its times in UTC."""

    def to_qiskit(self) -> Any:
        """The official client's class where that client is installed; otherwise these."""
        from qrt_async.programs import official  # imports Qiskit

        return official.executor_metadata(self)


class ExecutorResult(Sequence[PubResult]):
    """One entry for each item of the program, its ``data`` arrays ``(*item_shape, shots, bits)`` by register,
    bools with bit 0 first; ``metadata``, and what the program passed through."""

    def __init__(
        self,
        items: Sequence[PubResult],
        metadata: ExecutorMetadata,
        passthrough_data: Any,
        semantic_role: str | None,
    ) -> None:
        self._items = list(items)
        self.metadata = metadata
        self.passthrough_data = passthrough_data
        self.semantic_role = semantic_role

    @overload
    def __getitem__(self, index: int) -> PubResult: ...
    @overload
    def __getitem__(self, index: slice) -> list[PubResult]: ...
    def __getitem__(self, index: int | slice) -> PubResult | list[PubResult]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"ExecutorResult({self._items!r})"

    def to_qiskit(self) -> Any:
        """What the official client makes of it, which must be installed: its ``QuantumProgramResult``, or, for an
        Estimator's or a noise learner's program (``semantic_role``), the result that these stand for."""
        from qrt_async.programs import official  # imports Qiskit

        return official.executor_result(self)


def read_executor_in_pieces(tree: Any) -> Steps[ExecutorResult | PrimitiveResult]:
    """Every tensor read; a Sampler's registers packed as bits."""
    metadata = _timed(tree.get("metadata") or {})
    compressed = _compressed(tree)
    role = tree.get("semantic_role")
    recipe = (tree.get("passthrough_data") or {}).get("post_processor") or {}
    items = tree["data"]
    # The schema spells the role with a hyphen, the official client with an underscore.
    if role in ("sampler_v2", "sampler-v2") and recipe.get("version") == "v0.1":
        notes = recipe.get("circuits_metadata") or [None] * len(items)
        pubs = []
        for item, note in zip(items, notes, strict=True):
            pub = yield from _pub(item, recipe, note, compressed)
            pubs.append(pub)
        about = {"executor": metadata, "options": recipe.get("options"), "shots": recipe.get("shots")}
        return PrimitiveResult(pubs, about)
    read = []
    for item in items:
        pub = yield from _item(item, compressed)
        read.append(pub)
    passed = yield from _passed(tree.get("passthrough_data"), compressed)
    return ExecutorResult(read, metadata, passed, role)


def _item(item: Any, compressed: bool) -> Steps[PubResult]:
    fields = {}
    for name, node in item["results"].items():
        fields[name] = yield from read_tensor_in_pieces(node, compressed)
    return PubResult(DataBin(fields), item.get("metadata") or {}, "QuantumProgramItemResult")


def _pub(item: Any, recipe: Any, note: Any, compressed: bool) -> Steps[PubResult]:
    """One item as the PUB result of a Sampler."""
    meas_type, twirled = recipe["meas_type"], bool(recipe["twirling"])
    results = item["results"]
    registers = [name for name in results if not name.startswith(_FLIPS)]
    shapes = {
        _declared(results[name])[1 if twirled else 0 : -1 if meas_type == "avg_kerneled" else -2]
        for name in registers
    }
    if len(shapes) != 1 or any(name.removeprefix(_FLIPS) not in registers for name in results):
        raise ResultError("An item of an executor result has registers that do not fit together.")
    shape = shapes.pop()
    fields = {}
    for name in registers:
        data = yield from read_tensor_in_pieces(results[name], compressed)
        if _FLIPS + name in results:
            flips = yield from read_tensor_in_pieces(results[_FLIPS + name], compressed)
            yield from _flip(data, flips)
        fields[name.removesuffix(_IQ.get(meas_type, ""))] = yield from _register(
            data, meas_type, twirled, len(shape)
        )
    metadata = {"circuit_metadata": note or {}}
    if twirled:
        metadata["num_randomizations"] = _declared(results[registers[0]])[0]
    compilation = {name: about for name, about in (item.get("metadata") or {}).items() if about}
    return PubResult(
        DataBin(fields, shape),
        {**metadata, **({"compilation": compilation} if compilation else {})},
        "SamplerPubResult",
    )


def _flip(data: Array, flips: Array) -> Steps[None]:
    """Undo, in place, the random flips that twirled the measurements."""
    if data.shape != flips.shape or data.dtype != np.bool_ or flips.dtype != np.bool_:
        raise ResultError("The flips of a register are not like its data.")
    flat, flipped = data.reshape(-1), flips.reshape(-1)
    for begin in range(0, len(flat), _AT_ONCE):
        block = slice(begin, begin + _AT_ONCE)
        np.logical_xor(flat[block], flipped[block], out=flat[block])
        yield 0


def _register(data: Array, meas_type: str, twirled: bool, ndim: int) -> Steps[Any]:
    """Packs the bits, and puts the randomizations beside the shots."""
    if meas_type == "avg_kerneled":
        return data.mean(axis=0) if twirled else data
    num_bits = data.shape[-1]
    if meas_type == "classified":
        data = yield from _bytes(data)
    if twirled:
        data = np.moveaxis(data, 0, ndim)
        data = data.reshape(*data.shape[:ndim], -1, data.shape[-1])
    return BitArray(data, num_bits) if meas_type == "classified" else data


def _bytes(flags: Array) -> Steps[Array]:
    """Bools with bit 0 first as bytes with the highest bit first."""
    if flags.dtype != np.bool_:
        raise ResultError(f"The bits of a register came as {flags.dtype}.")
    *shape, num_bits = flags.shape
    rows = flags.reshape(math.prod(shape), num_bits)
    packed = np.empty((len(rows), -(-num_bits // 8)), dtype=np.uint8)
    block = max(1, _AT_ONCE // max(1, num_bits))
    for begin in range(0, len(rows), block):
        packed[begin : begin + block] = pack_flags(rows[begin : begin + block, ::-1])
        yield 0
    return packed.reshape(*shape, packed.shape[-1])


def _passed(node: Any, compressed: bool) -> Steps[Any]:
    """What the program passed through; arrays in it travel as tensors."""
    found: Any = node
    if isinstance(node, list):
        found = []
        for entry in node:
            passed = yield from _passed(entry, compressed)
            found.append(passed)
    elif isinstance(node, dict) and node.keys() == {"data", "shape", "dtype"}:
        found = yield from read_tensor_in_pieces(node, compressed)
    elif isinstance(node, dict):
        found = {}
        for name, entry in node.items():
            found[name] = yield from _passed(entry, compressed)
    return found


def read_tensor_in_pieces(node: Any, compressed: bool = False) -> Steps[Array]:
    array = yield from tensor_in_pieces(node["data"], _declared(node), node["dtype"], compressed)
    return array


def _declared(node: Any) -> tuple[int, ...]:
    shape = tuple(node["shape"])
    if not all(isinstance(size, int) and size >= 0 for size in shape):
        raise ResultError(f"A tensor has the shape {str(shape)[:60]}.")
    return shape


def _compressed(tree: Any) -> bool:
    """Tensors are deflated from schema v2.0 on."""
    version = str(tree.get("schema_version", "")).removeprefix("v").partition(".")[0]
    if not version.isdecimal():
        raise ResultError(f"The result of an executor names the schema {tree.get('schema_version')!r}.")
    return int(version) >= 2


def _timed(metadata: dict[str, Any]) -> ExecutorMetadata:
    spans = [
        {
            **span,
            "start": moment(span["start"], lambda node: node),
            "stop": moment(span["stop"], lambda node: node),
        }
        for span in metadata.get("chunk_timing") or ()
    ]
    return ExecutorMetadata({**metadata, "chunk_timing": spans} if spans else metadata)
