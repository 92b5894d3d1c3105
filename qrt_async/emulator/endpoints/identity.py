"""``POST /identity/token``: IAM, which has a host and error bodies of its own."""

from __future__ import annotations

from qrt_async.emulator.ask import Ask
from qrt_async.emulator.books import Books
from qrt_async.emulator.iam import UnknownKey
from qrt_async.emulator.wire import Reply, form, json_reply

GRANT = "urn:ibm:params:oauth:grant-type:apikey"


def token(books: Books, ask: Ask) -> Reply:
    """A bearer token for an API key; a bad key is a 400 here, not a 401."""
    fields = form(ask.body)
    try:
        if fields.get("grant_type") != GRANT:
            raise UnknownKey("BXNIM0109E", "Property missing or empty: 'grant_type'.")
        return json_reply(books.iam.exchange(fields.get("apikey", "").strip(), ask.now))
    except UnknownKey as error:
        return _refusal(books, error)


def _refusal(books: Books, error: UnknownKey) -> Reply:
    context = {"requestId": books.trace(), "requestType": "incoming.Identity_Token"}
    body = {"errorCode": error.code, "errorMessage": str(error), "context": context}
    return json_reply(body, status=400)
