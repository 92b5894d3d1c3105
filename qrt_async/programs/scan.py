"""What an OpenQASM 3 text does to which qubits, by a plain scanner of statements.

Programs that fit a machine are flat: gates on single qubits, measurements, blocks of control flow. That much is
read here in short steps, which let other threads have their turn; Qiskit's importer takes thirty times as long
and needs an extra. What goes beyond is ``Unreadable``, and the service's to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from qrt_async.programs.isa import Qubits, Step, Unreadable

_END = re.compile(r"[;{}]")
_WORD = re.compile(r"[^\W\d]\w*")
_ASSIGNMENT = re.compile(r"[^\W\d]\w*\s*(?:\[[^\]]*\])?\s*(?:[-+*/%&|^~]|\*\*|<<|>>)?=(?!=)")
_CALL = re.compile(r"([^\W\d]\w*)\s*(?:\((.*)\))?([^()]*)", re.DOTALL)
_OPERAND = re.compile(r"\$(\d{1,9})|([^\W\d]\w*)\s*(?:\[\s*([^\]]*?)\s*\])?")
_MEASURE = re.compile(r"\bmeasure\b([^-]*)")
_REGISTER = re.compile(
    r"qubit\s*(?:\[\s*(\d{1,9})\s*\])?\s+([^\W\d]\w*)|qreg\s+([^\W\d]\w*)\s*(?:\[\s*(\d{1,9})\s*\])?"
)

_LENGTH = re.compile(r"delay\s*\[\s*(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?\s*(dt|ns|us|µs|ms|s)\s*")

_CLASSICAL = {
    "OPENQASM", "include", "input", "output", "const", "bit", "creg", "int", "uint", "float", "angle", "bool",
    "complex", "duration", "stretch", "gphase", "nop", "end", "break", "continue", "barrier",
}  # fmt: skip
_BEYOND = {
    "let", "def", "extern", "cal", "defcal", "defcalgrammar", "array", "opaque", "ctrl", "negctrl", "inv", "pow",
    "return", "for", "while",
}  # fmt: skip
_FLOW = {"if": "if_else", "while": "while_loop", "for": "for_loop", "switch": "switch_case"}
_SPELLED = {"U": "u", "CX": "cx", "cphase": "cp", "phase": "p"}
"""Gates that Qiskit calls otherwise."""


def steps(text: str) -> Iterator[Step]:
    """Of a text without comments; lazily, until the first statement that is ``Unreadable``."""
    scanner = _Scanner()
    begin = skipped = depth = 0
    for match in _END.finditer(text):
        words, end = text[begin : match.start()].strip(), match[0]
        begin = match.end()
        if end == "{":
            depth += 1
            if not skipped and _first(words) == "gate":
                skipped = depth
        if words and not skipped:
            yield from _block(words) if end == "{" else scanner.statement(words)
        if end == "}":
            skipped = 0 if skipped == depth else skipped
            depth -= 1


def _first(words: str) -> str:
    match = _WORD.match(words)
    return match[0] if match else ""


def _block(words: str) -> Iterator[Step]:
    """What opens a block."""
    word = _first(words.removeprefix("else").strip())
    if word in _FLOW:
        yield Step(_FLOW[word], None)
    elif _first(words) not in ("else", "case", "default"):
        raise Unreadable


def _length(words: str) -> tuple[float, str] | None:
    """``None`` for all but a plain number and its unit."""
    match = _LENGTH.fullmatch(words)
    return match and (float(match[1].replace("_", "") + (match[2] or "")), match[3].replace("µ", "u"))


def _after_brackets(words: str) -> str:
    depth = 0
    for at, letter in enumerate(words):
        depth += (letter == "(") - (letter == ")")
        if letter == ")" and not depth:
            return words[at + 1 :].strip()
    raise Unreadable


class _Scanner:
    """Knows the registers that were declared so far."""

    def __init__(self) -> None:
        self._registers: dict[str, range] = {}
        self._read: dict[str, list[Qubits | None]] = {}

    def statement(self, words: str) -> Iterator[Step]:
        word = _first(words)
        if word in _BEYOND:
            raise Unreadable
        if word in ("if", "else"):
            yield from self._conditional(words)
        elif word in ("qubit", "qreg"):
            self._declare(words)
        elif word == "delay":  # with a duration in brackets before its operands
            length, _, operands = words.partition("]")
            yield from (step._replace(length=_length(length)) for step in self._each(word, operands))
        elif word == "reset":
            yield from self._each(word, words.removeprefix(word))
        elif word == "measure" or word in _CLASSICAL or ("=" in words and _ASSIGNMENT.match(words)):
            if (measured := _MEASURE.search(words)) and word != "barrier":
                yield from self._each("measure", measured[1])
        else:
            yield from self._call(words)

    def _conditional(self, words: str) -> Iterator[Step]:
        """``if (…) statement`` and ``else statement``, in a row."""
        while (word := _first(words)) in ("if", "else"):
            if word == "if":
                yield Step("if_else", None)
                words = _after_brackets(words)
            else:
                words = words.removeprefix("else").strip()
        yield from self.statement(words)

    def _declare(self, words: str) -> None:
        match = _REGISTER.fullmatch(words)
        if match is None:
            raise Unreadable
        first = sum(len(register) for register in self._registers.values())
        self._registers[match[2] or match[3]] = range(first, first + int(match[1] or match[4] or 1))
        self._read.clear()

    def _call(self, words: str) -> Iterator[Step]:
        match = _CALL.fullmatch(words)
        if match is None:
            raise Unreadable
        gate, arguments, operands = match.groups()
        name = _SPELLED.get(gate, gate)
        angle = (arguments or "").strip() if name == "rzz" else None
        if operands not in self._read:
            self._read[operands] = _together(self._places(operands))
        for qubits in self._read[operands]:
            yield Step(name, qubits, angle)

    def _each(self, name: str, operands: str) -> Iterator[Step]:
        for operand in self._places(operands):
            if operand is None:
                yield Step(name, None)
            else:
                yield from (Step(name, (qubit,)) for qubit in operand)

    def _places(self, words: str) -> list[range | None]:
        """The qubits of each operand; ``None`` where an index or a name says no more than its own."""
        return [self._operand(part.strip()) for part in words.split(",")]

    def _operand(self, words: str) -> range | None:
        match = _OPERAND.fullmatch(words)
        if match is None or (match[1] and self._registers):  # both kinds of qubits in one program
            raise Unreadable
        if match[1]:
            return range(int(match[1]), int(match[1]) + 1)
        register, index = self._registers.get(match[2]), match[3]
        if register is None or index is None:
            return register
        known = index.isdecimal() and len(index) < 10 and int(index) < len(register)
        return register[int(index) : int(index) + 1] if known else None


def _together(operands: list[range | None]) -> list[Qubits | None]:
    """A gate on registers acts on their first qubits, on their second, and so on; a single qubit is repeated."""
    known = [operand for operand in operands if operand is not None]
    longest = max((len(operand) for operand in known), default=1)
    if len(known) < len(operands) or any(len(operand) not in (1, longest) for operand in known):
        return [None]
    return [tuple(operand[at if len(operand) > 1 else 0] for operand in known) for at in range(longest)]
