"""Tool calls written as text, in the forms of the models, cut anywhere."""

from __future__ import annotations

from typing import Any

import pytest

from proxy_core.translate import text_calls
from proxy_core.translate.stream import StreamOptions
from proxy_core.translate.types import JsonObject
from tests.core.translate.conversions import blocks, converter, end, run, short, text

SCHEMAS: dict[str, JsonObject] = {
    "Read": {
        "type": "object",
        "properties": {
            "file_path": {"type": "string"},
            "limit": {"type": "integer"},
            "all": {"type": "boolean"},
            "lines": {"anyOf": [{"type": "array"}, {"type": "null"}]},
            "free": {},
        },
    },
    "Bash": {"type": "object", "properties": {"command": {"type": "string"}}},
}
READ_A = ("Read", {"file_path": "/a"})
JSON_A = '{"name": "Read", "arguments": {"file_path": "/a"}}'
NAMESPACE = "antml"
CODER_A = "<function=Read>\n<parameter=file_path>\n/a\n</parameter>\n</function>"
INVOKE_A = '<invoke name="Read">\n<parameter name="file_path">/a</parameter>\n</invoke>'

CALLS: dict[str, tuple[str, list[Any]]] = {
    "Hermes": (f"<tool_call>\n{JSON_A}\n</tool_call>", [READ_A]),
    "Hermes on one line behind text": (f"Look.<tool_call>{JSON_A}</tool_call>", ["Look.", READ_A]),
    "text before and after": (f"Look.\n<tool_call>{JSON_A}</tool_call>\nDone.", ["Look.\n", READ_A, "\nDone."]),
    "two": (f"<tool_call>{JSON_A}</tool_call>\n<tool_call>{JSON_A}</tool_call>\n", [READ_A, READ_A]),
    "two in one pair of tags": (f"<tool_call>{JSON_A}\n{JSON_A}</tool_call>", [READ_A, READ_A]),
    "a list": (f"<tool_call>[{JSON_A}, {JSON_A}]</tool_call>", [READ_A, READ_A]),
    "a list of OpenAI's": (f'<tool_calls>[{{"type": "function", "function": {JSON_A}}}]</tool_calls>', [READ_A]),
    "parameters, and arguments as a string": (
        '<function_call>{"name": "Read", "parameters": "{\\"file_path\\": \\"/a\\"}"}</function_call>',
        [READ_A],
    ),
    "no arguments": ('<tool_call>{"name": "Read"}</tool_call>', [("Read", {})]),
    "arguments before the name": (
        '<tool_call>{"arguments": {"name": "x"}, "name": "Read"}</tool_call>',
        [("Read", {"name": "x"})],
    ),
    "the closing tag inside of a value": (
        '<tool_call>{"name": "Bash", "arguments": {"command": "echo </tool_call>"}}</tool_call>',
        [("Bash", {"command": "echo </tool_call>"})],
    ),
    "closing tag missing": (f"<tool_call>\n{JSON_A}", [READ_A]),
    "closing tag missing, then another": (f"<tool_call>\n{JSON_A}\n<tool_call>\n{JSON_A}\n", [READ_A, READ_A]),
    "Qwen Coder": (CODER_A, [READ_A]),
    "Qwen Coder in tool_call": (f"Now.\n<tool_call>\n{CODER_A}\n</tool_call>", ["Now.\n", READ_A]),
    "Qwen Coder without the opening tag": (f"{CODER_A}\n</tool_call>", [READ_A]),
    "Qwen Coder, two": (f"{CODER_A}\n{CODER_A}", [READ_A, READ_A]),
    "types of the schema": (
        (
            "<function=Read><parameter=file_path>12</parameter><parameter=limit>\n10\n</parameter>"
            "<parameter=all>True</parameter><parameter=lines>[1, 2]</parameter><parameter=free>3</parameter></function>"
        ),
        [("Read", {"file_path": "12", "limit": 10, "all": True, "lines": [1, 2], "free": "3"})],
    ),
    "a value that is not of its type": (
        "<function=Read><parameter=limit>many</parameter></function>",
        [("Read", {"limit": "many"})],
    ),
    "types without a schema": (
        (
            "<function=f><parameter=a>1</parameter><parameter=b>true</parameter><parameter=c>[1]</parameter>"
            "<parameter=d>x</parameter></function>"
        ),
        [("f", {"a": 1, "b": True, "c": "[1]", "d": "x"})],
    ),
    "markup and line breaks in a value": (
        "<function=Bash><parameter=command>\necho '<b>1</b>' \\\n  && ls </function>\n\n</parameter></function>",
        [("Bash", {"command": "echo '<b>1</b>' \\\n  && ls </function>\n"})],
    ),
    "JSON in function": ('<function=Read>{"file_path": "/a"}</function>', [READ_A]),
    "no parameters": ("<function=Read>\n</function>", [("Read", {})]),
    "invoke": (INVOKE_A, [READ_A]),
    "invoke in function_calls": (f"<function_calls>\n{INVOKE_A}\n{INVOKE_A}\n</function_calls>", [READ_A, READ_A]),
    "invoke with a namespace": (
        (
            f'<{NAMESPACE}:function_calls><{NAMESPACE}:invoke name="Read"><{NAMESPACE}:parameter name="file_path">/a'
            f"</{NAMESPACE}:parameter></{NAMESPACE}:invoke></{NAMESPACE}:function_calls>"
        ),
        [READ_A],
    ),
    "GLM": ("<tool_call>Read\n<arg_key>file_path</arg_key>\n<arg_value>/a</arg_value>\n</tool_call>", [READ_A]),
    "the last line break of several lines": (
        "<tool_call>Bash\n<arg_key>command</arg_key><arg_value>cd /a\nls\n</arg_value></tool_call>",
        [("Bash", {"command": "cd /a\nls\n"})],
    ),
    "a line break behind one line": (
        '<invoke name="Read"><parameter name="file_path">/a\n</parameter></invoke>',
        [READ_A],
    ),
    "Mistral's list": (f"[TOOL_CALLS][{JSON_A}]", [READ_A]),
    "Mistral's list, then text": (f"[TOOL_CALLS] [{JSON_A}] so", [READ_A, " so"]),
    "Mistral's names": (
        '[TOOL_CALLS]Read[ARGS]{"file_path": "/a"}[TOOL_CALLS]Bash{"command": "ls"}',
        [READ_A, ("Bash", {"command": "ls"})],
    ),
    "Llama": ('<|python_tag|>{"name": "Read", "parameters": {"file_path": "/a"}}', [READ_A]),
}

