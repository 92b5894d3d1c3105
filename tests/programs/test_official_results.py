"""``to_qiskit()`` is field by field what the official client's decoders return, in that client's own environment."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("official_results.py")
ROOT = SCRIPT.parents[2]


@pytest.mark.official
@pytest.mark.timeout(300)
@pytest.mark.skipif(
    "QRT_OFFICIAL_PYTHON" not in os.environ, reason="QRT_OFFICIAL_PYTHON names no interpreter"
)
def test_to_qiskit_is_what_the_official_client_returns() -> None:
    done = subprocess.run(
        [os.environ["QRT_OFFICIAL_PYTHON"], str(SCRIPT)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    checks = re.findall(r"^@check\ndef (\w+)", SCRIPT.read_text(), re.MULTILINE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split() == checks
