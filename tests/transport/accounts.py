"""Accounts that tests of the account, its file and its servers are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qrt_async.transport.account import Account

KEY = "S3CRET-api-key-of-the-user"
CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:11111111-2222-3333-4444-555555555555::"
FRANKFURT = CRN.replace("us-east", "eu-de")
STAGING = CRN.replace("bluemix", "staging")
IBM = "https://quantum.cloud.ibm.com/api/v1"
IBM_IAM = "https://iam.cloud.ibm.com/identity/token"
EMULATOR = "http://127.0.0.1:8123"

Find = Callable[..., Account]


def saved(token: Any = "saved-key", **more: Any) -> dict[str, Any]:  # noqa: S107 - made up
    return {
        "channel": "ibm_quantum_platform",
        "token": token,
        "instance": CRN,
        "url": "https://cloud.ibm.com",
    } | more


def env(**more: str) -> dict[str, str]:
    return {"QISKIT_IBM_TOKEN": "env-key", "QISKIT_IBM_INSTANCE": CRN} | more
