"""Decoding gives way to the loop, however many results arrive at once."""

from __future__ import annotations

import asyncio
import base64
import io
import zlib
from typing import Any

import msgspec
import numpy as np
import pytest

from qrt_async.errors import ResultError
from qrt_async.jobs.decoder import Decoder
from qrt_async.transport.worker import Worker


def typed_result(shots: int) -> bytes:
    """A typed sampler result of so many shots of 16 random bits."""
    array = np.random.default_rng(1).integers(0, 256, (shots, 2), dtype=np.uint8)
    file = io.BytesIO()
    np.save(file, array)
    packed = base64.b64encode(zlib.compress(file.getvalue(), 1)).decode()
    bits = {"array": {"__type__": "ndarray", "__value__": packed}, "num_bits": 16}
    data: dict[str, Any] = {"field_names": ["c"], "field_types": ["BitArray"], "shape": []}
    data["fields"] = {"c": {"__type__": "BitArray", "__value__": bits}}
    pub = {"data": {"__type__": "DataBin", "__value__": data}, "metadata": {}}
    result = {"pub_results": [{"__type__": "SamplerPubResult", "__value__": pub}], "metadata": {}}
    return msgspec.json.encode({"__type__": "PrimitiveResult", "__value__": result})


async def test_between_two_steps_everything_else_on_the_loop_gets_its_turn() -> None:
    decoder, body = Decoder({}, Worker()), typed_result(500_000)
    await decoder.decode("sampler", body)
    beats = 0

    async def heart() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    beating = asyncio.create_task(heart())
    results = await asyncio.gather(*(decoder.decode("sampler", body) for _ in range(4)))
    beating.cancel()
    steps = 4 * len(body) / (64 * 1024)
    assert beats >= 3 * steps, "who answers a request waited for more than one step"
    assert all(result[0].data.bits("c").num_shots == 500_000 for result in results)


async def test_a_result_that_cannot_be_read_hurts_only_its_own_reader() -> None:
    decoder, body = Decoder({}, Worker()), typed_result(10)
    broken: object
    sound: object
    broken, sound = await asyncio.gather(
        decoder.decode("sampler", body[:-5]), decoder.decode("sampler", body), return_exceptions=True
    )
    assert isinstance(broken, ResultError)
    assert not isinstance(sound, BaseException)


async def test_cancelling_one_decode_lets_the_next_go_on() -> None:
    decoder, body = Decoder({}, Worker()), typed_result(500_000)
    first = asyncio.create_task(decoder.decode("sampler", body))
    second = asyncio.create_task(decoder.decode("sampler", body))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert len(await second) == 1
