"""What each kind of setting accepts, refuses and shows."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.declaration import BadSetting, Setting
from proxy_core.settings import SPEC_BY_NAME, SPECS, Settings


def spec(name: str) -> Setting:
    return SPEC_BY_NAME[name]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("PROXY_TEXT_TOOL_CALLS", "on", True),
        ("PROXY_TEXT_TOOL_CALLS", " Yes ", True),
        ("PROXY_TEXT_TOOL_CALLS", "1", True),
        ("PROXY_TEXT_TOOL_CALLS", "FALSE", False),
        ("PROXY_TEXT_TOOL_CALLS", "0", False),
        ("PROXY_PORT", "4000", 4000),
        ("PROXY_PORT", "0", 0),
        ("PROXY_PORT", "65535", 65_535),
        ("PROXY_CONTEXT_WINDOW", " 131072 ", 131_072),
        ("PROXY_READ_TIMEOUT", "600", 600.0),
        ("PROXY_READ_TIMEOUT", "1.5", 1.5),
        ("PROXY_READ_TIMEOUT", "1e3", 1000.0),
        ("PROXY_LOG_LEVEL", "INFO", "info"),
        ("PROXY_BROKEN_STREAM", "cut", "cut"),
        ("PROXY_HOST", "::1", "::1"),
        ("PROXY_AUTH_TOKEN", "s3cret", "s3cret"),
        ("LLAMA_CPP_BASE", "https://models.example/llm/v1", "https://models.example/llm/v1"),
        ("PROXY_MODEL_MAP", "claude-*=big,haiku=small", "claude-*=big,haiku=small"),
        ("PROXY_MODEL_MAP", "", ""),
    ],
)
def test_accepts(name: str, text: str, value: object) -> None:
    parsed = spec(name).parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("PROXY_TEXT_TOOL_CALLS", "maybe", "on or off"),
        ("PROXY_TEXT_TOOL_CALLS", "", "on or off"),
        ("PROXY_PORT", "65536", "0 to 65535"),
        ("PROXY_PORT", "-1", "0 to 65535"),
        ("PROXY_PORT", "40.5", "0 to 65535"),
        ("PROXY_PORT", "4_000", "0 to 65535"),
        ("PROXY_PORT", "٤٠٠٠x", "0 to 65535"),
        ("PROXY_READ_TIMEOUT", "0", "1 to 86400 s"),
        ("PROXY_READ_TIMEOUT", "nan", "1 to 86400 s"),
        ("PROXY_READ_TIMEOUT", "inf", "1 to 86400 s"),
        ("PROXY_READ_TIMEOUT", "soon", "1 to 86400 s"),
        ("PROXY_LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("LLAMA_CPP_BASE", "127.0.0.1:8080", "http"),
        ("LLAMA_CPP_BASE", "ftp://host/v1", "http"),
        ("PROXY_MODEL_MAP", "claude", "name=model pairs"),
    ],
)
def test_refuses_in_plain_words(name: str, text: str, allowed: str) -> None:
    with pytest.raises(BadSetting) as refusal:
        spec(name).parse(text)
    assert str(refusal.value).startswith(f"{name}:")
    assert allowed in str(refusal.value)


@pytest.mark.parametrize("one", SPECS, ids=lambda one: one.name)
def test_declarations_are_complete(one: Setting) -> None:
    assert one.help
    assert not one.help.endswith(".")
    assert one.attribute in {field.name for field in fields(Settings)}
    assert one.flag.startswith("--")
    assert one.parse(one.show(one.default)) == one.default, "the default is a value that a person may write"
    assert one.default == Settings().value(one.name)
    if one.kind == "choice":
        assert one.default in one.choices


def test_names_and_flags_are_unique() -> None:
    assert len({one.name for one in SPECS}) == len({one.flag for one in SPECS}) == len(SPECS)


@given(data=st.data())
@pytest.mark.parametrize("one", SPECS, ids=lambda one: one.name)
def test_what_is_shown_can_be_read_again(one: Setting, data: st.DataObject) -> None:
    match one.kind:
        case "switch":
            value: object = data.draw(st.booleans())
        case "integer":
            value = data.draw(st.integers(int(one.low or 0), int(one.high or 0)))
        case "number":
            value = float(data.draw(st.integers(int((one.low or 0) * 10), int((one.high or 0) * 10)))) / 10
        case "choice":
            value = data.draw(st.sampled_from(one.choices))
        case "url":
            value = data.draw(st.sampled_from(["http://localhost:1/v1", "https://h.example/a/b"]))
        case "pairs":
            value = data.draw(st.sampled_from(["", "a=b", "claude-*=big,x=y"]))
        case _:
            value = data.draw(st.text(st.characters(codec="ascii", exclude_categories=["C", "Z"])))
    assert one.parse(one.show(value)) == value  # type: ignore[arg-type]


def test_secrets_are_masked_and_nothing_else() -> None:
    secret, port = spec("PROXY_AUTH_TOKEN"), spec("PROXY_PORT")
    assert secret.masked("s3cret") == "(set)"
    assert secret.masked("") == "(not set)"
    assert port.masked(4000) == "4000"


def test_a_change_makes_a_new_object() -> None:
    before = Settings()
    after = before.changed({"PROXY_PORT": 5000, "PROXY_TEXT_TOOL_CALLS": False})
    assert (before.port, before.text_tool_calls) == (4000, True)
    assert (after.port, after.text_tool_calls) == (5000, False)
    with pytest.raises(FrozenInstanceError):
        after.port = 1  # type: ignore[misc]
