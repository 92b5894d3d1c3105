"""IBM's own client cannot tell the emulator from the service, as far as it looks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

FOLDER = Path(__file__).with_name("official")
ROOT = FOLDER.parents[2]
OFFICIAL = "QRT_OFFICIAL_PYTHON"
TOPICS = sorted(
    path.stem for path in FOLDER.glob("*.py") if re.search(r"^@check$", path.read_text("utf-8"), re.MULTILINE)
)

pytestmark = [
    pytest.mark.official,
    pytest.mark.timeout(400),
    pytest.mark.skipif(OFFICIAL not in os.environ, reason=f"{OFFICIAL} names no interpreter"),
]


class Served(NamedTuple):
    url: str
    record: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One emulator for all topics, in a process of its own, which records what it is asked and answers."""
    record = tmp_path_factory.mktemp("official") / "exchanges.jsonl"
    command = [sys.executable, "-m", "qrt_async.emulator", "--rate-limit", "none"]
    command += ["--queue-seconds", "0.05", "--run-seconds", "0.05", "--record", str(record)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:
        try:
            assert emulator.stdout is not None
            yield Served(json.loads(emulator.stdout.readline())["url"], record)
        finally:
            emulator.terminate()


@pytest.mark.parametrize("topic", TOPICS)
def test_ibms_own_client_finds_nothing_amiss(topic: str, served: Served) -> None:
    command = [os.environ[OFFICIAL], "-m", f"tests.journeys.official.{topic}", served.url, str(served.record)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=380, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    outcomes = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    checks = re.findall(r"^@check\ndef (\w+)", (FOLDER / f"{topic}.py").read_text("utf-8"), re.MULTILINE)
    assert [outcome["check"] for outcome in outcomes] == [*checks, "every_exchange_validates"]
    wrong = {outcome["check"]: outcome["wrong"] for outcome in outcomes if outcome["wrong"]}
    assert wrong == {}, "\n".join(f"{name}:\n{what}" for name, what in wrong.items())