TEXTS: dict[str, str] = {
    "an undeclared name": '<tool_call>\n{"name": "Launch", "arguments": {"p": "/a"}}\n</tool_call>',
    "an undeclared function": "<function=Launch><parameter=p>1</parameter></function>",
    "an undeclared invoke": '<invoke name="Launch"><parameter name="p">1</parameter></invoke>',
    "an undeclared name in a list": '[TOOL_CALLS][{"name": "Launch", "arguments": {}}]',
    "one of two undeclared": f'<tool_call>[{JSON_A}, {{"name": "Launch"}}]</tool_call>',
    "broken JSON": '<tool_call>\n{"name": "Read", "arguments": {"file_path": \n</tool_call>',
    "arguments that are no object": '<tool_call>{"name": "Read", "arguments": [1]}</tool_call>',
    "half a call": '<tool_call>\n{"name": "Read", "arguments": {"file_',
    "half a parameter": "<function=Read><parameter=file_path>/a",
    "prose about the tag": "Use the <tool_call> tag, or <function=name>.",
    "quoted": f"`<tool_call>{JSON_A}</tool_call>`",
    "in a code block": f"So:\n```xml\n<tool_call>\n{JSON_A}\n</tool_call>\n```\nDone.",
    "a closing tag alone": "a </tool_call> b",
    "almost a tag": "<tool_cal> <functions= [TOOL] [TOOL_CALLS",
    "an empty tag": "<tool_call></tool_call>",
    "JSON by itself": JSON_A,
}


def answer(written: str, size: int = 10_000, **options: Any) -> list[JsonObject]:
    pieces = [written[place : place + size] for place in range(0, len(written), size)]
    return run([*text(*pieces), end()], into=converter(tool_schemas=SCHEMAS, **options))


@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
@pytest.mark.parametrize(("written", "expected"), CALLS.values(), ids=CALLS)
def test_call(written: str, expected: list[Any], size: int) -> None:
    events = answer(written, size)
    assert [block for block in blocks(events) if block != "\n"] == expected
    assert events[-2]["delta"]["stop_reason"] == "tool_use"


@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
@pytest.mark.parametrize("written", TEXTS.values(), ids=TEXTS)
def test_text_stays_as_it_is(written: str, size: int) -> None:
    events = answer(written, size)
    assert blocks(events) == [written]
    assert events[-2]["delta"]["stop_reason"] == "end_turn"


def test_without_tools_or_with_the_switch_off_nothing_is_a_call() -> None:
    written = f"<tool_call>{JSON_A}</tool_call>"
    assert blocks(answer(written, tool_names=frozenset())) == [written]
    assert blocks(answer(written, options=StreamOptions(text_tool_calls=False))) == [written]


def test_cut_by_the_limit_a_written_call_is_text() -> None:
    written = f"<tool_call>{JSON_A}"
    events = run([*text(written), end("length")])
    assert blocks(events) == [written]
    assert events[-2]["delta"]["stop_reason"] == "max_tokens"


def test_only_what_may_become_a_call_is_held() -> None:
    machine = converter()
    assert short(machine.feed(text("Look. <tool")[0])) == ["+text", "text:Look. "]
    assert short(machine.feed(text('_call>\n{"name"')[0])) == []
    assert short(machine.feed(text(': "Launch", ')[0])) == ["text:<tool_call>", 'text:\n{"name": "Launch", ']
    assert short(machine.feed(text('"arguments"')[0])) == ['text:"arguments"']


def test_ids_are_made_and_distinct() -> None:
    events = answer(f"<tool_call>{JSON_A}</tool_call><tool_call>{JSON_A}</tool_call>")
    ids = [e["content_block"]["id"] for e in events if e["type"] == "content_block_start"]
    assert ids == ["toolu_100", "toolu_101"]


def test_long_arguments_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closing tag inside of a value is judged when it comes, not again with each later piece."""
    parsed: list[int] = []
    plain = text_calls.json.JSONDecoder.raw_decode

    def counting(self: Any, source: str, idx: int = 0) -> tuple[Any, int]:
        parsed.append(len(source))
        return plain(self, source, idx)

    monkeypatch.setattr(text_calls.json.JSONDecoder, "raw_decode", counting)
    command = "echo </tool_call> " + "x" * 4000
    written = f'<tool_call>{{"name": "Bash", "arguments": {{"command": "{command}"}}}}</tool_call>'
    assert blocks(answer(written, 5)) == [("Bash", {"command": command})]
    assert len(parsed) < 10
