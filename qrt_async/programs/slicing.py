"""A result of several programs, cut into one result for each, as the service would have sent it. Pure.

A slice is bytes again: it can be kept, decoded and handed on like any result. Nothing of the other PUBs is in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from qrt_async.errors import ResultError
from qrt_async.programs.outlines import Outline, parse_primitive
from qrt_async.programs.typed import reading

Span = tuple[int, int]
"""The first PUB, and how many there are."""


def slices(body: bytes, spans: Iterable[Span], pubs: int) -> list[bytes]:
    """One result for each span. ``ResultError`` where the result is not one of so many ``pubs``."""
    with reading("The result of a shared job"):
        outline = _outline(body)
        if len(outline.pubs) != pubs:
            raise ResultError(f"The result of a shared job has {len(outline.pubs)} PUBs; sent were {pubs}.")
        return [_slice(outline, span) for span in spans]


def _outline(body: bytes) -> Outline:
    found = parse_primitive(body)
    if isinstance(found, Outline):
        return found
    if isinstance(found, dict) and isinstance(found.get("results"), list):
        return Outline(found["results"], found.get("metadata"), plain=True)
    value = found.get("__value__") if isinstance(found, dict) else None
    if isinstance(value, dict) and isinstance(value.get("pub_results"), list):
        return Outline(value["pub_results"], value.get("metadata"), plain=False)
    raise ResultError("The result of a shared job is not one of a primitive.")


def _slice(outline: Outline, span: Span) -> bytes:
    first, count = span
    pubs, metadata = outline.pubs[first : first + count], _own(outline.metadata, span)
    if outline.plain:
        return msgspec.json.encode({"results": pubs, "metadata": metadata})
    value = {"pub_results": pubs, "metadata": metadata}
    return msgspec.json.encode({"__type__": "PrimitiveResult", "__value__": value})


def _own(node: Any, span: Span) -> Any:
    """Metadata without what speaks of other PUBs: execution spans count them (api.md 5.5)."""
    if isinstance(node, dict):
        return {
            key: _portions(value, span) if key == "data_slices" else _own(value, span)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_own(value, span) for value in node if not _is_of_others(value, span)]
    return node


def _is_of_others(node: Any, span: Span) -> bool:
    """Is it an execution span in which none of the PUBs were worked on?"""
    value = node.get("__value__", node) if isinstance(node, dict) else None
    found = value.get("data_slices") if isinstance(value, dict) else None
    return isinstance(found, dict) and not _portions(found, span)


def _portions(found: Any, span: Span) -> dict[str, Any]:
    first, count = span
    return {str(int(pub) - first): part for pub, part in found.items() if first <= int(pub) < first + count}
