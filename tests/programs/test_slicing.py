"""A result of several programs is cut into one for each, with nothing of the others."""

from __future__ import annotations

import msgspec
import pytest

from qrt_async.errors import ResultError
from qrt_async.programs.results import ExecutionSpans, decode
from qrt_async.programs.slicing import slices

SPAN = (
    '{"__type__":"DoubleSliceSpan","__value__":{"start":{"__type__":"datetime","__value__":"2026-01-02T03:04:05"},'
    '"stop":{"__type__":"datetime","__value__":"2026-01-02T03:04:06"},"data_slices":{%s}}}'
)
ARRAY = "eJyb7BfqGxDJyFDGUK2eklqcXKRupaBeU2qorqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RomOgqGmjoKtQpkAy4GZmYGAOUhG74="


def typed(count: int) -> bytes:
    pub = (
        '{"__type__":"SamplerPubResult","__value__":{"data":{"__type__":"DataBin","__value__":{"field_names":["meas"],'
        '"field_types":["BitArray"],"shape":[],"fields":{"meas":{"__type__":"BitArray","__value__":{"array":'
        '{"__type__":"ndarray","__value__":"%s"},"num_bits":2}}}}},"metadata":{"circuit_metadata":{"n":%d}}}}'
    )
    pubs = ",".join(pub % (ARRAY, n) for n in range(count))
    spans = ",".join(
        [SPAN % '"0":[[4],0,1,0,4],"1":[[4],0,1,0,4]', SPAN % '"2":[[4],0,1,0,4]', SPAN % '"1":[[4],0,1,0,2]']
    )
    return (
        f'{{"__type__":"PrimitiveResult","__value__":{{"pub_results":[{pubs}],"metadata":{{"execution":'
        f'{{"execution_spans":{{"__type__":"ExecutionSpans","__value__":{{"spans":[{spans}]}}}}}},"version":2}}}}}}'
    ).encode()


def plain(count: int) -> bytes:
    data = [{"data": {"c": {"samples": [hex(n)], "num_bits": 9}}, "metadata": {"n": n}} for n in range(count)]
    return msgspec.json.encode({"results": data, "metadata": {"version": 2}})


@pytest.mark.parametrize("form", [typed, plain])
def test_each_slice_is_a_result_of_its_own(form: object) -> None:
    body = typed(3) if form is typed else plain(3)
    first, second = (decode("sampler", part) for part in slices(body, [(0, 1), (1, 2)], 3))
    whole = decode("sampler", body)
    assert (len(first), len(second)) == (1, 2)
    assert [pub.metadata for pub in (*first, *second)] == [pub.metadata for pub in whole]
    for own, of_all in zip((*first, *second), whole, strict=True):
        (name,) = of_all.data
        assert own.data.bits(name).get_counts() == of_all.data.bits(name).get_counts()
    assert first.metadata["version"] == second.metadata["version"] == 2


def test_execution_spans_tell_of_ones_own_pubs_by_ones_own_numbers() -> None:
    parts = [decode("sampler", part) for part in slices(typed(3), [(0, 1), (1, 1), (2, 1)], 3)]
    spans: list[ExecutionSpans] = [part.metadata["execution"]["execution_spans"] for part in parts]
    assert [[span.pub_idxs for span in each] for each in spans] == [[[0]], [[0], [0]], [[0]]]
    assert [[span.size for span in each] for each in spans] == [[4], [4, 2], [4]]


def test_a_result_with_a_bare_nan_can_be_cut() -> None:
    body = (
        b'{"results":[{"data":{"evs":[NaN],"stds":[0.1]},"metadata":{}},{"data":{"evs":[1.0],"stds":[0.2]},'
    )
    body += b'"metadata":{}}],"metadata":{}}'
    second = decode("estimator", slices(body, [(0, 1), (1, 1)], 2)[1])
    assert second[0].data.array("evs").tolist() == [1.0]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b'{"a":1}', b'{"results":1}', b'{"__type__":"PrimitiveResult"}', plain(2)],
)
def test_what_is_no_such_result_is_an_error_of_ours(body: bytes) -> None:
    with pytest.raises(ResultError):
        slices(body, [(0, 1)], 3)
