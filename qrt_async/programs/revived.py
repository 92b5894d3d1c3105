"""Typed values that only Qiskit's kin can make something of, for ``to_qiskit()``."""

from __future__ import annotations

import base64
import io
import warnings
import zipfile
from typing import Any

from qrt_async.errors import ResultError
from qrt_async.programs.arrays import LIMITS


def parameter(text: str) -> Any:
    """A Qiskit ``Parameter``, which the service writes as QPY alone can: its reader has no public name."""
    from qiskit.qpy.binary_io.value import _read_parameter

    return _read_parameter(io.BytesIO(base64.b64decode(text)))


def sparse_matrix(text: str) -> Any:
    """A SciPy matrix; its arrays are held to the limit that every array is held to, and are never unpickled."""
    from scipy.sparse import load_npz

    data = io.BytesIO(base64.b64decode(text))
    with zipfile.ZipFile(data) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > LIMITS.array_bytes:
        raise ResultError(
            f"A sparse matrix of {size} bytes is larger than the limit of {LIMITS.array_bytes}."
        )
    return load_npz(data)


def noise_model(value: Any) -> Any:
    """Aer's ``NoiseModel``, or the data of it where Aer is not installed."""
    try:
        from qiskit_aer.noise import NoiseModel
    except ImportError:
        return value
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # nothing else reads what the service's encoder writes
        return NoiseModel.from_dict(value)
