from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrt_async.errors import InvalidInput
from qrt_async.transport.address import Crn, check_url, locate, read_crn

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:11111111-2222-3333-4444-555555555555::"
EAST = read_crn(CRN, "test")
FRANKFURT = read_crn(CRN.replace("us-east", "eu-de"), "test")
STAGING = read_crn(CRN.replace("bluemix", "staging"), "test")

PRODUCTION_IAM = "https://iam.cloud.ibm.com/identity/token"
STAGING_IAM = "https://iam.test.cloud.ibm.com/identity/token"

IBM = [
    (None, EAST, False, "https://quantum.cloud.ibm.com/api/v1", PRODUCTION_IAM),
    ("https://cloud.ibm.com/", EAST, False, "https://quantum.cloud.ibm.com/api/v1", PRODUCTION_IAM),
    ("https://cloud.ibm.com", FRANKFURT, False, "https://eu-de.quantum.cloud.ibm.com/api/v1", PRODUCTION_IAM),
    ("https://test.cloud.ibm.com", STAGING, False, "https://quantum.test.cloud.ibm.com/api/v1", STAGING_IAM),
    ("https://cloud.ibm.com:8443", EAST, False, "https://quantum.cloud.ibm.com/api/v1", PRODUCTION_IAM),
    (
        "https://cloud.ibm.com",
        EAST,
        True,
        "https://private.us-east.quantum.cloud.ibm.com/api/v1",
        "https://private.iam.cloud.ibm.com/identity/token",
    ),
    (
        "https://experimental.cloud.ibm.com/x/api/v1/",
        EAST,
        False,
        "https://experimental.cloud.ibm.com/x/api/v1",
        PRODUCTION_IAM,
    ),
    (
        "https://quantum.cloud.ibm.com/api/v1",
        EAST,
        False,
        "https://quantum.cloud.ibm.com/api/v1",
        PRODUCTION_IAM,
    ),
    (
        "https://quantum.cloud.ibm.com",
        FRANKFURT,
        False,
        "https://eu-de.quantum.cloud.ibm.com/api/v1",
        PRODUCTION_IAM,
    ),
    (
        "https://eu-de.quantum.cloud.ibm.com",
        EAST,
        False,
        "https://quantum.cloud.ibm.com/api/v1",
        PRODUCTION_IAM,
    ),
]


@pytest.mark.parametrize(("url", "crn", "private", "api", "iam"), IBM)
def test_ibms_hosts_follow_from_raw_url_region_and_cloud(
    url: str | None, crn: Crn, private: bool, api: str, iam: str
) -> None:
    found = locate(url, crn, private=private)
    assert (found.api, found.iam) == (api, iam)


@pytest.mark.parametrize(
    ("url", "api", "iam"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/api/v1", "http://127.0.0.1:8000/identity/token"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/api/v1", "http://127.0.0.1:8000/identity/token"),
        ("http://[::1]:8000", "http://[::1]:8000/api/v1", "http://[::1]:8000/identity/token"),
        (
            "http://localhost:8000/api/v1",
            "http://localhost:8000/api/v1",
            "http://localhost:8000/identity/token",
        ),
        ("https://lab.example/q", "https://lab.example/q/api/v1", "https://lab.example/q/identity/token"),
        (
            "http://127.0.0.1:8000/experimental/api/v1",
            "http://127.0.0.1:8000/experimental/api/v1",
            "http://127.0.0.1:8000/identity/token",
        ),
    ],
)
def test_any_other_root_has_api_and_iam_under_it(url: str, api: str, iam: str) -> None:
    found = locate(url, EAST)
    assert (found.api, found.iam) == (api, iam)


@pytest.mark.parametrize(
    "base", ["https://iam.example", "https://iam.example/", "https://iam.example/identity/token"]
)
def test_iam_url_is_a_base_or_the_whole_endpoint(base: str) -> None:
    assert locate(None, EAST, iam=base).iam == "https://iam.example/identity/token"
    assert locate("http://127.0.0.1:1", EAST, iam=base).iam == "https://iam.example/identity/token"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://cloud.ibm.com", "leads to cloud.ibm.com by plain http"),
        ("http://192.168.0.7:8000", "leads to 192.168.0.7 by plain http"),
        ("http://127.0.0.1.evil.example", "leads to 127.0.0.1.evil.example by"),
        ("cloud.ibm.com", "is not a whole URL"),
        ("ftp://cloud.ibm.com", "is not a whole URL"),
        ("https://", "is not a whole URL"),
        ("https://[::1", "is not a whole URL"),
        ("https://cloud.ibm.com:port", "is not a whole URL"),
        ("https://me:S3CRET@cloud.ibm.com", "carries a user name"),
        ("https://cloud.ibm.com?x=1", "has a query"),
        ("https://cloud.ibm.com#x", "has a query"),
    ],
)
def test_a_url_that_keys_must_not_be_sent_to_is_refused(url: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        locate(url, EAST)
    assert "S3CRET" not in str(caught.value)
    with pytest.raises(InvalidInput, match=f"IAM_URL {words}"):
        locate(None, EAST, iam=url)


@pytest.mark.parametrize(
    "url", ["https://cloud.ibm.com.evil.example", "https://evil-ibm.com", "https://ibm.com.co"]
)
def test_hosts_that_only_look_like_ibms_are_roots_of_their_own(url: str) -> None:
    assert locate(url, EAST).iam == f"{url}/identity/token"


@given(st.text())
def test_any_text_is_a_url_or_a_clear_refusal(text: str) -> None:
    try:
        parts = check_url(text, "The url")
    except InvalidInput:
        return
    assert parts.hostname
    assert not parts.geturl().endswith("/")
