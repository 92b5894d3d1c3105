"""The outline of the package: which way imports point, what is public, what an import costs."""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import json
import re
import subprocess
import sys
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import qrt_async

PACKAGE = Path(qrt_async.__file__).parent
HERE = Path(__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
OURS = [
    *FILES,
    *(file for part in ("tests", "benchmarks", "examples") for file in (HERE.parent / part).rglob("*.py")),
]

LAYERS = [
    {"errors", "events", "version"},
    {"transport"},
    {"api"},
    {"programs"},
    {"jobs"},
    {"submit"},
    {"sweep"},
    {"coalesce"},
    {"service"},
    {"pool", "roster"},
    {"testing", "integrations", "cli"},
]
"""A layer imports itself and what stands before it."""
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
APART = "emulator"
MAY_START_AN_EMULATOR = {"service", "testing", "cli"}

ONLY_IN = {
    "aiohttp": {"transport/http.py", "transport/connections.py", "emulator/app.py"},
    "qiskit": {"programs/qiskit.py", "programs/revived.py", "programs/target.py"},
    "qiskit_ibm_runtime": {"programs/official.py"},
    "qiskit_aer": {"programs/revived.py"},
    "samplomatic": set[str](),
    "multiprocessing": set[str](),
    "opentelemetry": {"integrations/telemetry.py", "integrations/spans.py", "integrations/measures.py"},
    "pickle": {"sweep/working.py"},
}
"""Where an outside library may be imported. What only runs in a worker process of the emulator may import
any (``test_the_emulator_serves_without_qiskit`` holds it there)."""


class Import(NamedTuple):
    file: str
    module: str
    typing_only: bool
    lazy: bool

    @property
    def layer(self) -> str:
        """Of the file, by the first part of its path; ``""`` is the front door."""
        return self.file.removesuffix(".py").split("/")[0].removesuffix("__init__")

    @property
    def target(self) -> str:
        """The layer that is imported, or ``""``."""
        return ([*self.module.split("."), "", ""])[1] if self.module.startswith("qrt_async") else ""

    @property
    def library(self) -> str:
        return self.module.split(".")[0]


def imports() -> Iterator[Import]:
    for file in FILES:
        tree = ast.parse(file.read_text("utf-8"))
        yield from walk(file.relative_to(PACKAGE).as_posix(), tree, typing_only=False, lazy=False)


def walk(file: str, node: ast.AST, *, typing_only: bool, lazy: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        for module in modules(file, child):
            yield Import(file, module, typing_only, lazy)
        guarded = isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from walk(file, child, typing_only=typing_only or guarded, lazy=lazy or inside)


def modules(file: str, node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    folders = ("qrt_async", *file.split("/")[:-1])
    above = folders[: len(folders) - node.level + 1] if node.level else ()
    module = ".".join([*above, *([node.module] if node.module else [])])
    # ``from qrt_async import errors`` and ``from . import job`` name modules too.
    return [f"{module}.{alias.name}" for alias in node.names] if module == "qrt_async" else [module]


IMPORTS = list(imports())


def test_every_file_belongs_to_a_layer() -> None:
    assert {found.layer for found in IMPORTS} - set(RANK) - {APART, ""} == set()


def test_imports_point_from_later_layers_to_earlier_ones_even_for_typing() -> None:
    inner = [found for found in IMPORTS if found.layer in RANK and found.target in RANK]
    wrong = [found for found in inner if RANK[found.target] > RANK[found.layer]]
    assert wrong == []
    assert len(inner) > 20, "the reader of imports finds next to nothing"


def test_the_emulator_shares_no_code_with_the_client() -> None:
    assert [found for found in IMPORTS if found.layer == APART and found.target not in {"", APART}] == []
    into = [found for found in IMPORTS if found.layer != APART and found.target == APART]
    assert [found for found in into if found.layer not in MAY_START_AN_EMULATOR] == []
    assert [found for found in into if not found.lazy and not found.typing_only] == []


def test_each_outside_library_has_its_own_file() -> None:
    misplaced = [
        found
        for found in IMPORTS
        if found.library in ONLY_IN
        and not found.typing_only
        and found.file not in ONLY_IN[found.library]
        and not (found.layer == APART and found.library != "aiohttp")
    ]
    assert misplaced == []


FRAMEWORKS = {"fastapi", "starlette", "litestar", "uvicorn", "quart", "django", "sanic"}


def test_no_web_framework_is_imported_and_nothing_imports_an_integration() -> None:
    assert [found for found in IMPORTS if found.library in FRAMEWORKS] == []
    into = [found for found in IMPORTS if found.target == "integrations" and found.layer != "integrations"]
    assert into == []


def test_what_is_for_web_applications_brings_none_of_them() -> None:
    loaded = loaded_by("import qrt_async.integrations.asgi")
    assert "qrt_async.integrations.stream" in loaded
    assert loaded.intersection({*FRAMEWORKS, "aiohttp", "qiskit", "sqlite3"}) == set()


def test_each_integration_says_what_is_promised() -> None:
    names = importlib.import_module("qrt_async.integrations.asgi").__all__
    assert names == sorted(names)
    module = importlib.import_module("qrt_async.integrations.asgi")
    assert [name for name in names if not (getattr(module, name).__doc__ or "").strip()] == []


def test_extras_are_imported_for_typing_only_outside_their_file() -> None:
    loaded_early = [found for found in IMPORTS if found.library in {"pandas", "xarray", "matplotlib", "rich"}]
    assert [found for found in loaded_early if not (found.lazy or found.typing_only)] == []


HEAVY = [
    "aiohttp",
    "qiskit",
    "numpy",
    "pandas",
    "qrt_async.emulator",
    "qiskit_aer",
    "sqlite3",
    "multiprocessing",
    "opentelemetry",
    "qrt_async.integrations",
]


def loaded_by(statement: str) -> set[str]:
    script = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=HERE.parent
    )
    return set(json.loads(done.stdout))


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = loaded_by("import qrt_async")
    assert "qrt_async.service" in loaded
    assert loaded.intersection(HEAVY) == set()


def test_the_emulator_serves_without_qiskit() -> None:
    loaded = loaded_by("import qrt_async.emulator.app")
    assert loaded.intersection({"qiskit", "qiskit_aer", "numpy"}) == set()


def test_public_names_are_sorted_few_and_there() -> None:
    names = qrt_async.__all__
    assert names == sorted(names)
    assert len(names) == len(set(names)) <= 35
    assert [name for name in names if not hasattr(qrt_async, name)] == []


def test_names_that_few_need_are_there_all_the_same() -> None:
    rare = ["NoiseLearnerOptions", "TokenBucket"]
    assert set(rare) & set(qrt_async.__all__) == set()
    assert [name for name in rare if getattr(qrt_async, name).__name__ != name] == []


def test_public_things_say_what_to_rely_on() -> None:
    things = {name: getattr(qrt_async, name) for name in qrt_async.__all__}
    things |= {f"errors.{name}": kind for name, kind in vars(qrt_async.errors).items() if name[0].isupper()}
    needing = {
        name: thing for name, thing in things.items() if inspect.isclass(thing) or inspect.isfunction(thing)
    }
    assert [name for name, thing in needing.items() if not (thing.__doc__ or "").strip()] == []


def test_every_error_is_one_of_ours() -> None:
    own = [
        kind
        for kind in vars(qrt_async.errors).values()
        if inspect.isclass(kind) and issubclass(kind, Exception)
    ]
    assert [kind for kind in own if not issubclass(kind, qrt_async.QrtError)] == []


def test_every_module_can_be_imported_on_its_own() -> None:
    """Those that need an extra are imported where it is installed, as in this suite."""
    for file in FILES:
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        if parts[-1] != "__main__":
            importlib.import_module(".".join(part for part in parts if part != "__init__"))


@pytest.mark.filterwarnings("default:.*lines:UserWarning")
def test_files_stay_short() -> None:
    lengths = {
        file.relative_to(PACKAGE).as_posix(): len(file.read_text("utf-8").splitlines()) for file in FILES
    }
    for file, length in lengths.items():
        if 300 < length <= 400:
            warnings.warn(f"{file} has {length} lines: find the second idea in it", stacklevel=1)
    assert {file: length for file, length in lengths.items() if length > 400} == {}


def test_files_are_named_after_what_they_hold() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "base", "types"}
    stems = [file.relative_to(PACKAGE).with_suffix("").parts for file in FILES]
    words = [part for parts in stems for part in parts]
    assert [word for word in words if word in vague] == []
    assert [word for word in words if word.startswith("_") and word not in {"__init__", "__main__"}] == []


def comments(file: Path) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(file.read_text("utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


@pytest.mark.parametrize("word", ["type: ignore", "noqa", "pragma"])
def test_every_exception_to_the_rules_names_the_rule(word: str) -> None:
    form = re.compile(r"type: ignore\[[\w, -]+\]|noqa: [A-Z]+[0-9]+|pragma: no cover")
    silenced = [(file.name, text) for file in OURS for text in comments(file) if word in text]
    assert [(file, text) for file, text in silenced if not form.search(text)] == []


CALLS_THAT_BLOCK_OR_MISLEAD = {
    "time.sleep": "blocks the loop",
    "time.monotonic": "is not the loop's clock",
    "anyio.to_thread.run_sync": "is invisible to simulated time: use asyncio.to_thread",
    "asyncio.get_event_loop": "may make a loop",
    "asyncio.run": "belongs to the application",
    "os.fork": "does not exist everywhere",
}


def test_the_client_makes_no_call_that_blocks_or_misleads() -> None:
    found = [
        (file.relative_to(PACKAGE).as_posix(), ast.unparse(node.func))
        for file in FILES
        if APART not in file.relative_to(PACKAGE).parts and "cli" not in file.relative_to(PACKAGE).parts
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]
    assert [call for call in found if call[1] in CALLS_THAT_BLOCK_OR_MISLEAD] == []
    assert [call for call in found if call[1].endswith(".add_signal_handler")] == []
