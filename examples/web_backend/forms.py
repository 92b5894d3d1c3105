"""From what was typed to what is to run: every mistake is named at its field, and nothing is lost. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

from .circuits import OWN, PRESETS, angles

MOST_SHOTS = 100_000
MOST_POINTS = 201
LONGEST_TEXT = 20_000
LONGEST_NAME = 40

Mistakes = dict[str, str]
"""What is wrong, by the name of the field; under ``form`` what belongs to none of them."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The form as it stands on the page, field by field."""

    circuit: str = "bell"
    text: str = ""
    backend: str = ""
    shots: str = "1000"
    mode: str = "once"
    angle: str = "1.5708"
    start: str = "0"
    stop: str = "6.2832"
    points: str = "25"

    @classmethod
    def of(cls, form: Mapping[str, object]) -> Typed:
        """From what a browser sent; files and strange names are nobody's."""
        names = [one.name for one in fields(cls)]
        return cls(**{name: form[name] for name in names if isinstance(form.get(name), str)})  # type: ignore[arg-type]  # they are texts


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to run: one job, or a sweep over ``values`` of ``angle``."""

    title: str
    text: str
    backend: str
    shots: int
    kind: Literal["job", "sweep"] = "job"
    angle: str | None = None
    values: tuple[float, ...] = ()


@dataclass
class _Reader:
    """Reads fields and notes what is wrong with them."""

    typed: Typed
    mistakes: Mistakes = field(default_factory=dict)

    def whole(self, name: str, least: int, most: int) -> int:
        text = getattr(self.typed, name).strip()
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
            self.mistakes[name] = f"Give a whole number from {least:,} to {most:,}."
            return least
        return int(text)

    def number(self, name: str) -> float:
        try:
            value = float(getattr(self.typed, name))
        except ValueError:
            value = math.nan
        if not abs(value) <= 1000.0:
            self.mistakes[name] = "Give a number from -1000 to 1000, such as 1.57. It is in radians."
            return 0.0
        return value

    def circuit(self) -> tuple[str, str]:
        """Its title and its text."""
        typed = self.typed
        if typed.circuit in PRESETS:
            return PRESETS[typed.circuit].title, PRESETS[typed.circuit].text
        text = typed.text.replace("\r\n", "\n").strip()
        if typed.circuit != OWN:
            self.mistakes["circuit"] = "Pick one of these circuits."
        elif not text:
            self.mistakes["text"] = "Type a circuit in OpenQASM 3, or pick one of those above."
        elif len(text) > LONGEST_TEXT:
            self.mistakes["text"] = f"At most {LONGEST_TEXT:,} characters, please; this has {len(text):,}."
        elif len(angles(text)) > 1:
            self.mistakes["text"] = f"This page can set one input; the circuit has {len(angles(text))}."
        return "Own circuit", text

    def values(self, angle: str | None) -> tuple[float, ...]:
        if self.typed.mode not in {"once", "sweep"}:
            self.mistakes["mode"] = "Choose one of the two."
        if self.typed.mode != "sweep":
            return () if angle is None else (self.number("angle"),)
        if angle is None and not self.mistakes:
            self.mistakes["mode"] = "This circuit has no angle to sweep. The tilted pair has one."
        start, stop = self.number("start"), self.number("stop")
        points = self.whole("points", 2, MOST_POINTS)
        return tuple(start + (stop - start) * step / (points - 1) for step in range(points))


def read(typed: Typed, backends: list[str]) -> Order | Mistakes:
    """What is to run, or what is wrong."""
    reader = _Reader(typed)
    title, text = reader.circuit()
    found = angles(text)
    angle = found[0] if found else None
    if typed.backend not in backends:
        reader.mistakes["backend"] = "Pick one of these backends."
    shots = reader.whole("shots", 1, MOST_SHOTS)
    values = reader.values(angle)
    if reader.mistakes:
        return reader.mistakes
    return Order(
        title=title,
        text=text,
        backend=typed.backend,
        shots=shots,
        kind="sweep" if typed.mode == "sweep" else "job",
        angle=angle,
        values=values,
    )


def read_name(text: str) -> str | Mistakes:
    """Somebody's name, as they log in."""
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        return {"name": f"Give a name of 1 to {LONGEST_NAME} characters."}
    return name
