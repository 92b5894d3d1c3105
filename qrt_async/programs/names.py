"""Names that an OpenQASM 3 text cannot give to an input, because they have a meaning already."""

from __future__ import annotations

import re
from collections.abc import Iterable

from qrt_async.errors import InvalidInput

_INCLUDED = re.compile(r"""\binclude\s+["']stdgates\.inc["']\s*;""")

# https://openqasm.com/language/standard_library.html
_STANDARD = "p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu CX phase cphase id u1 u2 u3"
# https://openqasm.com/grammar
_LANGUAGE = """
OPENQASM include defcalgrammar def cal defcal gate extern box let break continue if else end return for while in switch
case default input output const readonly mutable qreg qubit creg bool bit int uint float angle complex array void
duration stretch gphase inv pow ctrl negctrl durationof delay reset measure barrier true false im pragma
"""

GATES = frozenset(_STANDARD.split())
"""What ``stdgates.inc`` defines."""
WORDS = frozenset(_LANGUAGE.split())
"""Of the language itself."""
CONSTANTS = frozenset({"U", "pi", "π", "tau", "τ", "euler", "ℇ"})
"""That every text has."""


def check_inputs(names: Iterable[str], bare: str) -> None:
    """``InvalidInput`` where one of them is taken: the service accepts such a text, fails its job and charges for it.

    ``bare`` is the text without comments.
    """
    for name in names:
        if name in GATES and _INCLUDED.search(bare):
            taken = 'a gate of "stdgates.inc", which the text includes'
        elif name in CONSTANTS:
            taken = "a name that OpenQASM 3 itself gives a meaning"
        elif name in WORDS:
            taken = "a word of OpenQASM 3"
        else:
            continue
        raise InvalidInput(
            f"The circuit has an input {name!r}, but that is {taken}: give the input another name."
        )
