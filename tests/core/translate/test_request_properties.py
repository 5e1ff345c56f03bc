"""What holds for every conversation: whole pairs, a stable prefix, and a refusal instead of a crash."""

from __future__ import annotations

import copy
from contextlib import suppress
from itertools import pairwise
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy_core.translate.request import RequestOptions, to_chat_completions
from proxy_core.translate.types import InvalidRequest
from proxy_core.translate.validate import validate_messages_request
from tests.core.translate.asking import assistant, body, call, image, result, system, text, user

IDS = st.sampled_from(["c1", "c2", "c3"])
WORDS = st.sampled_from(["", "one", " two\n", "<system-reminder>x"])
KINDS = st.sampled_from(["unknown", "llama.cpp", "vllm"])
MODES = st.sampled_from(["reminder", "raw"])

USER_BLOCKS = st.one_of(
    st.builds(text, WORDS),
    st.builds(image),
    st.builds(result, IDS, st.one_of(st.none(), WORDS, st.just([text("r"), image()])), is_error=st.booleans()),
)
ASSISTANT_BLOCKS = st.one_of(
    st.builds(text, WORDS),
    st.builds(call, IDS),
    st.just({"type": "thinking", "thinking": "hm", "signature": ""}),
    st.just({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": 1}}),
)
MESSAGES = st.lists(
    st.one_of(
        st.lists(USER_BLOCKS, max_size=4).map(lambda blocks: user(*blocks)),
        st.lists(ASSISTANT_BLOCKS, max_size=4).map(lambda blocks: assistant(*blocks)),
        WORDS.map(system),
    ),
    min_size=1,
    max_size=8,
)


def chat_of(messages: list[Any], kind: str, mode: str) -> list[dict[str, Any]]:
    request = body(*messages)
    before = copy.deepcopy(request)
    options = RequestOptions(model="m", server_kind=kind, system_reminders=mode)
    chat = to_chat_completions(validate_messages_request(request), options).body
    assert request == before
    return chat["messages"]


@given(MESSAGES, KINDS, MODES)
def test_every_call_is_answered_at_once_and_every_answer_has_its_call(
    messages: list[Any], kind: str, mode: str
) -> None:
    waiting: list[str] = []
    for message in chat_of(messages, kind, mode):
        if message["role"] == "tool":
            assert message["tool_call_id"] == waiting.pop(0)
        else:
            assert not waiting
            waiting = [made["id"] for made in message.get("tool_calls", ())]
            assert len(set(waiting)) == len(waiting)
    assert not waiting


@given(MESSAGES, KINDS)
def test_sides_alternate_and_only_the_first_message_is_system(messages: list[Any], kind: str) -> None:
    roles = [message["role"] for message in chat_of(messages, kind, "reminder")]
    assert "system" not in roles[1:]
    spoken = [role for role in roles if role not in ("system", "tool")]
    sides = [role for role in roles if role != "system"]
    assert all(one != other or one == "tool" for one, other in pairwise(sides))
    assert set(spoken) <= {"user", "assistant"}


@given(MESSAGES, MESSAGES, KINDS, MODES)
def test_a_longer_conversation_begins_with_the_shorter_one(
    earlier: list[Any], later: list[Any], kind: str, mode: str
) -> None:
    """Once the assistant has answered the user, nothing that follows changes what was sent before."""
    first = [user("start"), *earlier, user("ask")]
    whole = [*first, assistant("answer"), *later]
    before = chat_of(first, kind, mode)
    assert orjson.dumps(chat_of(whole, kind, mode)[: len(before)]) == orjson.dumps(before)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["", "text", "user", "base64", "x"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["type", "text", "content", "source", "data", "name", "id", "input", "title", "role"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)
BLOCK_TYPES = st.sampled_from(
    [
        *("text", "image", "document", "search_result", "tool_use", "tool_result", "thinking", "redacted_thinking"),
        *("server_tool_use", "mcp_tool_result", "tool_reference", "hologram"),
    ]
)
FIELDS = st.sampled_from(
    ["text", "thinking", "source", "content", "input", "id", "name", "tool_use_id", "title", "tool_name", "is_error"]
)
ODD_BLOCKS = st.builds(lambda kind, more: {**more, "type": kind}, BLOCK_TYPES, st.dictionaries(FIELDS, JSON))
ODD_MESSAGES = st.lists(
    st.builds(
        lambda role, content: {"role": role, "content": content},
        st.sampled_from(["user", "assistant", "system"]),
        st.one_of(JSON, st.lists(ODD_BLOCKS, max_size=3)),
    ),
    max_size=3,
)
TOP = ["system", "tools", "tool_choice", "thinking", "metadata", "output_config", "output_format", "stop_sequences"]


@settings(max_examples=300)
@given(ODD_MESSAGES, st.dictionaries(st.sampled_from(TOP), JSON))
def test_any_json_is_translated_or_refused(messages: list[Any], fields: dict[str, Any]) -> None:
    with suppress(InvalidRequest):
        known = validate_messages_request(body(*messages, **fields))
        orjson.dumps(to_chat_completions(known, RequestOptions(model="m")).body)
