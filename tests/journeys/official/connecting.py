"""Ways in: how IBM's client is constructed, with and without its look-up of instances."""

from __future__ import annotations

import json
import os
import tempfile
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from qiskit_ibm_runtime import IBMQuantumComputeService, QiskitRuntimeService
from qiskit_ibm_runtime.accounts import account as accounts
from qiskit_ibm_runtime.exceptions import IBMInputValueError

from tests.journeys.official.ground import (
    CRN,
    HERON,
    IDEAL,
    URL,
    check,
    connect,
    main,
    raises,
    requests,
    result,
    run,
    service,
)

SECOND = CRN.replace("inst0", "second")
PLANS = {"plan-open": ("Open", "free"), "plan-premium": ("Premium", "paid")}


class Cloud(BaseHTTPRequestHandler):
    """IBM Cloud's search and catalog, which know two instances of two plans."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Authorization"].startswith("Bearer ey")
        extensions = {"extensions": {"usage": 1}}
        items = [
            {"crn": crn, "name": name, "tags": [name], "service_plan_unique_id": plan, "doc": extensions}
            for crn, name, plan in ((CRN, "first", "plan-premium"), (SECOND, "second", "plan-open"))
        ]
        self._answer({"items": [*items, {"crn": "crn:without:backends", "doc": {}}], "limit": 100})

    def do_GET(self) -> None:
        shown, pricing = PLANS[self.path.split("?")[0].rpartition("/")[2]]
        self._answer(
            {"overview_ui": {"en": {"display_name": shown}}, "metadata": {"pricing": {"type": pricing}}}
        )

    def _answer(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *given: Any) -> None:  # noqa: A002
        """Silent."""


@contextmanager
def looked_up() -> Iterator[None]:
    """The client looks its instances up, as against the real cloud; two names say where that is."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Cloud) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        where = f"http://127.0.0.1:{server.server_port}"
        kept = accounts.get_global_search_api_url, accounts.get_global_catalog_api_url
        accounts.get_global_search_api_url = lambda _: where
        accounts.get_global_catalog_api_url = lambda _: f"{where}/api/v1"
        del os.environ["QISKIT_FUNCTIONS_EXPERIMENTAL"]
        try:
            yield
        finally:
            os.environ["QISKIT_FUNCTIONS_EXPERIMENTAL"] = "1"
            accounts.get_global_search_api_url, accounts.get_global_catalog_api_url = kept
            server.shutdown()


@check
def constructing_asks_iam_once_and_lists_the_backends() -> None:
    before = requests()
    own = connect("a fresh key")
    after = requests()
    spent = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    assert spent == {"POST /identity/token": 1, "GET /v1/backends": 1}, spent
    assert own.active_instance() == CRN
    assert own.channel == "ibm_quantum_platform"
    assert own.instances()[0]["crn"] == CRN


@check
def tokens_are_what_ibms_library_can_read() -> None:
    service.usage()
    token = service._active_api_client._session.auth.tm.get_token()
    head, claims = (json.loads(urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    assert head["typ"] == "JWT"
    assert claims["exp"] - claims["iat"] == 3600
    assert isinstance(claims["iat"], int)
    assert claims["iam_id"].startswith("IBMid-")


@check
def a_url_with_experimental_in_it_is_taken_as_it_stands() -> None:
    for channel in ("ibm_quantum_platform", "ibm_cloud"):
        own = QiskitRuntimeService(
            channel=channel, token="any-key", instance=CRN, url=f"{URL}/experimental/api/v1"
        )  # fmt: skip
        assert own.backend(IDEAL).name == IDEAL
        assert own.usage()["instance_id"] == CRN
        assert result(run(by=own))[0].data.meas.num_shots == 100


@check
def the_services_new_name_is_the_same_class() -> None:
    own = IBMQuantumComputeService(token="any-key", instance=CRN, url=f"{URL}/experimental/api/v1")
    assert own.backend(HERON).num_qubits == 156


@check
def a_saved_account_leads_here() -> None:
    with tempfile.TemporaryDirectory() as folder:
        name = str(Path(folder) / "accounts.json")
        QiskitRuntimeService.save_account(
            token="any-key",
            url=f"{URL}/experimental/api/v1",
            instance=CRN,
            filename=name,
            set_as_default=True,
        )
        own = QiskitRuntimeService(filename=name)
        assert own.active_account()["instance"] == CRN
        assert {backend.name for backend in own.backends(simulator=True)} == {IDEAL}


@check
def instances_are_checked_against_what_the_cloud_lists() -> None:
    with looked_up():
        own = connect()
        assert [inst["name"] for inst in own.instances()] == ["first", "second"]
        assert [inst["plan"] for inst in own.instances()] == ["premium", "open"]
        assert own.usage()["instance_id"] == CRN
        wrong = CRN.replace("inst0", "of somebody else")
        raises(IBMInputValueError, lambda: connect(instance=wrong), "does not have access")


@check
def an_instance_is_found_by_name_by_plan_and_by_itself() -> None:
    with looked_up():
        assert connect(instance="second").active_instance() == SECOND
        raises(IBMInputValueError, lambda: connect(instance="third"), "not a valid instance name")
        for preferences, crn in (
            ({}, SECOND),
            ({"plans_preference": ["premium"]}, CRN),
            ({"tags": ["first"]}, CRN),
        ):
            own = connect(instance=None, **preferences)  # type: ignore[arg-type]  # any instance
            assert own.backend(HERON)._instance == crn, preferences
            assert own.usage()["instance_id"] == crn
        auto = connect(instance="auto")
        assert auto.backend(IDEAL)._instance == SECOND


if __name__ == "__main__":
    main()
