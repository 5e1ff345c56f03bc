"""A Messages API request as a Chat Completions request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from proxy_core.translate.conversation import Conversation
from proxy_core.translate.messages import ReadMessage, read_message
from proxy_core.translate.reasoning_options import reasoning_changes, reasoning_fields, reasoning_key
from proxy_core.translate.stop import LLAMA_CPP_NAMES_IT
from proxy_core.translate.system_text import system_text
from proxy_core.translate.tools import Tools, read_tools
from proxy_core.translate.types import Change, JsonObject
from proxy_core.value_types import value_type

USER_ID_LIMIT = 64
"""Longer ids are not sent on: Claude Code's is a JSON text that names device and account, of no use to a server."""


@value_type
class RequestOptions:
    """How to translate: for which model and kind of server.

    `model` is the name sent upstream. `server_kind` is "llama.cpp", "vllm", "sglang", "ollama", "lmstudio",
    "openrouter" or "unknown". `system_reminders`: "reminder" makes system messages inside the conversation a reminder
    on the user's side, "raw" keeps their role. `vision` False: the served model is known not to read images.
    """

    model: str
    server_kind: str = "unknown"
    system_reminders: str = "reminder"
    vision: bool | None = None


@value_type
class ChatRequest:
    """The request to send, and what became of the client's.

    `changes`: everything dropped or replaced, each with its reason; the same again on every turn that carries the same
    history. `tool_names`: the tools that the client declared; `hidden` are those of them that this body leaves out, a
    call of which is a call all the same. `structured`: the client asked for JSON of a schema.
    """

    body: JsonObject
    changes: tuple[Change, ...]
    tool_names: frozenset[str]
    stop_sequences: tuple[str, ...]
    structured: bool
    conversation: Conversation | None = None
    """The messages as they were put together, for the translation of the next turn."""
    hidden: tuple[JsonObject, ...] = ()

    def with_body(self, body: JsonObject) -> ChatRequest:
        """The same with another body."""
        return ChatRequest(
            body,
            self.changes,
            self.tool_names,
            self.stop_sequences,
            self.structured,
            self.conversation,
            self.hidden,
        )


def to_chat_completions(
    body: JsonObject,
    options: RequestOptions,
    read: Sequence[ReadMessage] | None = None,
    tools: Tools | None = None,
    earlier: Conversation | None = None,
) -> ChatRequest:
    """Translate a validated body, which stays as it is; the same body always gives the same bytes.

    `read` and `tools`: the body's messages as `read_message` reads them, and its tools as `read_tools` does, for a
    caller that has them already. `earlier`: what an earlier turn made of its messages; the same comes out without it.
    Raises `InvalidRequest` when `tool_choice` names a tool that was not declared. Takes time in proportion to the
    body; a PDF that is new to this process may take seconds (`documents.holds_pdf` tells beforehand).
    """
    if read is None:
        read = [read_message(message, options.vision) for message in body["messages"]]
    conversation = Conversation(
        system_text(body.get("system")),
        raw_system=options.system_reminders == "raw",
        reasoning_key=reasoning_key(options.server_kind),
    )
    messages = conversation.build(read, earlier)
    if tools is None:
        tools = read_tools(body, options.server_kind)
    stops = tuple(stop for stop in body.get("stop_sequences") or () if stop)
    response_format = _response_format(body)
    chat: JsonObject = {"model": options.model, "messages": messages, **tools.fields}
    if response_format:
        chat["response_format"] = response_format
    if stops:
        chat["stop"] = list(stops)
        if options.server_kind == "llama.cpp":
            chat.update(LLAMA_CPP_NAMES_IT)
    chat.update(_plain_fields(body))
    reasoning = reasoning_fields(body, options.server_kind)
    chat.update(reasoning)
    chat["stream"] = True
    chat["stream_options"] = {"include_usage": True}
    changes = [change for message in read for change in message.changes]
    changes += [*conversation.changes, *tools.changes, *reasoning_changes(body, reasoning), *_unsupported(body)]
    return ChatRequest(chat, tuple(changes), tools.names, stops, bool(response_format), conversation)


def _plain_fields(body: JsonObject) -> Iterator[tuple[str, Any]]:
    """Fields that keep their value; what the client leaves unset stays the server's to choose."""
    for name in ("max_tokens", "temperature", "top_p", "top_k"):
        if body.get(name) is not None:
            yield name, body[name]
    metadata: JsonObject = body.get("metadata") or {}
    user: Any = metadata.get("user_id")
    if isinstance(user, str) and 0 < len(user) <= USER_ID_LIMIT:
        yield "user", user


def _response_format(body: JsonObject) -> JsonObject | None:
    """The wished output format: `output_config.format`, or `output_format` as earlier SDKs sent it."""
    config: JsonObject = body.get("output_config") or {}
    wish: JsonObject = config.get("format") or body.get("output_format") or {}
    if not wish:
        return None
    return {
        "type": "json_schema",
        "json_schema": {"name": str(wish.get("name") or "response"), "schema": wish["schema"], "strict": True},
    }


def _unsupported(body: JsonObject) -> Iterator[Change]:
    for field in ("mcp_servers", "container"):
        if body.get(field):
            yield Change(field, "runs on Anthropic's servers only")
