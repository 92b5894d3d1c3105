"""What the environment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.web_backend.settings import Settings, local


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, True),
        ({"QISKIT_IBM_CHANNEL": "local"}, True),
        ({"QISKIT_IBM_CHANNEL": "local", "QISKIT_IBM_TOKEN": "t"}, True),
        ({"QISKIT_IBM_URL": "http://127.0.0.1:1"}, False),
        ({"QISKIT_IBM_TOKEN": "t"}, False),
        ({"QISKIT_IBM_CHANNEL": "ibm_quantum_platform"}, False),
    ],
)
def test_an_emulator_is_used_where_no_account_is_named(environ: dict[str, str], expected: bool) -> None:
    assert local(environ) is expected
    assert Settings.read(environ).local is expected


def test_what_is_not_said_is_safe() -> None:
    one, other = Settings.read({}), Settings.read({})
    assert one.secret != other.secret
    assert len(one.secret) >= 32
    assert one.hosts == ("127.0.0.1", "localhost")


def test_what_is_said_counts_and_the_secret_is_not_shown() -> None:
    said = {
        "DATA": "/srv/data",
        "SECRET": "hush",
        "HOSTS": "a.example,b.example",
        "HTTPS": "1",
        "MAX_WAITING": "7",
    }
    found = Settings.read({f"WEB_BACKEND_{name}": text for name, text in said.items()})
    assert (found.data, found.secret) == (Path("/srv/data"), b"hush")
    assert (found.hosts, found.https, found.max_waiting) == (("a.example", "b.example"), True, 7)
    assert "hush" not in repr(found)
