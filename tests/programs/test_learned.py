from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from qrt_async.errors import InvalidInput, ResultError
from qrt_async.programs.arrays import finish
from qrt_async.programs.learned import LearnedNoise
from qrt_async.programs.results import decode, decode_in_pieces


def tensor(*numbers: float) -> dict[str, Any]:
    data = base64.b64encode(np.array(numbers).tobytes()).decode()
    return {"data": data, "shape": [len(numbers)], "dtype": "f64"}


ENTRY = {
    "generators_sparse": [[["X", [0]]], [["Z", [1]], ["XX", [0, 1]]]],
    "num_qubits": 2,
    "rates": tensor(0.1, 0.2),
    "rates_std": tensor(0.01, 0.02),
    "metadata": {"learning_protocol": "trex", "post_selection": {"success_rates": {"3": 0.9}}},
}


def body(**changes: Any) -> bytes:
    return json.dumps({"schema_version": "v0.3", "data": [{**ENTRY, **changes}]}).encode()


def test_version_three_gives_generators_with_rates() -> None:
    for noise in (decode("noise-learner", body()), finish(decode_in_pieces("noise-learner", body()))):
        assert isinstance(noise, LearnedNoise)
        assert noise.schema_version == "v0.3"
        (layer,) = noise
        assert noise[:1] == [layer]
        assert layer.generators == ((("X", (0,)),), (("Z", (1,)), ("XX", (0, 1))))
        assert layer.rates.tolist() == [0.1, 0.2]
        assert layer.rates_std.tolist() == [0.01, 0.02]
        assert layer.num_qubits == 2
        assert layer.metadata == {"learning_protocol": "trex", "post_selection": {"success_rates": {3: 0.9}}}
        assert "2 generators" in repr(noise)


@pytest.mark.parametrize(
    "changes", [{"rates": tensor(0.1)}, {"rates": 3}, {"generators_sparse": [3]}, {"num_qubits": None}]
)
def test_what_does_not_fit_is_an_error(changes: dict[str, Any]) -> None:
    with pytest.raises(ResultError):
        decode("noise-learner", body(**changes))


def test_the_official_classes_need_the_official_client() -> None:
    noise = decode("noise-learner", body())
    with pytest.raises(InvalidInput, match="pip install qiskit-ibm-runtime"):
        noise.to_qiskit()
