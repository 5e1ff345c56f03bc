"""Conversations: whole message lists in, whole message lists out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.translate.asking import (
    answered,
    assistant,
    body,
    call,
    called,
    image,
    image_part,
    messages_of,
    result,
    system,
    text,
    translate,
    user,
)

GO = user("go")
THEN_GO = {"role": "user", "content": "go"}


def spoke(content: Any, *calls: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more, **({"tool_calls": list(calls)} if calls else {})}


CONVERSATIONS: dict[str, tuple[list[Any], list[Any]]] = {
    "plain talk": (
        [user("a"), assistant("b"), user(text("c"))],
        [{"role": "user", "content": "a"}, spoke("b"), {"role": "user", "content": "c"}],
    ),
    "blocks of one message stay apart unless white space parts them": (
        [user(text("one"), text("two"), text(" three\n"), text("four"), text(""))],
        [{"role": "user", "content": "one\ntwo three\nfour"}],
    ),
    "text and all calls of a turn are one message, results follow in call order, words come last": (
        [
            GO,
            assistant(text("pre"), call("c1", p="/x"), call("c2", "run"), text("post")),
            user(text("before"), result("c2", "two"), result("c1", "one"), text("after")),
        ],
        [
            THEN_GO,
            spoke("pre\npost", called("c1", arguments='{"p": "/x"}'), called("c2", "run")),
            answered("c1", "one"),
            answered("c2", "two"),
            {"role": "user", "content": "before\nafter"},
        ],
    ),
    "a turn of calls only has no content": (
        [GO, assistant(text(""), call("c1")), user(result("c1"))],
        [THEN_GO, spoke(None, called("c1")), answered("c1")],
    ),
    "results may come in several messages": (
        [
            GO,
            assistant(call("c1"), call("c2")),
            user(result("c1", "one")),
            user(text("by the way"), result("c2", "two")),
        ],
        [
            THEN_GO,
            spoke(None, called("c1"), called("c2")),
            answered("c1", "one"),
            answered("c2", "two"),
            {"role": "user", "content": "by the way"},
        ],
    ),
    "neighbouring messages of one side are one turn": (
        [user("a"), user("b"), assistant(text("x"), call("c1")), assistant(text("y"), call("c2")), user(result("c2"))],
        [
            {"role": "user", "content": "a\n\nb"},
            spoke("x\n\ny", called("c1"), called("c2")),
            answered("c1", "(no result was recorded for this call)"),
            answered("c2"),
        ],
    ),
    "ids that repeat in one turn are told apart, in order": (
        [GO, assistant(call("c"), call("c")), user(result("c", "one"), result("c", "two"))],
        [THEN_GO, spoke(None, called("c"), called("c_2")), answered("c", "one"), answered("c_2", "two")],
    ),
    "ids may repeat from turn to turn": (
        [GO, assistant(call("c")), user(result("c", "one")), assistant(call("c")), user(result("c", "two"))],
        [THEN_GO, spoke(None, called("c")), answered("c", "one"), spoke(None, called("c")), answered("c", "two")],
    ),
    "a system message becomes a reminder in its place": (
        [user("a"), system("note A"), system([text("note B")]), assistant("b"), user("c")],
        [
            {
                "role": "user",
                "content": "a\n\n<system-reminder>\nnote A\n</system-reminder>"
                "\n\n<system-reminder>\nnote B\n</system-reminder>",
            },
            spoke("b"),
            {"role": "user", "content": "c"},
        ],
    ),
    "a reminder is not wrapped twice": (
        [user("a"), system("<system-reminder>x</system-reminder>")],
        [{"role": "user", "content": "a\n\n<system-reminder>x</system-reminder>"}],
    ),
    "a system message between a call and its result waits for the result": (
        [GO, assistant(call("c1")), system("note"), user(result("c1"), text("so?"))],
        [
            THEN_GO,
            spoke(None, called("c1")),
            answered("c1"),
            {"role": "user", "content": "<system-reminder>\nnote\n</system-reminder>\n\nso?"},
        ],
    ),
    "a system message before everything else is the system prompt": (
        [system("rules"), GO],
        [{"role": "system", "content": "rules"}, THEN_GO],
    ),
    "a system message that is only the billing line vanishes with its turn": (
        [GO, assistant("a"), system("x-anthropic-billing-header: cc_version=2.1; cch=77777;"), assistant("b")],
        [THEN_GO, spoke("a\n\nb")],
    ),
    "a trailing assistant message is kept for the model to go on with": (
        [GO, assistant('{"a":')],
        [THEN_GO, spoke('{"a":')],
    ),
    "an empty user message still ends the assistant's turn": (
        [GO, assistant("a"), user("")],
        [THEN_GO, spoke("a"), {"role": "user", "content": ""}],
    ),
    "thinking is apart from the text, its pieces joined": (
        [
            GO,
            assistant(
                {"type": "thinking", "thinking": "A. ", "signature": "SIG"},
                {"type": "redacted_thinking", "data": "OPAQUE"},
                {"type": "thinking", "thinking": "B.", "signature": "SIG"},
                text("done"),
            ),
            user("next"),
        ],
        [THEN_GO, spoke("done", reasoning_content="A. B."), {"role": "user", "content": "next"}],
    ),
    "blank thinking is no thinking": (
        [GO, assistant({"type": "thinking", "thinking": " \n", "signature": ""}, text("r")), user("next")],
        [THEN_GO, spoke("r"), {"role": "user", "content": "next"}],
    ),
    "text cut up by citations is whole again": (
        [GO, assistant(text("Grass is "), text("green"), text(".")), user("next")],
        [THEN_GO, spoke("Grass is green."), {"role": "user", "content": "next"}],
    ),
    "images of results come after all results, each with its origin, before the user's words": (
        [
            GO,
            assistant(call("c1", "shot"), call("c2", "shot")),
            user(result("c2", [image("Qg==")]), result("c1", [text("see"), image("QQ==")]), text("what?")),
        ],
        [
            THEN_GO,
            spoke(None, called("c1", "shot"), called("c2", "shot")),
            answered("c1", "see\n[image: see the next user message]"),
            answered("c2", "[image: see the next user message]"),
            {
                "role": "user",
                "content": [
                    text("[image from the result of shot, call c1]"),
                    image_part("QQ=="),
                    text("[image from the result of shot, call c2]"),
                    image_part("Qg=="),
                    text("what?"),
                ],
            },
        ],
    ),
}


@pytest.mark.parametrize(("given", "expected"), CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_conversation(given: list[Any], expected: list[Any]) -> None:
    assert messages_of(*given) == expected


def test_calls_without_result_are_answered_and_told() -> None:
    chat = translate(body(GO, assistant(call("c1", "run"))))
    assert chat.body["messages"][-1] == answered("c1", "(no result was recorded for this call)")
    assert [change.what for change in chat.changes] == ["call of run"]


@pytest.mark.parametrize("orphan", ["unknown", "c1"])
def test_results_without_call_become_text_and_are_told(orphan: str) -> None:
    """A result that comes a turn too late, or a second one for the same call, has no call to stand behind."""
    turns = [GO, assistant(call("c1")), user(result("c1", "one")), assistant("hm"), user(result(orphan, "late"))]
    chat = translate(body(*turns))
    assert chat.body["messages"][-1] == {"role": "user", "content": f"[result of the tool call {orphan}]\nlate"}
    assert [change.what for change in chat.changes] == [f"tool result {orphan}"]


@pytest.mark.parametrize(
    ("content", "flag", "expected"),
    [
        ("city not found", True, "Error: city not found"),
        ("city not found", False, "city not found"),
        ("Error: no such file", True, "Error: no such file"),
        ("<tool_use_error>no such file</tool_use_error>", True, "<tool_use_error>no such file</tool_use_error>"),
        ("FileNotFoundError: x", True, "FileNotFoundError: x"),
        ("Exit code 1", True, "Error: Exit code 1"),
        ("0 errors in 3 files", True, "Error: 0 errors in 3 files"),
        ("", True, "Error: the tool failed without a message"),
        (None, True, "Error: the tool failed without a message"),
        (None, False, ""),
        ([], False, ""),
    ],
)
def test_failed_results_show_it_once(content: Any, flag: bool, expected: str) -> None:
    conversation = messages_of(GO, assistant(call("c1")), user(result("c1", content, is_error=flag)))
    assert conversation[-1] == answered("c1", expected)


@pytest.mark.parametrize(
    ("given", "expected", "told"),
    [
        ({"z": 1, "a": {"y": 2, "b": "é"}}, '{"z": 1, "a": {"y": 2, "b": "é"}}', False),
        (
            {"__unparsedToolInput": {"raw": '{"a', "len": 3}},
            '{"__unparsedToolInput": {"raw": "{\\"a", "len": 3}}',
            False,
        ),
        ('{"a": 1}', '{"a": 1}', False),
        ('{"a', '{"input": "{\\"a"}', True),
        ([1], '{"input": [1]}', True),
        (None, "{}", False),
    ],
)
def test_inputs_go_out_as_json_objects(given: Any, expected: str, told: bool) -> None:
    block = {"type": "tool_use", "id": "c1", "name": "read", "input": given}
    chat = translate(body(GO, assistant(block), user(result("c1"))))
    assert chat.body["messages"][1]["tool_calls"] == [called("c1", arguments=expected)]
    assert bool(chat.changes) is told


def test_raw_system_messages_keep_role_and_place() -> None:
    turns = [GO, assistant(call("c1")), system("note"), user(result("c1"), text("so?"))]
    chat = translate(body(*turns, system="Top."), system_reminders="raw")
    assert chat.body["messages"] == [
        {"role": "system", "content": "Top."},
        THEN_GO,
        {"role": "assistant", "content": None, "tool_calls": [called("c1")]},
        answered("c1"),
        {"role": "system", "content": "note"},
        {"role": "user", "content": "so?"},
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Be brief.", "Be brief."),
        ([text("Rule one."), text(" Rule two."), text("Rule three.")], "Rule one. Rule two.\nRule three."),
        ([text("x-anthropic-billing-header: cc_version=2.1; cch=1a2b3;"), text("Agent.")], "Agent."),
        ([text("x-anthropic-billing-header: cc_version=2.1; cc_is_subagent=true"), text("Agent.")], "Agent."),
        ("x-anthropic-billing-header: cc_version=2.1.9.abc; cc_entrypoint=cli; cch=abcde;You are x=1;", "You are x=1;"),
        ("x-anthropic-billing-header: cch=abcde\nYou are.", "You are."),
        ([text("x-anthropic-billing-header: cch=1;")], None),
        ([text(" \n")], None),
        ("", None),
        ([], None),
        (None, None),
    ],
)
def test_system_prompt(given: Any, expected: str | None) -> None:
    opening = [{"role": "system", "content": expected}] if expected else []
    chat = translate(body(GO, system=given))
    assert chat.body["messages"] == [*opening, THEN_GO]
    assert chat.changes == ()


@pytest.mark.parametrize(("kind", "key"), [("llama.cpp", "reasoning_content"), ("vllm", "reasoning")])
def test_thinking_goes_where_the_server_reads_it(kind: str, key: str) -> None:
    turns = [GO, assistant({"type": "thinking", "thinking": "t", "signature": "s"}, text("a")), user("b")]
    assert translate(body(*turns), server_kind=kind).body["messages"][1] == spoke("a", **{key: "t"})
