from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from qrt_async.errors import ResultError
from qrt_async.programs.results import TREE
from qrt_async.programs.spans import ExecutionSpans, Portion


def typed(kind: str, value: Any) -> dict[str, Any]:
    return {"__type__": kind, "__value__": value}


def span(kind: str, second: int, slices: dict[str, Any]) -> dict[str, Any]:
    start, stop = (typed("datetime", f"2026-01-02T03:04:{at:02}") for at in (second, second + 2))
    return typed(kind, {"start": start, "stop": stop, "data_slices": slices})


SPANS: ExecutionSpans = TREE.revive(
    typed(
        "ExecutionSpans",
        {
            "spans": [
                span("TwirledSliceSpanV2", 5, {"3": [[3, 2, 4], False, 0, 4, 0, 4, 7]}),
                span("DoubleSliceSpan", 1, {"0": [[3, 4], 0, 2, 1, 4], "1": [[5], 0, 1, 0, 5]}),
                span("TwirledSliceSpan", 2, {"2": [[2, 3, 4], True, 1, 5, 0, 3]}),
                span("ExecutionSpan", 3, {"4": [[2, 5], 3, 8]}),
            ]
        },
    )
)


def test_spans_have_times_in_utc() -> None:
    assert SPANS.start == datetime(2026, 1, 2, 3, 4, 1, tzinfo=UTC)
    assert SPANS.stop == datetime(2026, 1, 2, 3, 4, 7, tzinfo=UTC)
    assert SPANS.duration == 6
    assert SPANS[0].duration == 2
    assert [one.start.second for one in SPANS.sort()] == [1, 2, 3, 5]


def test_spans_know_their_pubs_and_sizes() -> None:
    assert SPANS.pub_idxs == [0, 1, 2, 3, 4]
    assert SPANS[1].pub_idxs == [0, 1]
    assert [one.size for one in SPANS] == [16, 11, 12, 5]
    assert SPANS[1].contains_pub(0)
    assert SPANS[1].contains_pub([1, 7])
    assert not SPANS[1].contains_pub(2)
    assert SPANS.filter_by_pub(0)[1].pub_idxs == [0]
    assert SPANS.filter_by_pub([2, 3])[1].pub_idxs == []


def test_masks_have_the_shape_of_the_data() -> None:
    plain = SPANS[1].mask(0)
    assert plain.shape == (3, 4)
    assert plain.sum() == 6
    assert not plain[:, 0].any()
    twirled = SPANS[2].mask(2)
    assert twirled.shape == (3, 8)
    assert twirled.sum() == 12
    cut = SPANS[0].mask(3)
    assert cut.shape == (3, 7)
    flat = SPANS[3].mask(4)
    assert flat.reshape(-1).tolist() == [False] * 3 + [True] * 5 + [False] * 2
    with pytest.raises(KeyError):
        SPANS[0].mask(0)


def test_spans_are_a_sequence_of_values() -> None:
    assert len(SPANS) == 4
    assert SPANS[:2] == ExecutionSpans(list(SPANS)[:2])
    assert list(SPANS) != SPANS
    assert repr(SPANS[:1]).startswith("ExecutionSpans([ExecutionSpan(")


def test_the_older_name_is_read() -> None:
    assert TREE.revive(typed("ExecutionSpanCollection", {"spans": []})) == ExecutionSpans([])


def test_a_mask_beyond_the_ceiling_is_refused() -> None:
    with pytest.raises(ResultError, match="beyond"):
        Portion((10**6, 10**6), (0, 1), (0, 1)).mask()


def test_without_the_official_client_spans_convert_to_themselves() -> None:
    pytest.importorskip("qiskit")
    assert SPANS.to_qiskit() is SPANS
