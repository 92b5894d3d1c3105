from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.primitives import BitArray as QiskitBitArray

from qrt_async.errors import InvalidInput
from qrt_async.programs.bits import BitArray


@st.composite
def packed(draw: st.DrawFn, max_bits: int = 140) -> tuple[Any, int]:
    """Bytes and a number of bits; stray bits left of the highest one now and then, as Qiskit allows."""
    num_bits = draw(st.integers(1, max_bits))
    shape = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    shots = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    outcomes = rng.integers(0, 256, (draw(st.integers(1, 6)), -(-num_bits // 8)), dtype=np.uint8)
    array = outcomes[rng.integers(0, len(outcomes), (*shape, shots))]
    if num_bits % 8 and draw(st.booleans()):
        array[..., 0] &= (1 << num_bits % 8) - 1
    return array, num_bits


def both(array: Any, num_bits: int) -> tuple[BitArray, QiskitBitArray]:
    return BitArray(array, num_bits), QiskitBitArray(array, num_bits)


def same(ours: BitArray, theirs: QiskitBitArray) -> bool:
    return (
        ours.shape == theirs.shape and ours.num_shots == theirs.num_shots and bool(ours.to_qiskit() == theirs)
    )


@given(packed())
def test_counts_and_bitstrings_are_qiskits(bits: tuple[Any, int]) -> None:
    ours, theirs = both(*bits)
    assert ours.get_counts() == theirs.get_counts()
    assert ours.get_int_counts() == theirs.get_int_counts()
    assert ours.get_bitstrings() == theirs.get_bitstrings()
    assert (ours.num_bits, ours.num_shots, ours.shape, ours.ndim, ours.size) == (
        (theirs.num_bits, theirs.num_shots, theirs.shape, theirs.ndim, theirs.size)
    )
    loc = tuple(size - 1 for size in ours.shape)
    assert ours.get_counts(loc) == theirs.get_counts(loc)
    assert ours.get_int_counts(loc) == theirs.get_int_counts(loc)
    assert ours.get_bitstrings(loc) == theirs.get_bitstrings(loc)


@pytest.mark.parametrize("num_bits", [1, 8, 9, 16, 17, 20, 63, 64, 65, 127, 200])
@pytest.mark.parametrize("distinct", [1, 50, 3000])
def test_counts_of_many_shots_add_up(num_bits: int, distinct: int) -> None:
    rng = np.random.default_rng(num_bits)
    outcomes = [int.from_bytes(rng.bytes(-(-num_bits // 8)), "big") % 2**num_bits for _ in range(distinct)]
    drawn = [outcomes[index] for index in rng.integers(0, distinct, 3000)]
    expected: dict[int, int] = {}
    for outcome in drawn:
        expected[outcome] = expected.get(outcome, 0) + 1
    bits = BitArray.from_samples(drawn, num_bits)
    assert bits.get_int_counts() == expected
    assert list(bits.get_int_counts()) == sorted(expected)
    assert bits.get_counts() == {
        format(outcome, f"0{num_bits}b"): count for outcome, count in expected.items()
    }


def test_a_bitstring_reads_bit_zero_on_the_right() -> None:
    bits = BitArray(np.array([[0b01]], dtype=np.uint8), 2)
    assert bits.get_counts() == {"01": 1}
    assert bits.slice_bits(0).get_counts() == {"1": 1}
    assert BitArray(np.array([[2, 0]], dtype=np.uint8), 10).get_int_counts() == {512: 1}


def test_an_empty_register_reads_zero() -> None:
    empty = BitArray(np.empty((3, 0), dtype=np.uint8), 0)
    assert empty.get_counts() == {"0": 3}
    assert empty.get_int_counts() == {0: 3}
    assert empty.get_bitstrings() == ["0", "0", "0"]
    assert BitArray(np.empty((0, 1), dtype=np.uint8), 5).get_counts() == {}


@given(packed(40), st.data())
def test_slices_are_qiskits(bits: tuple[Any, int], data: st.DataObject) -> None:
    ours, theirs = both(*bits)
    chosen = data.draw(st.lists(st.integers(0, ours.num_bits - 1), min_size=1, max_size=20))
    assert same(ours.slice_bits(chosen), theirs.slice_bits(chosen))
    shots = data.draw(st.lists(st.integers(0, ours.num_shots - 1), min_size=1, max_size=5))
    assert same(ours.slice_shots(shots), theirs.slice_shots(shots))
    assert same(ours.slice_shots(0), theirs.slice_shots(0))


@given(packed(40), st.data())
def test_postselection_is_qiskits(bits: tuple[Any, int], data: st.DataObject) -> None:
    ours, theirs = both(*bits)
    size = data.draw(st.integers(0, 4))
    where = data.draw(st.lists(st.integers(-ours.num_bits, ours.num_bits - 1), min_size=size, max_size=size))
    wanted = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    chosen = ours.postselect(where, wanted)
    assert chosen.shape == ()  # Qiskit gives (1,) where there is one shot in all
    assert chosen.get_bitstrings() == theirs.postselect(where, wanted).get_bitstrings()
    assert ours.postselect(0, 1).get_bitstrings() == theirs.postselect(0, 1).get_bitstrings()


@given(packed(20))
def test_reshape_join_and_flags_are_qiskits(bits: tuple[Any, int]) -> None:
    ours, theirs = both(*bits)
    assert same(ours.reshape(ours.size), theirs.reshape(ours.size))
    every = ours.size * ours.num_shots
    assert same(ours.reshape((), every), theirs.reshape((), every))
    assert same(BitArray.concatenate_shots([ours, ours]), QiskitBitArray.concatenate_shots([theirs, theirs]))
    assert same(BitArray.concatenate_bits([ours, ours]), QiskitBitArray.concatenate_bits([theirs, theirs]))
    if ours.shape:
        last = ours.ndim - 1
        assert same(
            BitArray.concatenate([ours, ours], -1), QiskitBitArray.concatenate([theirs, theirs], last)
        )
        assert same(ours[0], theirs[0])
        assert same(ours[:1], theirs[:1])
        assert ours[..., :1].shape == (*ours.shape[:-1], 1)
    flags = ours.to_bool_array()
    assert (flags == theirs.to_bool_array()).all()
    assert (ours.to_bool_array("little") == theirs.to_bool_array("little")).all()
    assert BitArray.from_bool_array(flags) == ours
    assert BitArray.from_bool_array(flags[..., ::-1], "little") == ours
    assert ours.bitcount().tolist() == flags.sum(axis=-1).tolist()  # Qiskit 2.6 miscounts stray bits here


@settings(max_examples=50)
@given(packed(6), st.data())
def test_expectation_values_are_qiskits(bits: tuple[Any, int], data: st.DataObject) -> None:
    ours, theirs = both(*bits)
    label = st.text(alphabet="IZ01", min_size=ours.num_bits, max_size=ours.num_bits)
    one = st.dictionaries(
        label, st.floats(-2, 2).filter(lambda value: abs(value) > 0.1), min_size=1, max_size=3
    )
    columns = ours.shape[-1] if ours.shape else 2
    observables = data.draw(st.one_of(label, one, st.lists(one, min_size=columns, max_size=columns)))
    got = ours.expectation_values(observables)
    expected = theirs.expectation_values(observables)
    assert np.shape(got) == np.shape(expected)
    assert np.allclose(got, expected)


def test_expectation_values_broadcast_points_against_observables() -> None:
    bits = BitArray.from_bool_array([[[0, 0]], [[0, 1]], [[1, 1]]]).reshape(3, 1)
    got = bits.expectation_values(["ZZ", "IZ", "0I", {"II": 2.0}])
    assert got.tolist() == [[1, 1, 1, 2], [-1, -1, 1, 2], [1, -1, 0, 2]]


def test_equality_looks_at_bits_not_at_padding() -> None:
    clean, stray = (BitArray(np.array([[value]], dtype=np.uint8), 3) for value in (0b101, 0b11101))
    assert clean == stray
    assert clean != BitArray(np.array([[0b100]], dtype=np.uint8), 3)
    assert clean != "101"
    assert stray.get_counts() == {"101": 1}


def test_samples_and_counts_make_bits() -> None:
    assert BitArray.from_samples(["0x0", "0x3", "0x3"], 2).get_counts() == {"00": 1, "11": 2}
    assert BitArray.from_samples(["10", "01"]).get_int_counts() == {1: 1, 2: 1}
    assert BitArray.from_counts({"10": 2, "01": 1}).get_counts() == {"10": 2, "01": 1}
    assert BitArray.from_counts({5: 2}).num_bits == 3


def test_a_bit_array_survives_pickling() -> None:
    bits = BitArray.from_samples([1, 2, 3], 2)
    assert pickle.loads(pickle.dumps(bits)) == bits  # noqa: S301 # our own


BITS = BitArray.from_samples([1, 2, 3], 2)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda: BitArray(np.zeros((3, 1), dtype=np.int64), 2), InvalidInput),
        (lambda: BitArray(np.zeros((3, 2), dtype=np.uint8), 2), InvalidInput),
        (lambda: BITS.slice_bits(2), IndexError),
        (lambda: BITS.slice_bits([-1]), IndexError),
        (lambda: BITS.slice_shots(3), IndexError),
        (lambda: BITS[0], IndexError),
        (lambda: BITS[0, 0], IndexError),
        (lambda: BITS.get_counts(0), IndexError),
        (lambda: BITS.postselect([0], [1, 1]), InvalidInput),
        (lambda: BITS.postselect([2], [1]), IndexError),
        (lambda: BITS.reshape(5), InvalidInput),
        (lambda: BITS.expectation_values("ZZZ"), InvalidInput),
        (lambda: BITS.expectation_values("XZ"), InvalidInput),
        (lambda: BITS.slice_shots([]).expectation_values("ZZ"), InvalidInput),
        (lambda: BITS.to_bool_array("middle"), InvalidInput),  # type: ignore[arg-type] # wrong on purpose
        (lambda: BitArray.from_bool_array([True]), InvalidInput),
        (lambda: BitArray.from_samples([]), InvalidInput),
        (lambda: BitArray.from_samples([9], 3), InvalidInput),
        (lambda: BitArray.from_samples([256], 3), InvalidInput),
        (lambda: BitArray.from_samples([-1]), InvalidInput),
        (lambda: BitArray.concatenate([]), InvalidInput),
        (lambda: BitArray.concatenate([BITS]), InvalidInput),
        (lambda: BitArray.concatenate_bits([]), InvalidInput),
        (lambda: BitArray.concatenate_bits([BITS, BITS.slice_shots(0)]), InvalidInput),
        (lambda: BitArray.concatenate_shots([BITS, BITS.slice_bits(0)]), InvalidInput),
        (lambda: BitArray.concatenate_shots([BITS, BITS.reshape(3, 1)]), InvalidInput),
        (lambda: len(BITS), TypeError),
    ],
)
def test_wrong_use_is_refused(wrong: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        wrong()


@given(packed(40), st.data())
def test_bits_combine_as_qiskits(bits: tuple[Any, int], data: st.DataObject) -> None:
    ours, theirs = both(*bits)
    shape = tuple(data.draw(st.sampled_from([1, size])) for size in bits[0].shape[:-1])
    other = np.random.default_rng(1).integers(0, 256, (*shape, bits[0].shape[-1]), dtype=np.uint8)
    our_other, their_other = both(other, bits[1])
    assert same(ours & our_other, theirs & their_other)
    assert same(our_other | ours, their_other | theirs)
    assert same(ours ^ our_other, theirs ^ their_other)
    assert same(~ours, ~theirs)
    assert (~ours).get_bitstrings() == (~theirs).get_bitstrings()


def test_bits_that_do_not_fit_are_not_combined() -> None:
    bits = BitArray.from_samples([1, 2, 3], 2)
    with pytest.raises(InvalidInput, match="do not broadcast"):
        bits & BitArray.from_samples([1, 2], 2)
    with pytest.raises(InvalidInput, match="must agree"):
        bits | BitArray.from_samples([1, 2, 3], 3)
    with pytest.raises(TypeError, match="unsupported operand"):
        bits ^ 1  # type: ignore[operator] # on purpose


@given(packed(20), st.data())
def test_axes_are_transposed_as_qiskits(bits: tuple[Any, int], data: st.DataObject) -> None:
    ours, theirs = both(*bits)
    assert same(ours.transpose(), theirs.transpose())
    order = data.draw(st.permutations(range(ours.ndim)))
    if order:
        assert same(ours.transpose(order), theirs.transpose(order))
        assert same(ours.transpose(*[axis - ours.ndim for axis in order]), theirs.transpose(*order))
    with pytest.raises(InvalidInput, match="each is needed once"):
        ours.transpose(*order, 0)


def test_several_counts_are_points() -> None:
    counts = [{"0": 3, "1": 1}, {"0": 2, "1": 2}]
    assert same(BitArray.from_counts(counts), QiskitBitArray.from_counts(counts))
    assert BitArray.from_counts(counts).get_counts(1) == {"0": 2, "1": 2}
    for wrong in ([], [{"0": 1}, {"0": 2}]):
        with pytest.raises(InvalidInput, match="all of as many shots"):
            BitArray.from_counts(wrong)


def test_indices_may_be_whatever_numpy_takes() -> None:
    array = np.arange(12, dtype=np.uint8).reshape(3, 2, 2, 1)
    ours, theirs = both(array, 8)
    for index in (0, -1, slice(1, None), (0, 1), ..., [0, 2], np.array([True, False, True])):
        assert same(ours[index], theirs[index]), index
