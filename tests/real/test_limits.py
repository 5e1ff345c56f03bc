"""What does not fit or cannot be read is refused with the true reason."""

from __future__ import annotations

import base64
import json
import re
import zlib
from struct import pack
from typing import Any

import anthropic
import pytest
from anthropic import AsyncAnthropic

from tests.real.asking import MODEL, NO_THINKING, ask, both_ways, prompt_tokens
from tests.realserver.server import LlamaServer

TOO_LONG = "many words and more " * 700


@both_ways
async def test_a_prompt_that_does_not_fit_is_refused_with_true_numbers(
    endless: LlamaServer, endless_client: AsyncAnthropic, *, stream: bool
) -> None:
    with pytest.raises(anthropic.BadRequestError) as refused:
        await ask(endless_client, TOO_LONG, stream=stream)
    numbers = re.search(r"prompt is too long: (\d+) tokens > (\d+) maximum", refused.value.message)
    assert numbers is not None
    sent = {"messages": [{"role": "user", "content": TOO_LONG}], "chat_template_kwargs": {"enable_thinking": False}}
    assert (int(numbers[1]), int(numbers[2])) == (endless.count(sent), endless.window)
    assert refused.value.type == "invalid_request_error"


async def test_a_prompt_that_does_not_fit_is_still_counted(
    endless: LlamaServer, endless_client: AsyncAnthropic
) -> None:
    counted = await endless_client.messages.count_tokens(
        model=MODEL, thinking=NO_THINKING, messages=[{"role": "user", "content": TOO_LONG}]
    )
    assert counted.input_tokens > endless.window


@both_ways
async def test_an_answer_that_fills_the_window_is_cut(
    endless: LlamaServer, endless_client: AsyncAnthropic, *, stream: bool
) -> None:
    message = await ask(endless_client, "Talk on and on.", stream=stream, max_tokens=4000)
    assert message.stop_reason in {"max_tokens", "model_context_window_exceeded"}
    assert endless.window // 2 < prompt_tokens(message) + message.usage.output_tokens <= endless.window


def _png() -> str:
    """One red pixel."""
    parts = [(b"IHDR", pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0\xff\0\0")), (b"IEND", b"")]
    chunks = [pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data)) for kind, data in parts]
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": _png()}}
WITH_IMAGES: dict[str, list[Any]] = {
    "in a question": [{"role": "user", "content": [IMAGE, {"type": "text", "text": "What is this?"}]}],
    "in a tool's result": [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": [IMAGE]}]},
    ],
}


@pytest.mark.parametrize("conversation", WITH_IMAGES.values(), ids=WITH_IMAGES)
@both_ways
async def test_a_model_that_reads_no_images_is_told_of_one(
    client: AsyncAnthropic, conversation: list[Any], *, stream: bool
) -> None:
    """A llama.cpp server without a projector fails such a request with a 500, for ever: the image is in the history."""
    without = json.loads(json.dumps(conversation).replace(json.dumps(IMAGE), json.dumps({"type": "text", "text": ""})))
    plain = await client.messages.count_tokens(model=MODEL, thinking=NO_THINKING, messages=without)
    message = await ask(client, conversation, stream=stream, max_tokens=20)
    assert prompt_tokens(message) > plain.input_tokens + 5
