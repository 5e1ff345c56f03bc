"""What a request is for, told from the bodies that real clients send."""

import pytest

from proxy_core.sessions.identity import request_kind

TOOLS = [{"name": "Read", "input_schema": {"type": "object"}}]
SEARCH = [{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}]
TITLE = {
    "type": "json_schema",
    "schema": {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
}
SUMMARY = "CRITICAL: TEXT ONLY.\n\nYour task is to create a detailed summary of the conversation so far."
CONTINUE = "Provide a detailed prompt for continuing our conversation above."
AGENT = {"x-claude-code-agent-id": "a1"}


def body(*messages, **more):
    turns = [{"role": role, "content": content} for role, content in messages] or [{"role": "user", "content": "hi"}]
    return {"max_tokens": 100, "messages": turns, **more}


@pytest.mark.parametrize(
    ("headers", "request_body", "kind"),
    [
        ({}, body(tools=TOOLS), "main"),
        ({}, body(), "main"),
        (AGENT, body(tools=TOOLS), "subagent"),
        ({}, body(tools=[], output_config={"effort": "high", "format": TITLE}), "title"),
        ({}, body(output_config={"format": TITLE}), "title"),
        ({}, body(tools=TOOLS, output_config={"format": TITLE}), "main"),
        (
            {},
            body(output_config={"format": {**TITLE, "schema": {"properties": {"title": {}, "year": {}}}}}),
            "main",
        ),
        ({}, body(output_config={"format": None}), "main"),
        ({}, body(system="You are a title generator. You output ONLY a thread title."), "title"),
        ({}, body(system=[{"type": "text", "text": "You are a title generator."}]), "title"),
        ({}, body(("user", "hi"), ("assistant", "yes"), ("user", SUMMARY), tools=TOOLS), "compaction"),
        ({}, body(("user", [{"type": "text", "text": "result"}, {"type": "text", "text": SUMMARY}])), "compaction"),
        ({}, body(("user", "hi"), ("user", SUMMARY), ("system", "agents and skills"), tools=TOOLS), "compaction"),
        ({}, body(("user", "hi"), ("user", CONTINUE)), "compaction"),
        (AGENT, body(("user", SUMMARY), tools=TOOLS), "compaction"),
        ({}, body(("user", SUMMARY), ("assistant", "the summary"), ("user", "go on"), tools=TOOLS), "main"),
        ({}, body(("user", "hi"), ("assistant", SUMMARY)), "main"),
        ({}, body(tools=SEARCH, tool_choice={"type": "tool", "name": "web_search"}), "web_search"),
        ({}, body(tools=[*TOOLS, *SEARCH]), "main"),
        ({"anthropic-beta": "x,token-counting-2024-11-01"}, {"messages": []}, "count"),
        ({"anthropic-beta": "x,token-counting-2024-11-01"}, body(), "main"),
        ({}, {"messages": ["odd"], "tools": ["odd"]}, "main"),
    ],
)
def test_kind_of_request(headers, request_body, kind):
    assert request_kind(headers, request_body) == kind
