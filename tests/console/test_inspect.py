"""The inspector's pages as pure functions: reading, aligning, comparing, cutting, exporting."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.format import width
from console.inspect.alignment import partners, sections
from console.inspect.answers import completion, message
from console.inspect.export import bundle, curl_command, export
from console.inspect.loose_json import read_object
from console.inspect.page import SHOWN, Paper, wrapped
from console.inspect.pages import raw_page, request_page, response_page, timing_page
from console.inspect.pretty import pretty
from console.loop_words import grouped, loop_sentences
from proxy_core.masking import MASK
from proxy_core.record_making import LEFT_OUT
from proxy_core.record_views import CallView, RecordView
from tests.console.fake_port import NOW, settings_view
from tests.console.fake_records import ANSWER, HOSTILE, SECRET, UPSTREAM, detail, records

WIDE, NARROW = Paper(138, 2), Paper(78, 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9999, 9999) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def newest(**options: Any) -> RecordView:
    return list(records(**options).values())[-1]


def text_of(rows: Any) -> str:
    return "\n".join(f"{row.left} | {row.right}" if row.right else row.left for row in rows)


# -- reading ---------------------------------------------------------------------------------------------------------


def test_json_for_people() -> None:
    value = {"a": "plain", "b": "two\nlines", "c": [1, {"d": None}, []], "e": {}, "f": "true", "g": "", "h": " x"}
    assert list(pretty(value)) == [
        "a: plain", "b: |", "  two", "  lines", "c:", "  - 1", "  - d: null", "  - []", "e: {}", 'f: "true"', 'g: ""',
        'h: " x"',
    ]  # fmt: skip


@given(JSON)
def test_every_json_has_lines(value: Any) -> None:
    assert all("\n" not in line for line in pretty(value))


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=6), st.data())
def test_a_cut_body_is_read_as_far_as_it_goes(value: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(value)
    at = data.draw(st.integers(1, len(text)))
    found, rest = read_object(text[:at] + LEFT_OUT.format(count=12_345) + "the end")
    assert found is None or set(found) <= set(value)
    assert rest.endswith("the end")
    assert read_object(text) == (value, "")


def test_a_cut_body_keeps_its_whole_messages() -> None:
    text = json.dumps({"model": "m", "messages": [{"role": "user", "content": "a, [b"}, {"role": "assistant"}]})
    found, rest = read_object(text[: text.index("assistant") + 3])
    assert found == {"model": "m", "messages": [{"role": "user", "content": "a, [b"}]}
    assert rest == ', {"role": "ass'


def test_answers_are_put_together() -> None:
    heard = completion(UPSTREAM.decode())
    assert heard["content"] == "I will read it."
    assert heard["tool_calls"] == [{"id": "call_1", "name": "Read", "arguments": '{"path":"src/app.py"}'}]
    assert (heard["finish_reason"], heard["usage"]["completion_tokens"]) == ("tool_calls", 41)
    told = message(ANSWER.decode())
    assert told["content"] == [
        {"type": "text", "text": "I will read it."},
        {"type": "tool_use", "id": "call_1", "name": "Read", "input": {"path": "src/app.py"}},
    ]
    assert told["usage"] == {"input_tokens": 57_300, "output_tokens": 41}
    assert told["events"]["content_block_delta"] == 2
    assert message('{"type":"error"}') == {"type": "error"}
    assert completion("data: {broken\n\ndata: {}") == {}


# -- aligning and comparing --------------------------------------------------------------------------------------------


def test_messages_are_known_again() -> None:
    call = {"type": "tool_use", "id": "t1", "name": "Read", "input": {}}
    other = {"type": "tool_use", "id": "t2", "name": "Read", "input": {}}
    results = [{"type": "tool_result", "tool_use_id": name, "content": name} for name in ("t1", "t2")]
    mine = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": [call, other]},
        {"role": "user", "content": [*results, {"type": "text", "text": "go on"}]},
        {"role": "assistant", "content": "gone"},
        {"role": "user", "content": "last"},
    ]
    calls = [{"id": name, "function": {"name": "Read", "arguments": "{}"}} for name in ("t1", "t2")]
    theirs = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "t1", "content": "t1"},
        {"role": "tool", "tool_call_id": "t2", "content": "t2"},
        {"role": "user", "content": "go on"},
        {"role": "user", "content": "last"},
    ]
    assert partners(mine, theirs) == [[0], [1], [2, 3, 4], [], [5]]


def test_only_what_the_proxy_changed_is_different() -> None:
    view = newest()
    assert view.received is not None
    received, sent = json.loads(view.received.text), json.loads(view.sent[0].text)
    changed = {section.title: section.difference for section in sections(received, sent) if section.difference}
    assert set(changed) == {"fields", "message 19 of 19 user", "tool web_search"}
    assert [f"{line.sign}{line.text}" for line in changed["fields"]] == [
        "-model: claude-sonnet-4-5", "+model: qwen3-coder-30b", "-max_tokens: 32000", "+max_tokens: 8236",
    ]  # fmt: skip
    assert [line.text for line in changed["message 19 of 19 user"]] == [
        "result toolu_08", "[Note from the proxy: it repeats.]",
    ]  # fmt: skip


def test_a_pruned_message_is_named() -> None:
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    found = {section.title: section for section in sections({"messages": messages}, {"messages": messages[::2]})}
    assert found["message 2 of 3 assistant"].right is None
    assert found["message 2 of 3 assistant"].difference[0].text == "not sent"
    assert not found["message 3 of 3 user"].difference


def test_the_request_page_in_both_forms() -> None:
    wide = text_of(request_page(newest(), WIDE, "anthropic", changed=False).rows)
    assert "max_tokens: 32000 | max_tokens: 8236" in wide
    assert "message 19 of 19 user  (1 line changed)" in wide
    mine = text_of(request_page(newest(), NARROW, "anthropic", changed=False).rows)
    theirs = text_of(request_page(newest(), NARROW, "openai", changed=False).rows)
    assert "max_tokens: 32000" in mine
    assert "max_tokens: 8236" not in mine
    assert "max_tokens: 8236" in theirs
    assert "server tool web_search" in text_of(request_page(newest(), WIDE, "anthropic", changed=True).rows)


# -- harmless, cut, in time -------------------------------------------------------------------------------------------


@given(st.text(alphabet=st.characters(), max_size=200), st.integers(8, 80), st.booleans())
def test_lines_are_wrapped_harmlessly(line: str, cells: int, ascii_only: bool) -> None:
    for piece in wrapped(line, cells, ascii_only=ascii_only):
        assert width(piece) <= cells
        assert all(character.isprintable() for character in piece)
        assert piece.isascii() or not ascii_only


@pytest.mark.parametrize("changed", [True, False])
@pytest.mark.parametrize("paper", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_page_holds_what_could_act_on_a_terminal(paper: Paper, changed: bool) -> None:
    view = newest(text=HOSTILE)
    pages = [
        request_page(view, paper, "anthropic", changed=changed), response_page(view, paper, "openai"),
        raw_page(view, paper, "openai"), timing_page(view, paper),
    ]  # fmt: skip
    text = "".join(row.left + row.right for page in pages for row in page.rows)
    assert text.isprintable()
    assert changed or "\u241b[2J" in text


def test_a_long_body_is_shown_in_part_until_all_is_asked_for() -> None:
    view = newest(size=12_000)
    short = request_page(view, NARROW, "openai", changed=False)
    whole = request_page(view, Paper(78, 1, everything=True), "openai", changed=False)
    assert short.cut > SHOWN
    assert sum(len(row.left) for row in short.rows) < SHOWN * 1.1
    assert whole.cut == 0
    assert len(whole.rows) > len(short.rows)
    assert "tool Grep" in text_of(whole.rows)


def test_the_times() -> None:
    text = text_of(timing_page(newest(), NARROW).rows)
    for word in (
        "timing, 9.6s in all",
        "admission",
        "queued",
        "prefill",
        "decode",
        "57.0k tokens, 2.3k new, 95% cached",
    ):
        assert word in text


def test_what_is_not_kept_says_why() -> None:
    view = newest()
    bare = RecordView(view.request, (), "", None, (), None, None, (), ())
    assert "PROXY_RECORD_BODIES" in text_of(request_page(bare, WIDE, "anthropic", changed=False).rows)


# -- what leaves the console -------------------------------------------------------------------------------------------


def test_the_curl_command_is_one_that_a_shell_reads() -> None:
    view = newest()
    assert view.received is not None
    words = shlex.split(curl_command(view, "anthropic", "http://127.0.0.1:4000"))
    assert words[:3] == ["curl", "-N", "http://127.0.0.1:4000/v1/messages"]
    assert "anthropic-version: 2023-06-01" in words
    assert "x-api-key: $PROXY_AUTH_TOKEN" in words
    assert words[-1] == view.received.text
    other = shlex.split(curl_command(view, "openai", ""))
    assert other[2] == "http://127.0.0.1:8080/v1/chat/completions"
    assert other[-1] == view.sent[-1].text


def test_no_command_of_half_a_body() -> None:
    with pytest.raises(ValueError, match="only a part is kept"):
        curl_command(newest(size=40_000), "anthropic", "http://x")


def test_the_bundle_has_everything_but_secrets() -> None:
    view = newest(text=f"my key is {SECRET}")
    document = json.loads(bundle(view, settings_view(UPSTREAM_API_KEY="upstream-key-1"), NOW))
    text = json.dumps(document)
    assert SECRET not in text
    assert "upstream-key-1" not in text
    assert MASK in document["received"]["text"]
    assert document["request"]["id"] == view.request.id
    assert document["settings"]["UPSTREAM_API_KEY"] == "(set)"
    assert [name for name, _ in document["headers"]] == ["anthropic-version", "user-agent"]
    assert {"sent", "upstream", "answer", "changes", "spans", "version", "exported_at"} <= set(document)
    looped = list(records().values())[7]
    kinds = [event["kind"] for event in json.loads(bundle(looped, settings_view(), NOW))["request"]["events"]]
    assert kinds == ["loop.acted"]


def test_the_file_is_new_and_its_owners_alone(tmp_path: Path) -> None:
    path = export(newest(), settings_view(), tmp_path, NOW)
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["format"] == "interlock request 1"
    with pytest.raises(FileExistsError):
        export(newest(), settings_view(), tmp_path, NOW)


# -- loops in words ----------------------------------------------------------------------------------------------------


def calls(letters: str) -> list[CallView]:
    return [CallView(at, letter, "", "read", "new", False, letter) for at, letter in enumerate(letters)]


@pytest.mark.parametrize(
    ("letters", "shown"),
    [
        ("", ""),
        ("ABC", "A B C"),
        ("RRREBR", "[R]3 E B R"),
        ("ABABABC", "[AB]3 C"),
        ("XABCABC", "X [ABC]2"),
        ("AABAAB", "[AAB]2"),
    ],
)
def test_repeats_are_put_in_brackets(letters: str, shown: str) -> None:
    def written(names: str, times: int) -> str:
        return f"[{names}]{times}" if times > 1 else " ".join(names)

    assert (
        " ".join(written("".join(call.name for call in group.calls), group.times) for group in grouped(calls(letters)))
        == shown
    )


@given(st.text("ab", max_size=40))
def test_no_call_is_lost(letters: str) -> None:
    again = "".join("".join(call.name for call in group.calls) * group.times for group in grouped(calls(letters)))
    assert again == letters


def test_the_score_in_words() -> None:
    looping = loop_sentences(detail())
    assert looping == [
        "score 7, step 2 of 4: a free tool choice; from 8: the tool left out",
        "Read(src/app.py) was called 6 times; 5 turns in a row brought nothing new",
    ]
    assert loop_sentences(detail(1)) == [
        "score 0, nothing to act on; from 4: a note to the model", "the last turn brought something new",
    ]  # fmt: skip
