from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from qrt_async.api import pieces
from qrt_async.programs.npy import ndarray
from qrt_async.programs.results import decode


@pytest.fixture(autouse=True, scope="module")
def small_pieces() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "PIECE", 24)
        yield


@given(
    arrays.arrays(
        st.sampled_from(["f8", "f4", "i8", "c16", "u1", "?"]), arrays.array_shapes(min_dims=0, max_side=5)
    )
)
def test_an_array_in_pieces_is_read_back_bit_by_bit(array: Any) -> None:
    for given_as in (array, np.asfortranarray(array), array[::-1] if array.ndim else array):
        back = decode("any", pieces.document([ndarray(given_as)]))[0]
        assert (back.dtype, back.shape, back.tobytes()) == (
            given_as.dtype,
            given_as.shape,
            given_as.tobytes(),
        )


def test_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        ndarray(np.array([object()] * 10))
