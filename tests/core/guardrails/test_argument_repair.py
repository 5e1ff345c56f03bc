"""Arguments that are fine, that are mended, and that are not: never a guess."""

from __future__ import annotations

import json
import random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy_core.guardrails.argument_repair import judge, misfit

SCHEMA = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "limit": {"type": "integer"}},
    "required": ["path"],
}
ONE = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}


@pytest.mark.parametrize("raw", ['{"path": "/a"}', '{ "path":"/a",  "limit": 3}', '{"path":"/a","other":1}'])
def test_what_fits_stays_as_it_is(raw: str) -> None:
    judged = judge(raw, SCHEMA)
    assert (judged.arguments, judged.repair, judged.error) == (raw, "", "")


@pytest.mark.parametrize(
    ("raw", "schema", "value"),
    [
        ('{"path": "/a",}', SCHEMA, {"path": "/a"}),
        ("{'path': '/a', 'limit': 3}", SCHEMA, {"path": "/a", "limit": 3}),
        ('{"path": "/a"', ONE, {"path": "/a"}),
        ('"{\\"path\\": \\"/a\\"}"', SCHEMA, {"path": "/a"}),
        ('{"path": "/a", "limit": "3"}', SCHEMA, {"path": "/a", "limit": 3}),
        ('```json\n{"path": "/a",}\n```', SCHEMA, {"path": "/a"}),
        ('{path: "/a"}', SCHEMA, {"path": "/a"}),
        ("{'on': True, 'off': None}", {}, {"on": True, "off": None}),
    ],
)
def test_what_is_mended(raw: str, schema: dict[str, Any], value: dict[str, Any]) -> None:
    judged = judge(raw, schema)
    assert judged.repair
    assert not judged.error
    assert json.loads(judged.arguments) == value


@pytest.mark.parametrize(
    "raw",
    ['{"path": "/a', '{"path":', '{"path": "/a", "limit": ', '{"path": "/a", "limit": 3', '{"path": "/a", "li',
     '{"path": "/a"', "", "[]", "3", "null", "please read /a", '{"limit": 3}', '{"path": 3}',
     '{"path": "/a"}{"path": "/b"}', "{'path': 'say \\'hi\\''}", "{'path': 'it's'}"],
)  # fmt: skip
def test_what_nobody_can_mend(raw: str) -> None:
    judged = judge(raw, SCHEMA)
    assert judged.error
    assert "\n" not in judged.error
    assert judged.arguments == raw


def test_an_open_list_may_have_lost_its_rest() -> None:
    schema = {"type": "object", "properties": {"edits": {"type": "array"}}, "required": ["edits"]}
    assert judge('{"edits": [{"a": "b"}', schema).error
    assert not judge('{"edits": [{"a": "b"}]', schema).error


def test_an_unusable_schema_is_no_reason_to_act() -> None:
    assert misfit({"a": "x"}, {"properties": {"a": {"pattern": "(?<bad"}}}) == ""


STRINGS = st.sampled_from(["a", "it's", 'say "hi"', "x, y", "k: v", "{b}", "[1]", "line\nnew", "\\", "'q'", "", "True"])
VALUES = st.recursive(
    st.one_of(STRINGS, st.integers(-9, 9999), st.booleans(), st.none()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["p", "q", "r"]), VALUES, min_size=1), st.randoms(use_true_random=False))
def test_a_broken_call_is_what_was_meant_or_refused(meant: dict[str, Any], rng: random.Random) -> None:
    text = orjson.dumps(meant).decode()
    schema = {"type": "object", "properties": {key: {} for key in meant}, "required": list(meant)[:1]}
    for raw in (text[: rng.randrange(len(text))], text[:-1], repr(meant), text[:-1] + ",}", text + "}",
                json.dumps(text), f"```json\n{text}\n```", f"Sure: {text}"):  # fmt: skip
        judged = judge(raw, schema)
        assert judged.error or orjson.loads(judged.arguments) == meant
