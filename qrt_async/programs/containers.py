"""What a Sampler or an Estimator gives back, in the shape that Qiskit users know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from qrt_async.programs.arrays import Array
from qrt_async.programs.bits import BitArray
from qrt_async.programs.typed import Revive, reading

if TYPE_CHECKING:
    from qiskit import primitives


class Packed:
    """A field that nobody has asked for yet."""

    __slots__ = ("_node", "_revive")

    def __init__(self, node: Any, revive: Revive) -> None:
        self._node = node
        self._revive = revive

    def unpacked(self, name: str) -> Any:
        with reading(f"The field {name!r}"):
            return self._revive(self._node)


class DataBin:
    """The data of one PUB, by name: a BitArray for each register of a Sampler, ``evs`` and ``stds`` of an Estimator.

    Read as attributes (``data.meas``) or items (``data["meas"]``); where the type matters,
    :meth:`bits` and :meth:`array`. Arrays are unpacked at the first access, which raises ``ResultError``
    where one is damaged.
    """

    def __init__(self, fields: Mapping[str, Any], shape: tuple[int, ...] = ()) -> None:
        self._fields = dict(fields)
        self._shape = shape

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the PUB; every field begins with it."""
        return self._shape

    @property
    def ndim(self) -> int:
        return len(self._shape)

    @property
    def size(self) -> int:
        return int(np.prod(self._shape, dtype=int))

    def bits(self, name: str) -> BitArray:
        """The register ``name``. ``TypeError`` where it holds something else, such as kerneled data."""
        value = self[name]
        if not isinstance(value, BitArray):
            raise TypeError(f"{name!r} is {type(value).__name__}, not bits; see array({name!r}).")
        return value

    def array(self, name: str) -> Array:
        """The numbers ``name``. ``TypeError`` where it holds something else, such as bits."""
        value = self[name]
        if not isinstance(value, np.ndarray):
            raise TypeError(f"{name!r} is {type(value).__name__}, not an array; see bits({name!r}).")
        return value

    def keys(self) -> Iterator[str]:
        return iter(self._fields)

    def values(self) -> Iterator[Any]:
        return (self[name] for name in self._fields)

    def items(self) -> Iterator[tuple[str, Any]]:
        return ((name, self[name]) for name in self._fields)

    def __getitem__(self, name: str) -> Any:
        if name not in self._fields:
            raise KeyError(f"no field {name!r}; there is {', '.join(self._fields) or 'none'}")
        value = self._fields[name]
        if isinstance(value, Packed):
            value = self._fields[name] = value.unpacked(name)
        return value

    def __getattr__(self, name: str) -> Any:
        fields = self.__dict__.get("_fields", {})  # empty while being unpickled
        if name not in fields:
            raise AttributeError(f"no field {name!r}; there is {', '.join(fields) or 'none'}")
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._fields]

    def __repr__(self) -> str:
        return f"DataBin({', '.join([*self._fields, f'shape={self._shape}'])})"

    def __getstate__(self) -> dict[str, Any]:
        return {"_fields": dict(self.items()), "_shape": self._shape}

    def to_qiskit(self) -> primitives.DataBin:
        """Qiskit's own ``DataBin``. Needs the extra ``qiskit``."""
        from qrt_async.programs import qiskit  # imports Qiskit

        return qiskit.data_bin(self)


class PubResult:
    """What one PUB gave: ``data``, and ``metadata`` in the service's words."""

    def __init__(self, data: DataBin, metadata: dict[str, Any], kind: str = "PubResult") -> None:
        self.data = data
        self.metadata = metadata
        self.kind = kind

    def __repr__(self) -> str:
        return f"PubResult({self.data!r})"

    def join_data(self, names: Sequence[str] | None = None) -> BitArray:
        """The registers of a Sampler's PUB side by side, the first one in the low bits; all of them, or ``names``."""
        return BitArray.concatenate_bits([self.data.bits(name) for name in names or self.data])

    def to_qiskit(self) -> primitives.PubResult:
        """Qiskit's own. Needs the extra ``qiskit``."""
        from qrt_async.programs import qiskit  # imports Qiskit

        return qiskit.pub_result(self)


class PrimitiveResult(Sequence[PubResult]):
    """The result of a Sampler or an Estimator: one :class:`PubResult` a PUB, in order, and ``metadata``."""

    def __init__(self, pub_results: Sequence[PubResult], metadata: dict[str, Any]) -> None:
        self._pub_results = list(pub_results)
        self.metadata = metadata

    @overload
    def __getitem__(self, index: int) -> PubResult: ...
    @overload
    def __getitem__(self, index: slice) -> list[PubResult]: ...
    def __getitem__(self, index: int | slice) -> PubResult | list[PubResult]:
        return self._pub_results[index]

    def __len__(self) -> int:
        return len(self._pub_results)

    def __repr__(self) -> str:
        return f"PrimitiveResult({self._pub_results!r})"

    def to_qiskit(self) -> primitives.PrimitiveResult[Any]:
        """Qiskit's own, with everything in it. Needs the extra ``qiskit``."""
        from qrt_async.programs import qiskit  # imports Qiskit

        return qiskit.primitive_result(self)
