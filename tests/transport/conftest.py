"""An account file of the test's own, and what is found with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qrt_async.transport.account import Account, find_account
from tests.transport.accounts import Find


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".qiskit" / "qiskit-ibm.json"


@pytest.fixture
def find(path: Path) -> Find:
    def find(environ: dict[str, str] | None = None, **arguments: Any) -> Account:
        return find_account(environ=environ or {}, path=path, **arguments)

    return find


@pytest.fixture
def save(path: Path) -> Callable[..., None]:
    def save(**records: Any) -> None:
        path.parent.mkdir(exist_ok=True)
        named = {name.replace("_", "-"): record for name, record in records.items()}
        path.write_text(json.dumps(named, sort_keys=True, indent=4))

    return save
