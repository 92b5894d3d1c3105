"""A ``QuantumCircuit`` as bytes that every process and every version of Qiskit writes alike.

Imports nothing of Qiskit: whoever holds a circuit has done so. QPY is no such form: its ids are random. Nor are the
names of quantum registers and of a loop's variable, which Qiskit counts up in each process; neither reaches the
machine. The global phase of a whole circuit cannot be measured, and differs between versions of the transpiler.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np

from qrt_async.errors import InvalidInput

# Gates that their name and parameters define for ever; of all others the definition is written out too.
_STANDARD = {
    "barrier", "break_loop", "c3sx", "c3x", "c4x", "ccx", "ccz", "ch", "continue_loop", "cp", "crx", "cry", "crz", "cs",
    "csdg", "cswap", "csx", "cu", "cu1", "cu3", "cx", "cy", "cz", "dcx", "delay", "ecr", "global_phase", "h", "id",
    "initialize", "iswap", "measure", "p", "permutation", "r", "rcccx", "rccx", "reset", "rx", "rxx", "ry", "ryy", "rz",
    "rzx", "rzz", "s", "sdg", "store", "swap", "sx", "sxdg", "t", "tdg", "u", "u1", "u2", "u3", "unitary", "x",
    "xx_minus_yy", "xx_plus_yy", "y", "z",
}  # fmt: skip
_OPEN = re.compile(r"_o\d+$")
_BLANK_CLASSES = {"Instruction", "Gate", "ControlledGate", "Operation"}
_PLACES = 2
"""Of an expression, how many values tell it from others."""

Scope = tuple[dict[Any, int], dict[Any, int], dict[str, str]]
"""Qubits, classical bits, and the loops' variables by a name of ours."""


def quantum_form(circuit: Any) -> bytes:
    """``InvalidInput`` for an instruction that has no such form."""
    qubits, clbits = ({bit: at for at, bit in enumerate(bits)} for bits in (circuit.qubits, circuit.clbits))
    registers = sorted([register.name, [clbits[bit] for bit in register]] for register in circuit.cregs)
    head = [len(qubits), len(clbits), registers, _variables(circuit)]
    lines = [head, *_instructions(circuit, (qubits, clbits, {}))]
    return b"\n".join(map(msgspec.json.encode, lines))


def _variables(circuit: Any) -> list[Any]:
    """Input and declared ones, by name."""
    readers: list[Any] = [getattr(circuit, f"iter_{kind}_vars", tuple) for kind in ("input", "declared")]
    return [sorted([variable.name, repr(variable.type)] for variable in reader()) for reader in readers]


def _instructions(circuit: Any, scope: Scope) -> Iterator[list[Any]]:
    qubits, clbits, _ = scope
    for instruction in circuit.data:
        places = [[qubits[bit] for bit in instruction.qubits], [clbits[bit] for bit in instruction.clbits]]
        if getattr(instruction, "is_standard_gate", bool)():  # the operation of these takes time to make
            rest: list[Any] = [instruction.label] if instruction.label else []
            yield [instruction.name, *places, [_value(each, scope) for each in instruction.params], *rest]
        elif hasattr(instruction.operation, "blocks"):
            yield [instruction.name, *map(sorted, places), *_flow(instruction, scope)]
        else:
            yield [instruction.name, *places, *_operation(instruction.operation, scope)]


def _flow(instruction: Any, scope: Scope) -> Iterator[Any]:
    operation, name = instruction.operation, instruction.name
    inner = scope
    if name == "for_loop":
        indices, variable, _ = operation.params
        yield _value(indices, scope)
        if variable is not None:
            alias = f"loop {len(scope[2])}"
            inner = (*scope[:2], {**scope[2], variable.name: alias})
    elif name == "switch_case":
        yield _classical(operation.target, scope)
        yield [[_case(value) for value in values] for values, _ in operation.cases_specifier()]
    elif name == "box":
        notes = [_note(each) for each in operation.annotations]
        yield [notes, operation.unit, _value(operation.duration, scope)]
    else:
        yield _condition(operation.condition, scope)
    for block in operation.blocks:
        yield _variables(block)
        yield list(_instructions(block, _within(block, instruction, inner)))


def _within(block: Any, instruction: Any, scope: Scope) -> Scope:
    """The bits of a block are those of its instruction, in their order."""
    qubits = {bit: scope[0][outer] for bit, outer in zip(block.qubits, instruction.qubits, strict=True)}
    clbits = {bit: scope[1][outer] for bit, outer in zip(block.clbits, instruction.clbits, strict=True)}
    return qubits, clbits, scope[2]


def _note(annotation: Any) -> str:
    text = repr(annotation)
    if " at 0x" in text:
        raise _incomparable(f"an annotation of type {type(annotation).__name__}")
    return text


def _case(value: Any) -> Any:
    return value if isinstance(value, (int, bool)) else "default"


