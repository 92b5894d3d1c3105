"""What can be read off the stylesheet and the pages: contrasts, and nothing that another host would have to bring."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from examples.web_backend.rendering import HERE
from examples.web_backend.views import WORDS

STYLE = Path(HERE, "static", "style.css").read_text("utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
)
SCHEMES = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
TEXTS = [("ink", "paper"), ("ink", "card"), ("ink", "trough"), ("ink", "permit-tint"), ("soft", "paper")]
TEXTS += [
    ("soft", "card"),
    ("soft", "trough"),
    ("accent", "paper"),
    ("accent", "card"),
    ("accent-strong", "card"),
]
TEXTS += [("on-accent", "accent"), ("on-accent", "accent-strong"), ("failed", "failed-tint")]
TEXTS += [(state, "card") for state in WORDS]
MARKS = [("edge", "card"), ("edge", "paper"), ("accent", "card"), ("accent", "trough"), ("accent", "paper")]


def luminance(colour: str) -> float:
    """As WCAG has it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_it_is_defined() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@SCHEMES
def test_texts_can_be_read(colours: dict[str, str]) -> None:
    low = {
        pair: round(found, 2)
        for pair in TEXTS
        if (found := contrast(*(colours[name] for name in pair))) < 4.5
    }
    assert low == {}


@SCHEMES
def test_marks_and_borders_of_fields_can_be_seen(colours: dict[str, str]) -> None:
    low = {
        pair: round(found, 2)
        for pair in MARKS
        if (found := contrast(*(colours[name] for name in pair))) < 3.0
    }
    assert low == {}


def test_colours_are_named_once_for_each_scheme() -> None:
    assert set(DARK) == set(LIGHT)
    rest = re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)
    assert re.findall(r"#[0-9a-f]{3,8}\b(?=[;,\s)])", rest) == []


def test_nothing_comes_from_another_host() -> None:
    files = [file for file in HERE.rglob("*") if file.suffix in {".html", ".css", ".js", ".svg"}]
    assert len(files) >= 9
    said = {
        file.name: re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"']*", file.read_text("utf-8"))
        for file in files
    }
    assert {name: found for name, found in said.items() if set(found) - {"http://www.w3.org/2000/svg"}} == {}


def test_no_style_and_no_script_stands_in_a_page() -> None:
    for file in (HERE / "templates").glob("*.html"):
        text = file.read_text("utf-8")
        assert re.findall(r"\sstyle=|\son\w+=|<style|\|\s*safe|autoescape false", text) == [], file.name
