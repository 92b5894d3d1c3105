"""What is written is true: the README's blocks run, its commands have their form, every example works."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.documents import README, ROOT, Block, blocks, command, module

TEXT = README.read_text("utf-8") if README.exists() else ""
RUNNING = [block for block in blocks(TEXT, "python") if block.runs]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of somebody without an account, on the local channel, in an empty folder."""
    for name in [name for name in os.environ if name.startswith("QISKIT_") or name == "IAM_URL"]:
        monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("QISKIT_IBM_CHANNEL", "local")
    # Not installed, a package is found where the repository is.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])))
    monkeypatch.chdir(tmp_path)
    return dict(os.environ)


# --- the README -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", RUNNING, ids=[f"line-{block.line}" for block in RUNNING])
async def test_a_python_block_of_the_readme_runs(block: Block, stranger: dict[str, str]) -> None:
    tree = ast.parse(block.code)
    ast.increment_lineno(tree, block.line - 1)
    code = compile(tree, str(README), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    names: dict[str, object] = {"__name__": "__main__"}
    if code.co_flags & inspect.CO_COROUTINE:
        await eval(code, names)  # noqa: S307 - our own README
    else:  # it may start a loop of its own
        await asyncio.to_thread(eval, code, names)


def test_the_readme_has_at_least_three_recipes_that_run() -> None:
    assert len(RUNNING) >= 3


@pytest.mark.parametrize("heading", ["Try it", "Test it"])
def test_a_command_of_the_readme_is_one_line_that_does_everything(heading: str) -> None:
    line = command(TEXT, heading)
    assert "-m venv" in line
    assert "install" in line


def test_the_readme_leads_to_files_that_are_there() -> None:
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", TEXT)]
    local = [target for target in targets if target and "://" not in target]
    assert [target for target in local if not (ROOT / target).exists()] == []


def test_the_python_blocks_of_the_readme_pass_the_strictest_types(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy comes with the group 'dev'; .ci/run has it")
    file = tmp_path / "readme.py"
    file.write_text(module(TEXT), "utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml")]
    done = subprocess.run([*mypy, str(file)], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# --- the examples -----------------------------------------------------------------------------------------


def run(example: Path, environment: dict[str, str]) -> str:
    """What it printed, if it ended well and said nothing of trouble."""
    script = [sys.executable, "-W", "error", str(example)]
    done = subprocess.run(script, capture_output=True, text=True, timeout=150, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search(r"Traceback|Warning|never (awaited|retrieved)|destroyed", done.stderr), done.stderr
    return done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.stem for example in EXAMPLES])
def test_an_example_runs_on_the_local_channel(example: Path, stranger: dict[str, str]) -> None:
    said = run(example, stranger).strip()
    assert said
    if example.stem in SHOWN:
        SHOWN[example.stem](said)


def reaches_the_ground_energy(said: str) -> None:
    """Of hydrogen, within 10 mHa of what diagonalizing its Hamiltonian gives, measured with shots enough to tell."""
    found = re.search(r"final +energy +(-?[\d.]+), off by .* \(([\d,]+) shots a basis\)", said)
    assert found, said
    hamiltonian = [(-1.052373245772859, "II"), (0.39793742484318045, "IZ"), (-0.39793742484318045, "ZI"),
                   (-0.01128010425623538, "ZZ"), (0.18093119978423156, "XX")]  # fmt: skip
    paulis = {"I": np.eye(2), "X": np.array([[0, 1], [1, 0]]), "Z": np.diag([1, -1])}
    terms = [factor * np.kron(paulis[label[0]], paulis[label[1]]) for factor, label in hamiltonian]
    assert abs(float(found[1]) - np.linalg.eigvalsh(np.sum(terms, axis=0))[0]) < 0.010, said
    assert int(found[2].replace(",", "")) >= 65_536, said


def follows_its_layout(said: str) -> None:
    """On the device of 156 qubits: a GHZ state's parity turns with theta, and its ends agree, but for noise."""
    assert " of emulator_heron, " in said, said
    rows = re.findall(r"^ *([\d.]+)  <XXXX> +(-?[\d.]+) .* <ZIIZ> +(-?[\d.]+)", said, re.MULTILINE)
    assert len(rows) == 13, said
    for theta, parity, ends in (map(float, row) for row in rows):
        assert abs(parity - np.cos(theta)) < 0.25, said
        assert ends > 0.75, said


def shows_a_landscape(said: str) -> None:
    """Under way, against theory, and as a picture."""
    assert "2,500 points → 1 job" in said
    assert "2,500 running" in said
    found = re.search(r"off by ([\d.]+) from theory, by chance ([\d.]+)", said)
    assert found, said
    assert abs(float(found[1]) - float(found[2])) < 0.005, said
    assert Path(said.split("picture: ")[1].strip()).read_bytes().startswith(b"\x89PNG")


SHOWN = {"vqe": reaches_the_ground_energy, "transpiled": follows_its_layout, "sweep": shows_a_landscape}
"""What these must print to be right."""


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    """The URL of an emulator in a process of its own."""
    command = [sys.executable, "-m", "qrt_async.emulator", "--rate-limit", "none"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()
            process.communicate(timeout=30)


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.stem for example in EXAMPLES])
def test_an_example_reaches_another_process_by_environment_alone(
    example: Path, stranger: dict[str, str], emulator: str
) -> None:
    del stranger["QISKIT_IBM_CHANNEL"]
    # A user for each: what one has sent would count against the limit of the next.
    environment = stranger | {"QISKIT_IBM_URL": emulator, "QISKIT_IBM_TOKEN": example.stem}
    if example.stem in PACED:
        assert len(first_lines(example, environment, 5)) == 5
    else:
        assert run(example, environment).strip()


PACED = {"many_jobs", "fan_out", "vqe"}
"""These send more jobs than the limit allows in a minute; the first five show what the test asks."""


def first_lines(example: Path, environment: dict[str, str], count: int) -> list[str]:
    script = [sys.executable, "-u", str(example)]
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(count)]
        process.kill()
    return [line for line in lines if line.strip()]


# --- the reader of documents itself -----------------------------------------------------------------------

SAMPLE = """# Title

## Try it

```sh
python3 -m venv x && x/bin/pip install y
```

```python
a = 1
```

Text.

<!-- continues -->
```python
b = await a + 1
```

<!-- not run: needs a web framework -->
```python
import web
```

```text
not code
```
"""


def test_blocks_are_found_with_their_lines_and_marks() -> None:
    first, second = blocks(SAMPLE, "python")
    assert (first.line, first.runs) == (10, True)
    assert first.code.split("\n")[0] == "a = 1"
    assert first.code.split("\n")[17 - 10] == "b = await a + 1" == SAMPLE.split("\n")[16]
    assert (second.code, second.runs) == ("import web\n", False)


def test_the_blocks_make_a_module_in_which_await_is_allowed() -> None:
    tree = ast.parse(module(SAMPLE))
    assert [node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef)] == [
        "line_10",
        "line_22",
    ]


def test_a_command_is_one_line_or_refused() -> None:
    assert command(SAMPLE, "Try it") == "python3 -m venv x && x/bin/pip install y"
    with pytest.raises(SystemExit, match="exactly one line"):
        command(SAMPLE.replace("install y", "install y\nsecond"), "Try it")
    with pytest.raises(SystemExit, match="under '## Test it'"):
        command(SAMPLE, "Test it")
