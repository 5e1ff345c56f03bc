"""How a session is called on a screen."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.sessions.first_words import LABEL_LENGTH, first_human_text, label

REMINDER = "<system-reminder>\nAs you answer, use this.\n</system-reminder>"


def user(content):
    return {"role": "user", "content": content}


def text(words):
    return {"type": "text", "text": words}


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([user("Fix the failing test")], "Fix the failing test"),
        ([user([text(REMINDER), text("Fix the failing test")])], "Fix the failing test"),
        ([user(REMINDER + "\nFix it")], "Fix it"),
        ([user(REMINDER), user("second message")], "second message"),
        ([user("<system-reminder>never closed")], ""),
        ([{"role": "system", "content": "agents"}, user("hello")], "hello"),
        ([{"role": "assistant", "content": "no"}, user("yes")], "yes"),
        ([user([{"type": "tool_result", "tool_use_id": "t", "content": "no"}, text("yes")])], "yes"),
        ([user([{"type": "image", "source": {}}, text("what is this?")])], "what is this?"),
        ([user("two\n\n  lines\tand\x1b[31m red\x00")], "two lines and[31m red"),
        ([user("zero\u200bwidth \u202eright to left")], "zerowidth right to left"),
        (
            [user("<command-message>init is running</command-message>\n<command-name>/init</command-name>")],
            "/init",
        ),
        (
            [user("<command-name>/review</command-name>\n<command-args>the last commit</command-args>")],
            "/review the last commit",
        ),
        ([user("<local-command-stdout>noise</local-command-stdout> go on")], "go on"),
        ([], ""),
        ([user(""), user("   ")], ""),
    ],
)
def test_label_is_the_first_human_words_on_one_line(messages, expected):
    assert label({"messages": messages}) == expected


def test_a_long_label_ends_in_an_ellipsis():
    made = label({"messages": [user("word " * 100)]})
    assert made == ("word " * 100)[: LABEL_LENGTH - 1].rstrip() + "…"


@given(st.text(max_size=300))
def test_any_text_makes_a_label_that_a_terminal_can_take(words):
    made = label({"messages": [user(words)]})
    assert len(made) <= LABEL_LENGTH
    assert not [character for character in made if unicodedata.category(character)[0] == "C"]


def test_first_human_text_is_whole():
    assert first_human_text({"messages": [user([text(REMINDER), text("a\n" * 5000)])]}) == ("a\n" * 5000).strip()
    assert first_human_text({"messages": "none"}) == ""
