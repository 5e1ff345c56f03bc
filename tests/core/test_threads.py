"""What is kept from turn to turn changes nothing: neither the bytes that go out nor what is known of them."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy_core.threads import LEAST_MESSAGES, Thread, Threads
from proxy_core.translate.request import RequestOptions, to_chat_completions
from proxy_core.translate.tools import read_tools
from proxy_core.translate.types import JsonObject
from proxy_core.translate.written import write
from proxy_core.upstream.outline import OutlineBook
from tests.core.translate.asking import body
from tests.core.translate.test_request_properties import KINDS, MESSAGES, MODES

TOOLS = [{"name": name, "input_schema": {"type": "object"}} for name in ("read", "write", "run")]


@st.composite
def turns(draw: st.DrawFn) -> list[tuple[JsonObject, RequestOptions]]:
    """Turns of a conversation that grows, is edited, shortened and asked of other servers with other tools."""
    messages = draw(MESSAGES)
    found: list[tuple[JsonObject, RequestOptions]] = []
    for _ in range(draw(st.integers(2, 6))):
        kept = draw(st.integers(0, len(messages)))
        messages = [*messages[: kept if draw(st.booleans()) else len(messages)], *draw(MESSAGES)]
        tools = TOOLS[: draw(st.integers(1, 3))]
        wish = body(*messages, tools=tools, system=draw(st.sampled_from(["a", "b"])))
        found.append((wish, RequestOptions("m", draw(KINDS), draw(MODES))))
    return found


@given(turns())
@settings(max_examples=300, deadline=None)
def test_a_turn_comes_out_as_if_it_were_the_first(asked: list[tuple[JsonObject, RequestOptions]]) -> None:
    thread, book = Thread(), OutlineBook()
    for wish, options in asked:
        tools = read_tools(wish, options.server_kind)
        chat = to_chat_completions(wish, options, tools=tools, earlier=thread.conversation)
        thread.conversation = chat.conversation
        outline, thread.begun = book.outline_from(chat.body, thread.begun)

        anew = to_chat_completions(wish, options)
        plain = orjson.loads(orjson.dumps(anew.body))
        assert write(chat.body) == orjson.dumps(anew.body) == orjson.dumps(plain)
        assert (chat.changes, chat.tool_names) == (anew.changes, anew.tool_names)
        assert outline == OutlineBook().outline(plain)


def test_a_changed_part_is_written_as_it_is_now() -> None:
    chat = to_chat_completions(body({"role": "user", "content": "one"}), RequestOptions("m")).body
    assert b'"one"' in write(chat)
    changed: JsonObject = chat | {"messages": [chat["messages"][0] | {"content": "two"}]}
    assert write(changed) == orjson.dumps(changed)
    assert b'"one"' in write(chat)


def test_threads_are_bounded_by_number_and_by_bytes() -> None:
    threads = Threads(most=3, most_bytes=100)

    def ask(session: str, size: int, messages: int = LEAST_MESSAGES) -> Thread:
        return threads.of(session, "main", messages, size)

    first: Any = ask("a", 10)
    assert ask("a", 40) is first, "the same conversation, longer now"
    assert ask("b", 40) is ask("b", 40)
    ask("c", 20)
    assert ask("a", 40) is first
    ask("d", 10)
    assert ask("a", 40) is first
    assert ask("b", 10) is not None
    ask("e", 95)
    assert ask("a", 5) is not first
    assert ask("short", 10, LEAST_MESSAGES - 1) is not ask("short", 10, LEAST_MESSAGES - 1), "not worth keeping"
