"""Bytes out, bytes in: requests and replies, credentials, authorization, retry, the pool."""
