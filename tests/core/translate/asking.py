"""Short ways to write Messages API requests and to translate them."""

from __future__ import annotations

import copy
from typing import Any

from proxy_core.translate.request import ChatRequest, RequestOptions, to_chat_completions
from proxy_core.translate.validate import validate_messages_request

Json = dict[str, Any]


def user(*content: Any) -> Json:
    return {"role": "user", "content": content[0] if len(content) == 1 and isinstance(content[0], str) else [*content]}


def assistant(*content: Any) -> Json:
    return {**user(*content), "role": "assistant"}


def system(content: Any) -> Json:
    return {"role": "system", "content": content}


def text(value: str) -> Json:
    return {"type": "text", "text": value}


def call(identifier: str, name: str = "read", **arguments: Any) -> Json:
    return {"type": "tool_use", "id": identifier, "name": name, "input": arguments}


def result(identifier: str, content: Any = "done", **more: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": identifier, "content": content, **more}


def image(data: str = "QUJD") -> Json:
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}


def image_part(data: str = "QUJD") -> Json:
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}


def tool(name: str, **schema: Any) -> Json:
    return {
        "name": name,
        "description": f"Tool {name}.",
        "input_schema": {"type": "object", "properties": {}, **schema},
    }


def body(*messages: Json, **fields: Any) -> Json:
    return {"model": "claude-x", "max_tokens": 256, "messages": list(messages), **fields}


def translate(request: Json, **options: Any) -> ChatRequest:
    """Validate and translate, and check on the way that neither touches the request."""
    before = copy.deepcopy(request)
    chat = to_chat_completions(validate_messages_request(request), RequestOptions(model="served", **options))
    assert request == before
    return chat


def messages_of(*messages: Json, **fields: Any) -> list[Json]:
    """The Chat Completions messages of a conversation."""
    return translate(body(*messages, **fields)).body["messages"]


def called(identifier: str, name: str = "read", arguments: str = "{}") -> Json:
    """A call as an assistant message holds it."""
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


def answered(identifier: str, content: str = "done") -> Json:
    """A tool message."""
    return {"role": "tool", "tool_call_id": identifier, "content": content}
