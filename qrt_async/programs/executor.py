"""Results of the program ``executor``: tensors by item, or a Sampler's result where one was asked for (api.md 5.8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import Array, Steps, finish, tensor_in_pieces
from qrt_async.programs.bits import BitArray
from qrt_async.programs.containers import DataBin, Packed, PrimitiveResult, PubResult
from qrt_async.programs.typed import moment

_FLIPS = "measurement_flips."
_IQ = {"kerneled": "_iq", "avg_kerneled": "_avg_iq"}


class ExecutorResult(Sequence[PubResult]):
    """One entry for each item of the program, its ``data`` arrays ``(*item_shape, shots, bits)`` by register,
    bools with bit 0 first; ``metadata``, and what the program passed through."""

    def __init__(
        self,
        items: Sequence[PubResult],
        metadata: dict[str, Any],
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


def unpack_tensors(tree: Any) -> Steps[Any]:
    """The same tree with every tensor read, a piece at a time."""
    for item in tree["data"]:
        for name, node in item["results"].items():
            item["results"][name] = yield from _tensor_in_pieces(node, _compressed(tree))
    return tree


def read_executor(tree: Any) -> ExecutorResult | PrimitiveResult:
    metadata = _timed(tree.get("metadata") or {})
    compressed = _compressed(tree)
    role = tree.get("semantic_role")
    recipe = (tree.get("passthrough_data") or {}).get("post_processor") or {}
    # The schema spells the role with a hyphen, the official client with an underscore.
    if role in ("sampler_v2", "sampler-v2") and recipe.get("version") == "v0.1":
        notes = recipe.get("circuits_metadata") or [None] * len(tree["data"])
        pubs = [_pub(item, recipe, note, compressed) for item, note in zip(tree["data"], notes, strict=True)]
        about = {"executor": metadata, "options": recipe.get("options"), "shots": recipe.get("shots")}
        return PrimitiveResult(pubs, about)
    items = [_item(item, compressed) for item in tree["data"]]
    return ExecutorResult(items, metadata, _passed(tree.get("passthrough_data"), compressed), role)


def _item(item: Any, compressed: bool) -> PubResult:
    fields = {name: Packed(node, _Read(compressed)) for name, node in item["results"].items()}
    return PubResult(DataBin(fields), item.get("metadata") or {}, "QuantumProgramItemResult")


def _pub(item: Any, recipe: Any, note: Any, compressed: bool) -> PubResult:
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
    read = _Register(compressed, meas_type, twirled, len(shape))
    fields = {
        name.removesuffix(_IQ.get(meas_type, "")): Packed((results[name], results.get(_FLIPS + name)), read)
        for name in registers
    }
    metadata = {"circuit_metadata": note or {}}
    if twirled:
        metadata["num_randomizations"] = _declared(results[registers[0]])[0]
    compilation = {name: about for name, about in (item.get("metadata") or {}).items() if about}
    return PubResult(
        DataBin(fields, shape),
        {**metadata, **({"compilation": compilation} if compilation else {})},
        "SamplerPubResult",
    )


def read_tensor(node: Any, compressed: bool = False) -> Array:
    return finish(_tensor_in_pieces(node, compressed))


class _Read:
    """Reads one tensor."""

    def __init__(self, compressed: bool) -> None:
        self._compressed = compressed

    def __call__(self, node: Any) -> Array:
        return read_tensor(node, self._compressed)


class _Register(_Read):
    """Reads a register: undoes the random flips, puts the randomizations beside the shots, packs the bits."""

    def __init__(self, compressed: bool, meas_type: str, twirled: bool, ndim: int) -> None:
        super().__init__(compressed)
        self._meas_type = meas_type
        self._twirled = twirled
        self._ndim = ndim

    def __call__(self, node: Any) -> Any:
        data, flips = super().__call__(node[0]), node[1]
        if flips is not None:
            data = data ^ super().__call__(flips)
        if self._twirled:
            data = data.mean(axis=0) if self._meas_type == "avg_kerneled" else self._merged(data)
        return BitArray.from_bool_array(data, "little") if self._meas_type == "classified" else data

    def _merged(self, data: Array) -> Array:
        data = np.moveaxis(data, 0, self._ndim)
        return data.reshape(*data.shape[: self._ndim], -1, data.shape[-1])


def _passed(node: Any, compressed: bool) -> Any:
    """What the program passed through; arrays in it travel as tensors."""
    if isinstance(node, list):
        return [_passed(entry, compressed) for entry in node]
    if not isinstance(node, dict):
        return node
    if node.keys() == {"data", "shape", "dtype"}:
        return read_tensor(node, compressed)
    return {name: _passed(entry, compressed) for name, entry in node.items()}


def _tensor_in_pieces(node: Any, compressed: bool) -> Steps[Array]:
    if isinstance(node, np.ndarray):
        return node
    array = yield from tensor_in_pieces(node["data"], _declared(node), node["dtype"], compressed)
    return array


def _declared(node: Any) -> tuple[int, ...]:
    shape = node.shape if isinstance(node, np.ndarray) else tuple(node["shape"])
    if not all(isinstance(size, int) and size >= 0 for size in shape):
        raise ResultError(f"A tensor has the shape {str(shape)[:60]}.")
    return shape


def _compressed(tree: Any) -> bool:
    """Tensors are deflated from schema v2.0 on."""
    version = str(tree.get("schema_version", "")).removeprefix("v").partition(".")[0]
    if not version.isdecimal():
        raise ResultError(f"The result of an executor names the schema {tree.get('schema_version')!r}.")
    return int(version) >= 2


def _timed(metadata: dict[str, Any]) -> dict[str, Any]:
    spans = [
        {
            **span,
            "start": moment(span["start"], lambda node: node),
            "stop": moment(span["stop"], lambda node: node),
        }
        for span in metadata.get("chunk_timing") or ()
    ]
    return {**metadata, "chunk_timing": spans} if spans else metadata
