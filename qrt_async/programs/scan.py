"""What an OpenQASM 3 text does to which qubits, by a plain scanner of statements.

Programs that fit a machine are flat: gates on single qubits, measurements, blocks of control flow. That much is
read here at 100,000 statements a second, in short steps that let other threads on; Qiskit's importer takes
thirty times as long in one breath. What goes beyond is ``Unreadable``, and the service's to judge.
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
    r"qubit\s*(?:\[\s*(\d{1,9})\s*\])?\s+([^\W\d]\w*)|qreg\s+([^\W\d]\w*)\s*(?:\[\s*(\d+)\s*\])?"
)

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
    registers: dict[str, range] = {}
    skipped = depth = 0
    begin = 0
    for match in _END.finditer(text):
        words, end = text[begin : match.start()].strip(), match[0]
        begin = match.end()
        if end == "{":
            depth += 1
            if not skipped and _first(words) == "gate":
                skipped = depth
        if words and not skipped:
            yield from _block(words) if end == "{" else _statement(words, registers)
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


def _statement(words: str, registers: dict[str, range]) -> Iterator[Step]:
    word = _first(words)
    if word in _BEYOND:
        raise Unreadable
    if word in ("if", "else"):
        yield from _conditional(words, registers)
    elif word in ("qubit", "qreg"):
        _declare(words, registers)
    elif word in ("delay", "reset"):  # the one with a duration in brackets before its operands
        operands = words.partition("]")[2] if word == "delay" else words.removeprefix(word)
        yield from _each(word, _places(operands, registers))
    elif word == "measure" or word in _CLASSICAL or _ASSIGNMENT.match(words):
        if (measured := _MEASURE.search(words)) and word != "barrier":
            yield from _each("measure", _places(measured[1], registers))
    else:
        yield from _call(words, registers)


def _conditional(words: str, registers: dict[str, range]) -> Iterator[Step]:
    """``if (…) statement`` and ``else statement``."""
    if _first(words) == "else":
        yield from _statement(words[4:].strip(), registers)
        return
    yield Step("if_else", None)
    open_brackets = 0
    for at, letter in enumerate(words):
        open_brackets += (letter == "(") - (letter == ")")
        if letter == ")" and not open_brackets:
            yield from _statement(words[at + 1 :].strip(), registers)
            return
    raise Unreadable


def _declare(words: str, registers: dict[str, range]) -> None:
    match = _REGISTER.fullmatch(words)
    if match is None:
        raise Unreadable
    first = sum(len(register) for register in registers.values())
    registers[match[2] or match[3]] = range(first, first + int(match[1] or match[4] or 1))


def _call(words: str, registers: dict[str, range]) -> Iterator[Step]:
    match = _CALL.fullmatch(words)
    if match is None or not match[3].strip():
        raise Unreadable
    name = _SPELLED.get(match[1], match[1])
    angle = (match[2] or "").strip() if name == "rzz" else None
    for qubits in _together(_places(match[3], registers)):
        yield Step(name, qubits, angle)


def _places(words: str, registers: dict[str, range]) -> list[range | None]:
    """The qubits of each operand; ``None`` where an index or a name says no more than its own."""
    return [_operand(part.strip(), registers) for part in words.split(",")]


def _operand(words: str, registers: dict[str, range]) -> range | None:
    match = _OPERAND.fullmatch(words)
    if match is None or (match[1] and registers):  # both kinds of qubits in one program
        raise Unreadable
    if match[1]:
        return range(int(match[1]), int(match[1]) + 1)
    register, index = registers.get(match[2]), match[3]
    if register is None or index is None:
        return register
    known = index.isdecimal() and len(index) < 10 and int(index) < len(register)
    return register[int(index) : int(index) + 1] if known else None


def _each(name: str, operands: list[range | None]) -> Iterator[Step]:
    for operand in operands:
        if operand is None:
            yield Step(name, None)
        else:
            yield from (Step(name, (qubit,)) for qubit in operand)


def _together(operands: list[range | None]) -> Iterator[Qubits | None]:
    """A gate on registers acts on their first qubits, on their second, and so on; a single qubit is repeated."""
    known = [operand for operand in operands if operand is not None]
    longest = max((len(operand) for operand in known), default=1)
    if len(known) < len(operands) or any(len(operand) not in (1, longest) for operand in known):
        yield None
        return
    for at in range(longest):
        yield tuple(operand[at if len(operand) > 1 else 0] for operand in known)
