from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from qrt_async.programs.outlines import Outline, parse_primitive, plain_pub, typed_pub
from qrt_async.programs.results import TREE, decode


def typed(kind: str, value: Any) -> dict[str, Any]:
    return {"__type__": kind, "__value__": value}


def typed_body(**changes: Any) -> bytes:
    data = typed(
        "DataBin", {"field_names": ["c"], "shape": [2], "fields": {"c": {"long": "x" * 1000}}, **changes}
    )
    pubs = [typed("SamplerPubResult", {"data": data, "metadata": {"a": 1}})]
    return json.dumps(typed("PrimitiveResult", {"pub_results": pubs, "metadata": {"version": 2}})).encode()


PLAIN = b'{"results": [{"data": {"c": {"samples": ["0x1"], "num_bits": 1}}, "metadata": {"a": 1}}], "metadata": {}}'


def test_both_encodings_have_an_outline() -> None:
    outline = parse_primitive(typed_body())
    assert not outline.plain
    assert outline.metadata == {"version": 2}
    pub = typed_pub(outline.pubs[0])
    assert pub is not None
    assert (pub.kind, pub.shape, pub.metadata, list(pub.fields)) == ("SamplerPubResult", [2], {"a": 1}, ["c"])
    outline = parse_primitive(PLAIN)
    assert outline.plain
    assert plain_pub(outline.pubs[0]).metadata == {"a": 1}


def test_fields_are_views_of_what_arrived() -> None:
    for body, read in ((typed_body(), typed_pub), (PLAIN, plain_pub)):
        pub = read(parse_primitive(body).pubs[0])
        assert pub is not None
        assert np.shares_memory(np.frombuffer(body, np.uint8), np.frombuffer(pub.fields["c"], np.uint8))


def test_fields_are_those_that_are_named() -> None:
    pub = typed_pub(parse_primitive(typed_body(field_names=[])).pubs[0])
    assert pub is not None
    assert list(pub.fields) == ["c"]
    with pytest.raises(KeyError):
        typed_pub(parse_primitive(typed_body(field_names=["d"])).pubs[0])


def test_another_form_is_data() -> None:
    assert parse_primitive(b"[1]") == [1]
    other = parse_primitive(typed_body(shape=2).replace(b"DataBin", b"Another"))
    assert isinstance(other, Outline)
    assert typed_pub(other.pubs[0]) is None


def test_bare_numbers_that_are_none_do_not_cost_the_outline() -> None:
    body = PLAIN.replace(b'{"a": 1}', b'{"a": [NaN, -Infinity,Infinity], "NaN": "NaN, Infinity"}')
    outline = parse_primitive(body)
    assert isinstance(outline, Outline)
    metadata = TREE.revive(plain_pub(outline.pubs[0]).metadata)
    assert metadata["NaN"] == "NaN, Infinity"
    assert metadata["a"][0] != metadata["a"][0]
    assert metadata["a"][1:] == [-np.inf, np.inf]
    for hidden in (b'"\\"NaN"', b'"NaN"'):  # escapes, or none outside of a text
        body = PLAIN.replace(b"1}", b"1, " + hidden + b": NaN}")
        assert decode("sampler", body)[0].data.c.get_counts() == {"1": 1}
