"""Circuits to pick from, and what this application wants to know of any circuit. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple


class Circuit(NamedTuple):
    """One that people can pick. ``text`` is OpenQASM 3 in gates that IBM's Heron processors have themselves."""

    key: str
    title: str
    words: str
    text: str


BELL = Circuit(
    "bell",
    "Bell pair",
    "00 or 11",
    """OPENQASM 3.0;
include "stdgates.inc";
bit[2] meas;
rz(pi/2) $0; sx $0; rz(pi/2) $0;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
meas[0] = measure $0;
meas[1] = measure $1;
""",
)
GHZ = Circuit(
    "ghz",
    "GHZ state",
    "000 or 111",
    """OPENQASM 3.0;
include "stdgates.inc";
bit[3] meas;
rz(pi/2) $0; sx $0; rz(pi/2) $0;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
rz(pi/2) $2; sx $2; rz(pi/2) $2;
cz $1, $2;
rz(pi/2) $2; sx $2; rz(pi/2) $2;
meas[0] = measure $0;
meas[1] = measure $1;
meas[2] = measure $2;
""",
)
TILTED = Circuit(
    "tilted",
    "Tilted pair",
    "with an angle",
    """OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
bit[2] meas;
sx $0; rz(theta + pi) $0; sx $0;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
cz $0, $1;
rz(pi/2) $1; sx $1; rz(pi/2) $1;
meas[0] = measure $0;
meas[1] = measure $1;
""",
)
PRESETS = {circuit.key: circuit for circuit in (BELL, GHZ, TILTED)}
OWN = "own"
"""The choice of those who type one."""

_INPUT = re.compile(r"^\s*input\s+(?:float|angle)(?:\[\d+\])?\s+(\w+)\s*;", re.MULTILINE)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def angles(text: str) -> list[str]:
    """The names of the circuit's inputs, as far as they are numbers."""
    return _INPUT.findall(_COMMENT.sub("", text))
