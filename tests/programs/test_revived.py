from __future__ import annotations

import base64
import io
import zipfile

import pytest
from qiskit.circuit import Parameter
from qiskit.qpy.binary_io.value import _write_parameter
from qiskit_aer.noise import NoiseModel, depolarizing_error
from scipy.sparse import csr_array, save_npz

from qrt_async.errors import ResultError
from qrt_async.programs import arrays, qiskit, revived


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def npz() -> bytes:
    out = io.BytesIO()
    save_npz(out, csr_array([[0.0, 1.5], [2.0, 0.0]]))
    return out.getvalue()


def test_a_parameter_is_the_one_that_was_written() -> None:
    given, out = Parameter("theta"), io.BytesIO()
    _write_parameter(out, given)
    assert qiskit.plain({"__type__": "Parameter", "__value__": text(out.getvalue())}) == given


def test_a_sparse_matrix_is_read() -> None:
    found = qiskit.plain({"a": {"__type__": "spmatrix", "__value__": text(npz())}})["a"]
    assert found.toarray().tolist() == [[0.0, 1.5], [2.0, 0.0]]


def test_a_sparse_matrix_beyond_the_limit_is_refused_before_it_is_inflated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.npy", bytes(5000))
    monkeypatch.setattr(revived, "LIMITS", arrays.Limits(array_bytes=4000))
    with pytest.raises(ResultError, match="larger than the limit of 4000"):
        revived.sparse_matrix(text(out.getvalue()))


def test_a_noise_model_is_aers() -> None:
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.01, 1), ["x"])
    assert qiskit.plain({"__type__": "NoiseModel", "__value__": model.to_dict()}) == model


@pytest.mark.parametrize("kind", ["Parameter", "spmatrix", "NoiseModel"])
def test_what_makes_none_is_a_result_error(kind: str) -> None:
    with pytest.raises(ResultError, match=f"no {kind} of its data"):
        qiskit.plain({"__type__": kind, "__value__": "AAAA"})