def _operation(operation: Any, scope: Scope) -> Iterator[Any]:
    if hasattr(operation, "modifiers"):  # an AnnotatedOperation
        yield [repr(each) for each in operation.modifiers]
        yield [operation.base_op.name, *_operation(operation.base_op, scope)]
        return
    if not hasattr(operation, "params"):
        raise _incomparable(f"{operation.name!r}, a {type(operation).__name__}")
    yield [_value(each, scope) for each in operation.params]
    yield [
        str(operation.label or ""),
        getattr(operation, "unit", None) if operation.name == "delay" else None,
    ]
    yield [getattr(operation, "ctrl_state", None), _condition(getattr(operation, "_condition", None), scope)]
    if not _is_standard(operation) and operation.definition is not None:
        yield _definition(operation.definition, scope)


def _is_standard(operation: Any) -> bool:
    kind = getattr(operation, "base_class", type(operation))
    ours = (kind.__module__ or "").startswith("qiskit.") and kind.__name__ not in _BLANK_CLASSES
    return ours and _OPEN.sub("", operation.name) in _STANDARD


def _definition(circuit: Any, scope: Scope) -> list[Any]:
    """With its global phase, which a control makes matter."""
    qubits, clbits = ({bit: at for at, bit in enumerate(bits)} for bits in (circuit.qubits, circuit.clbits))
    inner = (qubits, clbits, scope[2])
    return [_value(circuit.global_phase, inner), *_instructions(circuit, inner)]


def _condition(given: Any, scope: Scope) -> Any:
    if isinstance(given, tuple):
        return [_classical(given[0], scope), int(given[1])]
    return None if given is None else _classical(given, scope)


def _classical(given: Any, scope: Scope) -> list[Any]:
    """A bit, a register, or an expression of them."""
    if type(given).__name__ == "Clbit":
        return ["bit", scope[1][given]]
    if type(given).__name__ == "ClassicalRegister":
        return ["register", [scope[1][bit] for bit in given]]
    return _expression(given, scope)


def _expression(node: Any, scope: Scope) -> list[Any]:
    if type(node).__name__ == "Var" and not hasattr(node.var, "hex"):  # else a UUID, random in each process
        return _classical(node.var, scope)
    form: list[Any] = [type(node).__name__, repr(getattr(node, "type", None))]
    form += [node.name] if hasattr(node, "name") else []
    form += [node.op.name] if hasattr(node, "op") else []
    form += [repr(node.value)] if hasattr(node, "value") else []
    parts = ("operand", "left", "right", "target", "index", "start", "stop", "step")
    given = [getattr(node, part, None) for part in parts]
    return form + [_expression(part, scope) for part in given if part is not None]


def _value(given: Any, scope: Scope) -> Any:
    """Of a parameter of a gate."""
    if given is None or isinstance(given, str):
        return given
    if isinstance(given, (int, float, np.number)) and not isinstance(given, (complex, np.complexfloating)):
        return repr(float(given) + 0.0)
    if isinstance(given, (complex, np.complexfloating)):
        return [repr(given.real + 0.0), repr(given.imag + 0.0)]
    if hasattr(given, "parameters"):
        return _angle(given, scope[2])
    if isinstance(given, range):
        return ["range", given.start, given.stop, given.step]
    if isinstance(given, (list, tuple)):
        return [_value(each, scope) for each in given]
    if isinstance(given, np.ndarray):
        return [
            list(given.shape),
            blake2b((given.astype("<c16") + 0.0).tobytes(), digest_size=16).hexdigest(),
        ]
    if type(given).__module__.startswith("qiskit.circuit.classical"):
        return _expression(given, scope)
    raise _incomparable(f"a gate with a parameter of type {type(given).__name__}")


def _angle(given: Any, aliases: dict[str, str]) -> Any:
    """By its values, as its text differs between versions; a single parameter by its name."""
    if hasattr(given, "name"):
        return ["parameter", aliases.get(given.name, given.name)]
    names = {parameter: aliases.get(parameter.name, parameter.name) for parameter in given.parameters}
    values = [
        complex(given.bind({parameter: _place(name, at) for parameter, name in names.items()}))
        for at in range(_PLACES)
    ]
    if not names:
        return (
            repr(values[0].real + 0.0) if not values[0].imag else [repr(values[0].real), repr(values[0].imag)]
        )
    return [
        "expression",
        sorted(names.values()),
        [_rounded(part) for v in values for part in (v.real, v.imag)],
    ]


def _place(name: str, at: int) -> float:
    """Between 0.1 and 0.9, where functions are defined."""
    digest = blake2b(f"{at}:{name}".encode(), digest_size=8).digest()
    return 0.1 + 0.8 * int.from_bytes(digest, "big") / 2**64


def _rounded(number: float) -> str:
    """To 10 digits: what versions do in another order differs in the last ones."""
    return "0" if abs(number) < 1e-12 else f"{number:.9e}"


def _incomparable(what: str) -> InvalidInput:
    return InvalidInput(
        f"The circuit holds {what}, which cannot be compared with that of another process; decompose the circuit, or "
        "transpile it for the backend."
    )
