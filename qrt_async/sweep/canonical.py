"""What makes two sweeps the same, in every process and with every version of Qiskit. Pure.

A form that is too fine costs a measurement that was made before; one that is too coarse would give somebody the
results of something else. In doubt it is fine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np

from qrt_async.programs.observables import Observables
from qrt_async.sweep.gates import quantum_form
from qrt_async.sweep.grid import Grid

CHUNK = 65_536
"""Points that are hashed at once."""

_LINES = re.compile(r"^[ \t]*(?:@|#?pragma\b)", re.MULTILINE)
_BLANK = re.compile(r"""("[^"\n]*"|'[^'\n]*')|(?:\s|//[^\n]*|/\*.*?\*/)+""", re.DOTALL)
_AROUND = re.compile(r"""("[^"\n]*"|'[^'\n]*')| ?([^\w\s.$"']) ?""")
_VERSION = re.compile(r"\A\s*OPENQASM\s+[\d.]+\s*;\s*")


def sweep_key(
    *,
    program: str,
    circuits: Sequence[tuple[str, Any]],
    grid: Grid,
    observables: Observables | None,
    shots: int | None,
    precision: float | None,
    options: Mapping[str, Any],
    backend: str,
    instance: str,
    name: str,
    tenant: str | None = None,
) -> str:
    """40 hexadecimal digits."""
    asked = {
        "form": 1,
        "program": program,
        "observables": None if observables is None else (observables.shape, observables.flat),
        "shots": shots,
        "precision": precision,
        "options": options,
        "backend": backend,
        "instance": instance,
        "name": name,
    }
    if tenant is not None:
        asked["tenant"] = tenant
    digest = blake2b(digest_size=20)
    _add(digest, msgspec.json.encode(_plain(asked), order="deterministic"))
    for label, given in circuits:
        _add(digest, label.encode())
        _add(digest, circuit_form(given))
    for part in _points(grid):
        _add(digest, part)
    return digest.hexdigest()


def circuit_form(given: Any) -> bytes:
    """Of an OpenQASM text or a ``QuantumCircuit``."""
    return (
        b"text " + _text_form(given).encode() if isinstance(given, str) else b"gates " + quantum_form(given)
    )


def _add(digest: Any, part: bytes | memoryview) -> None:
    """With its length first, so that no two sequences of parts read the same."""
    digest.update(len(part).to_bytes(8, "big"))
    digest.update(part)


def _text_form(text: str) -> str:
    """Without comments, the version, and blanks that mean nothing. Annotations and pragmas end with their line, so
    a text that has any keeps its lines."""
    if _LINES.search(text):
        return "\n".join(line.strip() for line in text.splitlines() if line.strip())
    bare = _BLANK.sub(r"\1 ", text)
    return _AROUND.sub(r"\1\2", _VERSION.sub("", bare, count=1)).strip()


def _points(grid: Grid) -> Iterator[bytes | memoryview]:
    """By name, whatever form they were given in."""
    names = sorted(grid.names)
    yield msgspec.json.encode([grid.size, [(name, grid.widths[name]) for name in names]])
    for start in range(0, grid.size if names else 0, CHUNK):
        columns = grid.columns(start, min(start + CHUNK, grid.size))
        for name in names:
            numbers = columns[name] + 0.0  # -0.0 becomes 0.0
            yield np.ascontiguousarray(numbers, dtype="<f8").data.cast("B")


def _plain(value: Any) -> Any:
    """Of options: mappings by name, whole floats as integers, so that 1 and 1.0 are the same; what has no form of its
    own as the service gets it."""
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    from qrt_async.programs import npy  # what else options may hold, such as a noise model

    return _plain(npy.encode(value))
