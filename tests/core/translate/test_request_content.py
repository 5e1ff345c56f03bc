"""Content blocks beside plain text: what the model gets to read of each, and what is told about it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.translate.asking import assistant, body, call, image, image_part, result, text, translate, user


def content_of(*blocks: Any, **options: Any) -> tuple[Any, list[str]]:
    chat = translate(body(user(*blocks)), **options)
    return chat.body["messages"][0]["content"], [change.what for change in chat.changes]


IMAGE_URL = {"type": "image", "source": {"type": "url", "url": "https://h.example/a.png"}}
IMAGE_FILE = {"type": "image", "source": {"type": "file", "file_id": "file_1"}}

BLOCKS: dict[str, tuple[list[Any], Any, list[str]]] = {
    "an image stays between its texts": (
        [text("before"), image(), text("after")],
        [text("before"), image_part(), text("after")],
        [],
    ),
    "an image by address": (
        [IMAGE_URL],
        [{"type": "image_url", "image_url": {"url": "https://h.example/a.png"}}],
        [],
    ),
    "an image that only Anthropic holds": (
        [IMAGE_FILE, text("see?")],
        "[image: is stored with Anthropic and cannot be fetched here]\nsee?",
        ["image"],
    ),
    "a search result": (
        [
            {
                "type": "search_result",
                "source": "https://h.example/k",
                "title": "Kiwi facts",
                "content": [text("Kiwis cannot fly.")],
            },
            text("can they?"),
        ],
        "<search_result>\nKiwi facts\nhttps://h.example/k\nKiwis cannot fly.\n</search_result>\ncan they?",
        [],
    ),
    "a tool that was searched for": (
        [{"type": "tool_reference", "tool_name": "Grep"}],
        "The tool Grep is available now.",
        [],
    ),
    "a block of a kind that is not known yet": (
        [{"type": "hologram", "id": "h1", "layers": [{"title": "top", "signature": "SIG"}, {"text": "deep"}]}],
        "[hologram]\ntop\ndeep",
        ["hologram block"],
    ),
    "thinking that is not the assistant's": (
        [{"type": "thinking", "thinking": "hm", "signature": ""}, text("a")],
        "a",
        ["thinking"],
    ),
}


@pytest.mark.parametrize(("blocks", "expected", "told"), BLOCKS.values(), ids=BLOCKS)
def test_block(blocks: list[Any], expected: Any, told: list[str]) -> None:
    assert content_of(*blocks) == (expected, told)


def test_a_model_without_eyes_gets_a_note_in_the_images_place() -> None:
    note = "[image: is left out because the served model reads no images]"
    assert content_of(text("see"), image(), vision=False) == (f"see\n{note}", ["image"])


def test_images_in_results_of_a_model_without_eyes_need_no_further_message() -> None:
    chat = translate(body(user("go"), assistant(call("c1")), user(result("c1", [image()]))), vision=False)
    assert [message["role"] for message in chat.body["messages"]] == ["user", "assistant", "tool"]
    assert "reads no images" in chat.body["messages"][2]["content"]


def test_what_anthropics_servers_did_is_read_as_text() -> None:
    search = {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "n"}}
    found = {"type": "web_search_result", "url": "https://h.example", "title": "N", "encrypted_content": "ENC"}
    results = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [found]}
    mcp = {"type": "mcp_tool_result", "tool_use_id": "m1", "is_error": False, "content": [text("from mcp")]}
    chat = translate(body(user("news?"), assistant(search, results, mcp, text("Here.")), user("thanks")))
    assert chat.body["messages"][1] == {
        "role": "assistant",
        "content": '[web_search was called with {"query": "n"}]\n'
        "[web_search_tool_result]\nhttps://h.example\nN\n[mcp_tool_result]\nfrom mcp\nHere.",
    }
    assert [change.what for change in chat.changes] == [
        "server_tool_use block",
        "web_search_tool_result block",
        "mcp_tool_result block",
    ]


def test_a_tool_reference_in_a_result_is_text() -> None:
    loaded = result("c1", [{"type": "tool_reference", "tool_name": "Grep"}, text("1 tool")])
    chat = translate(body(user("go"), assistant(call("c1", "ToolSearch")), user(loaded)))
    assert chat.body["messages"][2]["content"] == "The tool Grep is available now.\n1 tool"
