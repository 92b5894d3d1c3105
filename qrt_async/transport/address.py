"""From an instance and a URL to the two addresses that matter: the API's root and IAM's token endpoint.

The rule for IBM's own hosts is that of the official client (api.md 1.1); any other host is a root of its
own, such as an emulator's. Pure.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

import msgspec

from qrt_async.errors import InvalidInput

RAW_URL = "https://cloud.ibm.com"
"""What IBM's API and IAM hosts are derived from where no URL is given."""
API_PATH = "/api/v1"
IAM_PATH = "/identity/token"

_CRN_FIELDS = 10
_REGION = re.compile(r"[a-z]{2}-[a-z0-9]+")
_API_HOST = re.compile(r"(private\.)?([a-z]{2}-[a-z0-9]+\.)?quantum\.")
_FIND_CRN = (
    "A CRN starts with 'crn:' and stands on the instance's page at https://quantum.cloud.ibm.com/instances; "
    "looking instances up by name is not supported."
)


class Crn(msgspec.Struct, frozen=True):
    """The name of an instance: where it lives, and which IBM Cloud it belongs to."""

    text: str
    region: str
    staging: bool


class Address(msgspec.Struct, frozen=True):
    """The API's root without a trailing slash, and the whole URL of IAM's token endpoint."""

    api: str
    iam: str


def read_crn(text: str, origin: str) -> Crn:
    """The parts of a CRN that decide where requests go. ``origin`` says in errors who gave it."""
    if not text.startswith("crn:"):
        # Perhaps it is an API key in the wrong place, so it is not repeated here.
        given = "'auto'" if text == "auto" else "not a CRN"
        raise InvalidInput(
            f"The instance ({origin}) is {given}; it must be the CRN of one instance. {_FIND_CRN}"
        )
    fields = text.split(":")
    if len(fields) != _CRN_FIELDS:
        raise InvalidInput(
            f"The CRN {text!r} ({origin}) has {len(fields)} fields between colons; it must have "
            f"{_CRN_FIELDS}, the last two usually empty, so that it ends with '::'. Copy it whole."
        )
    if not _REGION.fullmatch(fields[5]):
        raise InvalidInput(
            f"The CRN {text!r} ({origin}) names the region {fields[5]!r}; the sixth field must be one such "
            "as 'us-east' or 'eu-de'."
        )
    return Crn(text, region=fields[5], staging=fields[2] == "staging")


def locate(url: str | None, crn: Crn, *, private: bool = False, iam: str | None = None) -> Address:
    """Where the API and IAM are, for a raw URL or a root (``None``: IBM's) and a base of IAM, if given."""
    parts = check_url(url or RAW_URL, "The url")
    known = _ibm(parts, crn, private) if is_ibm(parts) else _other(parts)
    return Address(known.api, iam_endpoint(iam) if iam else known.iam)


def _ibm(parts: SplitResult, crn: Crn, private: bool) -> Address:
    iam_host = f"{'private.' if private else ''}iam.{'test.' if crn.staging else ''}cloud.ibm.com"
    iam = f"https://{iam_host}{IAM_PATH}"
    if "experimental" in parts.geturl():
        return Address(parts.geturl(), iam)
    # Someone who gives the API's own address means its cloud; the CRN knows the region.
    cloud = _API_HOST.sub("", parts.hostname or "", count=1)
    region = f"private.{crn.region}." if private else "" if crn.region == "us-east" else f"{crn.region}."
    return Address(f"https://{region}quantum.{cloud}{API_PATH}", iam)


def _other(parts: SplitResult) -> Address:
    root = parts.geturl().removesuffix(API_PATH)
    origin = f"{parts.scheme}://{parts.netloc}"
    if "experimental" in root:  # verbatim, as the official client takes it
        return Address(parts.geturl(), origin + IAM_PATH)
    return Address(root + API_PATH, root + IAM_PATH)


def iam_endpoint(base: str) -> str:
    """IAM's token endpoint from ``IAM_URL``, which the official client takes for its base."""
    return check_url(base, "IAM_URL").geturl().removesuffix(IAM_PATH) + IAM_PATH


def check_url(url: str, what: str) -> SplitResult:
    """The parts of a URL that keys may be sent to: https, or http on this machine; no slash at the end."""
    try:
        parts = urlsplit(url.strip().rstrip("/"))
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if host is None or parts.scheme not in {"http", "https"}:
        _refuse(what, "is not a whole URL")
    if "@" in parts.netloc:
        _refuse(what, "carries a user name")
    if parts.query or parts.fragment:
        _refuse(what, "has a query or a fragment")
    if parts.scheme == "http" and not is_loopback(parts):
        _refuse(what, f"leads to {host} by plain http, where others could read the key")
    return parts


def _refuse(what: str, why: str) -> NoReturn:
    raise InvalidInput(
        f"{what} {why}; it must be https, such as {RAW_URL!r}, or an emulator on this machine, such as "
        "'http://127.0.0.1:8000'."
    )


def is_ibm(parts: SplitResult) -> bool:
    """Is this one of IBM's hosts, reached safely?"""
    host = parts.hostname or ""
    return parts.scheme == "https" and (host == "ibm.com" or host.endswith(".ibm.com"))


def is_loopback(parts: SplitResult) -> bool:
    """Does this never leave the machine?"""
    host = parts.hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
