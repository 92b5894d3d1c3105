"""Most tests of runs hold with a journal and without."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(params=["memory", "journal"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "runs.db" if request.param == "journal" else None
