"""IBM's own client cannot tell the emulator from the service, as far as it looks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("official_client.py")
OFFICIAL = "QRT_OFFICIAL_PYTHON"


@pytest.mark.official
@pytest.mark.timeout(200)
@pytest.mark.skipif(OFFICIAL not in os.environ, reason=f"{OFFICIAL} names no interpreter")
def test_ibms_own_client_runs_against_the_emulator() -> None:
    command = [sys.executable, "-m", "qrt_async.emulator", "--rate-limit", "none", "--seed", "20261123"]
    command += ["--queue-seconds", "0.05", "--run-seconds", "0.05"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:
        try:
            assert emulator.stdout is not None
            url = json.loads(emulator.stdout.readline())["url"]
            client = [os.environ[OFFICIAL], str(SCRIPT), url]
            done = subprocess.run(client, capture_output=True, text=True, timeout=180, check=False)
        finally:
            emulator.terminate()
    assert done.returncode == 0, done.stderr[-3000:]
    outcomes = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(outcomes) >= 15
    wrong = {outcome["check"]: outcome["wrong"] for outcome in outcomes if outcome["wrong"]}
    assert wrong == {}, "\n".join(f"{name}:\n{what}" for name, what in wrong.items())
