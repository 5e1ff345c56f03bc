"""Whether a call's arguments are what its tool declares, and repair where only one meaning is possible.

A value is never guessed: what a repair yields must hold exactly the words and numbers that the model wrote, in their
order, and must fit the schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import orjson

from proxy_core.translate.types import JsonObject

_UNSURE = re.compile(r"[:,]\s*\Z|:\s*[,}\]]|[:,\[]\s*(?!(?:true|false|null|True|False|None)\s*\Z)[\w.+-]+\s*\Z")
"""A value that is missing, or a number that the text ends with: it may have been cut in the middle."""

_STRUCTURE = re.compile(r"\\.|[\s{}\[\],:\"'`]", re.DOTALL)
_PYTHON_WORDS = {"True": "true", "False": "false", "None": "null"}
_PYTHON = re.compile(r"\b(?:True|False|None)\b")
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?```\s*\Z", re.DOTALL)
_TOKENS = re.compile(r"""(?:[^"']|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')*+""", re.DOTALL)
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Judged:
    """`arguments`: the JSON text to send. `repair`: what was mended, `error`: what is wrong, each "" for nothing."""

    arguments: str
    repair: str = ""
    error: str = ""


def judge(raw: str, schema: JsonObject) -> Judged:
    """Judge the arguments of a finished call against its tool's schema."""
    if not raw.strip():
        required = cast("list[str]", schema.get("required") or [])
        if required:
            return Judged(raw, error=f"no arguments were given; needed: {', '.join(required)}")
        return Judged(raw)
    value, repair = _read(raw)
    if value is None:
        return Judged(raw, error=repair)
    if repair and (lost := _may_have_lost(raw, value, schema)):
        return Judged(raw, error=lost)
    reason = misfit(value, schema)
    if reason:
        coerced = _coerced(value, schema)
        if coerced is None or misfit(coerced, schema):
            return Judged(raw, error=reason)
        value, repair = coerced, repair or "values written as text got their declared type"
    return Judged(orjson.dumps(value).decode(), repair) if repair else Judged(raw)


def _may_have_lost(raw: str, value: JsonObject, schema: JsonObject) -> str:
    """What arguments without their last brace may lack, "" for nothing: then every property stands there."""
    bare = _without_strings(raw)
    unclosed = bare.count("{") + bare.count("[") - bare.count("}") - bare.count("]")
    absent = [name for name in schema.get("properties") or () if name not in value]
    if unclosed > 1 or (unclosed == 1 and absent):
        return "the arguments are cut off: their end is missing"
    return ""


def misfit(value: JsonObject, schema: JsonObject) -> str:
    """What about the arguments does not fit the schema, in one line; "" when they fit or the schema is unusable."""
    from jsonschema import Draft202012Validator, exceptions  # late: half of the requests never call a tool

    try:
        best: Any = exceptions.best_match  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        error: Any = best(Draft202012Validator(schema).iter_errors(value))  # pyright: ignore[reportUnknownMemberType]
    except Exception:  # noqa: BLE001 - a schema with an odd pattern or reference is the client's, and no reason to act
        return ""
    if error is None:
        return ""
    steps: list[Any] = list(error.absolute_path)
    where = ".".join(str(step) for step in steps)
    return f"{where + ': ' if where else ''}{error.message}"[:LONGEST_REASON]


def _read(raw: str) -> tuple[JsonObject | None, str]:
    """The object and what was mended, or None and what is wrong."""
    try:
        value: object = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        mended = _mended(raw)
        if mended is None:
            return None, f"the arguments are not valid JSON: {error}"
        return mended, "its JSON was not well formed"
    if isinstance(value, str):
        inner, _ = _read(value) if value.lstrip().startswith("{") else (None, "")
        if inner is not None:
            return inner, "an object was written as a string"
    if not isinstance(value, dict):
        return None, f"the arguments are not a JSON object but {type(value).__name__}"
    return cast("JsonObject", value), ""


def _mended(raw: str) -> JsonObject | None:
    fenced = _FENCE.match(raw)
    text = fenced[1] if fenced else raw
    quotes_lost = "\\'" in text and '"' not in text
    if _UNSURE.search(_without_strings(text)) or _ends_in_string(text) or quotes_lost:
        return None
    import json_repair  # late: rarely needed

    value: Any = json_repair.loads(text)
    if not isinstance(value, dict):
        return None
    found = cast("JsonObject", value)
    return found if _same_words(text, found) else None


def _same_words(raw: str, value: JsonObject) -> bool:
    plain = _PYTHON.sub(lambda word: _PYTHON_WORDS[word[0]], raw)
    made = orjson.dumps(value).decode()
    if _STRUCTURE.sub("", plain) != _STRUCTURE.sub("", made):
        return False
    bare = _ESCAPED.sub("", raw)
    strings, keys = _counts(value)
    if '"' not in bare and bare.count("'") > 2 * strings:
        return False
    return bare.count('"') <= 2 * strings and bare.count(":") >= keys


def _counts(value: object) -> tuple[int, int]:
    """How many strings (keys included) and how many keys."""
    strings = keys = 0
    for item in _walk(value):
        if isinstance(item, str):
            strings += 1
        elif isinstance(item, dict):
            members = len(cast("JsonObject", item))
            keys += members
            strings += members
    return strings, keys


def _walk(value: object) -> Iterator[object]:
    yield value
    if isinstance(value, dict):
        for member in cast("JsonObject", value).values():
            yield from _walk(member)
    elif isinstance(value, list):
        for member in cast("list[object]", value):
            yield from _walk(member)


def _without_strings(text: str) -> str:
    return re.sub(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', '""', text, flags=re.DOTALL)


def _ends_in_string(text: str) -> bool:
    """Whether the text was cut inside a string: what is missing there nobody knows."""
    whole = _TOKENS.match(text)
    return whole is not None and whole.end() < len(text)


def _coerced(value: JsonObject, schema: JsonObject) -> JsonObject | None:
    """The arguments with text values read as their declared type; None when that changes nothing."""
    properties = cast("dict[str, JsonObject]", schema.get("properties") or {})
    changed = dict(value)
    for name, member in value.items():
        wanted: Any = (properties.get(name) or {}).get("type")
        if isinstance(member, str) and isinstance(wanted, str) and wanted != "string":
            read = _as_type(member, wanted)
            if read is not None:
                changed[name] = read
    return changed if changed != value else None


def _as_type(text: str, wanted: str) -> object:
    try:
        value: object = orjson.loads(_PYTHON_WORDS.get(text.strip(), text.strip()))
    except orjson.JSONDecodeError:
        return None
    kinds: dict[str, tuple[type, ...]] = {
        "object": (dict,),
        "array": (list,),
        "integer": (int,),
        "number": (int, float),
        "boolean": (bool,),
    }
    if isinstance(value, bool) and wanted != "boolean":
        return None
    return value if isinstance(value, kinds.get(wanted, ())) else None
