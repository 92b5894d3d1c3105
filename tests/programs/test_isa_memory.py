"""A text that many jobs send is compared with a backend once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from qrt_async import Sampler
from qrt_async.errors import NotISA
from qrt_async.programs import scan
from qrt_async.programs.isa import InstructionSet

MACHINE = {"n_qubits": 2, "basis_gates": ["x", "rzz"], "coupling_map": [[0, 1]]}
HEAD = 'OPENQASM 3.0; include "stdgates.inc"; '


@pytest.fixture
def backend() -> InstructionSet:
    return InstructionSet.of("machine", MACHINE)


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each text that was walked."""
    found: list[str] = []
    steps = scan.steps

    def noted(text: str) -> Iterator[Any]:
        found.append(text)
        return steps(text)

    monkeypatch.setattr(scan, "steps", noted)
    return found


def test_one_text_is_walked_once_for_all_jobs(backend: InstructionSet, walked: list[str]) -> None:
    for _ in range(3):
        Sampler([HEAD + "x $0;"]).check(backend)
    assert len(walked) == 1
    Sampler([HEAD + "x $0;"]).check(InstructionSet.of("machine", MACHINE))
    assert len(walked) == 2, "what a backend can run may change"


def test_what_does_not_fit_is_refused_each_time_under_its_own_number(backend: InstructionSet) -> None:
    for pubs, where in (([HEAD + "h $0;"], "PUB 0"), ([HEAD + "x $0;", HEAD + "h $0;"], "PUB 1")):
        with pytest.raises(NotISA, match=where):
            Sampler(pubs).check(backend)


def test_the_angles_of_each_job_are_looked_at(backend: InstructionSet, walked: list[str]) -> None:
    text = HEAD + "input float a; rzz(a) $0, $1;"
    Sampler([(text, {"a": 0.5})]).check(backend)
    with pytest.raises(NotISA, match=r"asked for -0\.5"):
        Sampler([(text, {"a": -0.5})]).check(backend)
    assert len(walked) == 1


def test_the_texts_used_last_are_remembered_and_long_ones_are_not(
    backend: InstructionSet, walked: list[str]
) -> None:
    texts = [HEAD + "x $0; " * (number + 1) for number in range(65)]
    for text in texts:
        Sampler([texts[0]]).check(backend)
        Sampler([text]).check(backend)
    assert len(walked) == 65
    Sampler([texts[0]]).check(backend)
    assert len(walked) == 65, "it was used all the time"
    Sampler([texts[1]]).check(backend)
    assert len(walked) == 66, "it was the first to be forgotten"
    for _ in range(2):
        Sampler([HEAD + "x $0; " * 4000]).check(backend)
    assert len(walked) == 68
