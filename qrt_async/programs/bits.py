"""BitArray: measured bits, packed as Qiskit packs them, and counted with NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from qrt_async.errors import InvalidInput
from qrt_async.programs.counting import Counted
from qrt_async.programs.diagonal import expectations
from qrt_async.programs.dictionary import Tally
from qrt_async.programs.observables import DIAGONAL, Observables
from qrt_async.programs.packing import (
    Counts,
    checked,
    joined,
    matching,
    pack_flags,
    pack_samples,
    pick_bits,
    positive,
    repeated,
)

if TYPE_CHECKING:
    from qiskit.primitives import BitArray as QiskitBitArray

Bytes = NDArray[np.uint8]


class BitArray(Counted):
    """The bits of one classical register, for every shot of every point of a PUB.

    ``array`` has the shape ``(*shape, num_shots, ceil(num_bits / 8))`` and dtype ``uint8``: the bits of
    a shot as one big-endian number, filled up with zeros on the left. Bit ``i`` is ``creg[i]``, and the
    rightmost character of a bitstring is bit 0. Instances are values: every method returns a new one.
    """

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment] # compared by value, and holds an array

    def __init__(self, array: Bytes, num_bits: int) -> None:
        if array.dtype != np.uint8 or array.ndim < 2 or array.shape[-1] != -(-num_bits // 8):
            raise InvalidInput(
                f"Got an array of {array.dtype} with shape {array.shape} for {num_bits} bits; "
                f"needed is uint8 with shape (..., shots, {-(-num_bits // 8)})."
            )
        self._array = array
        self._num_bits = num_bits
        self._tally: Tally | None = None

    # -- what it is -------------------------------------------------------------------------------

    @property
    def array(self) -> Bytes:
        return self._array

    @property
    def num_bits(self) -> int:
        return self._num_bits

    @property
    def num_shots(self) -> int:
        """Shots at each point."""
        return int(self._array.shape[-2])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the PUB: its parameter sets, without shots and bits."""
        return self._array.shape[:-2]

    @property
    def ndim(self) -> int:
        return self._array.ndim - 2

    @property
    def size(self) -> int:
        """How many points: the product of ``shape``."""
        return prod(self.shape)

    def __repr__(self) -> str:
        return f"BitArray(<shape={self.shape}, num_shots={self.num_shots}, num_bits={self.num_bits}>)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BitArray):
            return NotImplemented
        return self._num_bits == other._num_bits and np.array_equal(self._clean(), other._clean())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("A BitArray of a single point has no length; see num_shots.")
        return self.shape[0]

    def __and__(self, other: BitArray) -> BitArray:
        """Bit by bit; shapes and shots broadcast against each other, as in NumPy."""
        return self._paired(np.bitwise_and, other)

    def __or__(self, other: BitArray) -> BitArray:
        return self._paired(np.bitwise_or, other)

    def __xor__(self, other: BitArray) -> BitArray:
        return self._paired(np.bitwise_xor, other)

    def __invert__(self) -> BitArray:
        return BitArray(np.bitwise_not(self._array), self._num_bits)

    def _paired(self, operation: Callable[..., Bytes], other: BitArray) -> BitArray:
        if not isinstance(other, BitArray):
            return NotImplemented
        _alike([self, other])
        try:
            return BitArray(operation(self._array, other._array), self._num_bits)
        except ValueError:
            raise InvalidInput(f"{self!r} and {other!r} do not broadcast against each other.") from None

    # -- reading ----------------------------------------------------------------------------------

    def to_bool_array(self, order: Literal["big", "little"] = "big") -> NDArray[np.bool_]:
        """Shape ``(*shape, num_shots, num_bits)``; with ``order="little"`` index 0 is bit 0."""
        if order not in ("big", "little"):
            raise InvalidInput(f"Got order={order!r}; allowed are 'big' and 'little'.")
        unpacked = np.unpackbits(self._array, axis=-1)[..., self._array.shape[-1] * 8 - self._num_bits :]
        return (unpacked if order == "big" else unpacked[..., ::-1]).astype(np.bool_)

    def bitcount(self) -> NDArray[np.uint64]:
        """How many ones each shot has; shape ``(*shape, num_shots)``."""
        ones: NDArray[np.uint64] = np.bitwise_count(self._clean()).sum(axis=-1, dtype=np.uint64)
        return ones

    def expectation_values(self, observables: Any) -> NDArray[np.float64]:
        """Mean of diagonal observables over the shots.

        ``observables`` is what an Estimator takes, with the letters I, Z, 0 and 1; its shape broadcasts
        against ``shape``, and so the result is shaped.
        """
        asked = Observables.read(observables, letters=DIAGONAL)
        if asked.width != self._num_bits:
            raise InvalidInput(
                f"Got observables of {asked.width} letters for {self._num_bits} bits; they must agree."
            )
        if self.num_shots == 0:
            raise InvalidInput("Got no shots to take a mean over.")
        return expectations(self._clean(), asked)

    # -- cutting and joining ----------------------------------------------------------------------

    def __getitem__(self, indices: Any) -> BitArray:
        asked = indices if isinstance(indices, tuple) else (indices,)
        if len([index for index in asked if index is not Ellipsis and index is not None]) > self.ndim:
            raise IndexError(
                f"Got {len(asked)} indices for {self.ndim} dimensions; "
                "shots are cut by slice_shots(), bits by slice_bits()."
            )
        rest = () if any(index is Ellipsis for index in asked) else (Ellipsis,)
        return BitArray(self._array[(*asked, *rest, slice(None), slice(None))], self._num_bits)

    def slice_bits(self, indices: int | Sequence[int]) -> BitArray:
        """Only these bits; bit ``i`` is ``creg[i]``, and the first one named becomes the new bit 0."""
        chosen = checked(indices, self._num_bits, "bits")
        return BitArray(pick_bits(self._array, chosen), len(chosen))

    def slice_shots(self, indices: int | Sequence[int]) -> BitArray:
        """Only these shots, in this order."""
        return BitArray(self._array[..., checked(indices, self.num_shots, "shots"), :], self._num_bits)

    def postselect(
        self, indices: Sequence[int] | int, selection: Sequence[bool | int] | bool | int
    ) -> BitArray:
        """The shots whose bits ``indices`` read ``selection``; all points in one row of shots, shape ``()``."""
        bits = [indices] if isinstance(indices, int) else list(indices)
        wanted = [selection] if isinstance(selection, int) else list(selection)
        if len(bits) != len(wanted):
            raise InvalidInput(
                f"Got {len(bits)} bits and {len(wanted)} values for them; name as many of each."
            )
        bits = checked([positive(bit, self._num_bits) for bit in bits], self._num_bits, "bits")
        return BitArray(matching(self._rows(None), bits, wanted), self._num_bits)

    def reshape(self, *shape: int | Iterable[int]) -> BitArray:
        """Another shape of as many points; or, where only that fits, of points times shots."""
        new = tuple(size for part in shape for size in ([part] if isinstance(part, int) else part))
        if prod(new) == self.size:
            return BitArray(self._array.reshape(*new, *self._array.shape[-2:]), self._num_bits)
        if prod(new) == self.size * self.num_shots:
            return BitArray(self._array.reshape(*new, self._array.shape[-1]), self._num_bits)
        raise InvalidInput(
            f"Got the shape {new} for {self.size} points of {self.num_shots} shots; the sizes differ."
        )

    def transpose(self, *axes: int | Sequence[int]) -> BitArray:
        """The axes of ``shape`` in another order; without arguments in the reverse one."""
        order = [axis for part in axes for axis in ([part] if isinstance(part, int) else part)]
        order = order if axes else list(reversed(range(self.ndim)))
        if sorted(positive(axis, self.ndim) for axis in order) != list(range(self.ndim)):
            raise InvalidInput(f"Got the axes {order} for {self.ndim} dimensions; each is needed once.")
        last = (self.ndim, self.ndim + 1)
        return BitArray(
            self._array.transpose(*(positive(axis, self.ndim) for axis in order), *last), self._num_bits
        )

    @staticmethod
    def concatenate(bit_arrays: Sequence[BitArray], axis: int = 0) -> BitArray:
        """Joined along an axis of their shapes. Bits, shots and the other axes must agree."""
        first = _alike(bit_arrays)
        if not -first.ndim <= axis < first.ndim:
            raise InvalidInput(
                f"Got axis {axis} for arrays of {first.ndim} dimensions; reshape(1) gives a point one."
            )
        return BitArray(joined([array.array for array in bit_arrays], axis % first.ndim), first.num_bits)

    @staticmethod
    def concatenate_shots(bit_arrays: Sequence[BitArray]) -> BitArray:
        """The shots of all, one after the other."""
        first = _alike(bit_arrays)
        return BitArray(joined([array.array for array in bit_arrays], -2), first.num_bits)

    @staticmethod
    def concatenate_bits(bit_arrays: Sequence[BitArray]) -> BitArray:
        """The registers side by side; the first one holds the low bits."""
        if not bit_arrays:
            raise InvalidInput("Got no bit arrays to join; at least one is needed.")
        try:
            low_first = [array.to_bool_array("little") for array in bit_arrays]
            return BitArray.from_bool_array(np.concatenate(low_first, axis=-1), "little")
        except ValueError as error:
            raise InvalidInput(f"These bit arrays do not lie side by side: {error}.") from None

    # -- making -----------------------------------------------------------------------------------

    @staticmethod
    def from_bool_array(array: Any, order: Literal["big", "little"] = "big") -> BitArray:
        """From ``(..., shots, bits)``; with ``order="little"`` index 0 is bit 0."""
        flags = np.asarray(array, dtype=np.bool_)
        if flags.ndim < 2 or order not in ("big", "little"):
            raise InvalidInput(
                f"Got {flags.ndim} dimensions and order={order!r}; needed: (..., shots, bits), big or little."
            )
        return BitArray(pack_flags(flags[..., ::-1] if order == "little" else flags), flags.shape[-1])

    @staticmethod
    def from_samples(samples: Iterable[str] | Iterable[int], num_bits: int | None = None) -> BitArray:
        """From integers, hex strings (``0x…``) or bitstrings; all of one kind."""
        return BitArray(*pack_samples(samples, num_bits))

    @staticmethod
    def from_counts(counts: Counts | Iterable[Counts], num_bits: int | None = None) -> BitArray:
        """As many shots of each outcome as ``counts`` says; outcomes as in :meth:`from_samples`.

        Several counts of as many shots each are the points of an array of shape ``(len(counts),)``.
        """
        every, points = repeated(counts)
        bits = BitArray.from_samples(every, num_bits)
        return bits if points is None else bits.reshape(points, len(every) // points)

    def to_qiskit(self) -> QiskitBitArray:
        """Qiskit's own ``BitArray`` over the same memory. Needs the extra ``qiskit``."""
        from qrt_async.programs import qiskit  # imports Qiskit

        return qiskit.bit_array(self)


def _alike(bit_arrays: Sequence[BitArray]) -> BitArray:
    if not bit_arrays:
        raise InvalidInput("Got no bit arrays to join; at least one is needed.")
    if len({array.num_bits for array in bit_arrays}) > 1:
        raise InvalidInput(f"Got arrays of {[array.num_bits for array in bit_arrays]} bits; they must agree.")
    return bit_arrays[0]
