"""Arrays as the service's typed JSON, long ones in pieces."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from qrt_async.api import pieces
from qrt_async.programs import typed
from qrt_async.programs.arrays import Array, typed_array


def encode(value: Any) -> Any:
    """As typed JSON; ``TypeError`` for what has none here."""
    return ndarray(value) if isinstance(value, np.ndarray) else typed.encode(value)


def ndarray(array: Array) -> dict[str, Any]:
    """The same as :func:`typed_array` makes of it, to be written by ``pieces.document``."""
    if array.nbytes <= pieces.PIECE or array.dtype.hasobject:
        return typed_array(array)
    array = np.ascontiguousarray(array)
    with io.BytesIO() as head:
        np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(array))
        parts = pieces.deflated([head.getvalue(), array.reshape(-1).view(np.uint8).data])
        return {"__type__": "ndarray", "__value__": pieces.base64(parts)}
