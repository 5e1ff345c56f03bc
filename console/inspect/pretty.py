"""JSON as lines that people can read: indented, without quotes where they say nothing, texts with their line breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import orjson

_LITERAL = re.compile(r"(?:true|false|null|-?\d[\d.eE+-]*|\[\]|\{\}|\".*|)")
STEP = "  "


def pretty(value: Any, pad: str = "") -> Iterator[str]:
    """The lines of a JSON value. Strings may still hold whatever strangers wrote, except line breaks."""
    if isinstance(value, dict):
        for key, entry in cast("dict[str, Any]", value).items():
            name = orjson.dumps(key).decode() if "\n" in key else key
            yield from _entry(f"{pad}{name}:", entry, pad + STEP)
    elif isinstance(value, list):
        for entry in cast("list[Any]", value):
            yield from _item(entry, pad)
    elif isinstance(value, str) and "\n" in value:
        yield from (pad + line for line in value.split("\n"))
    else:
        yield pad + scalar(value)


def scalar(value: Any) -> str:
    """A value on one line; a string is quoted only if it could be taken for something else."""
    if isinstance(value, str) and value == value.strip() and not _LITERAL.fullmatch(value):
        return value
    return orjson.dumps(value).decode()


def _entry(head: str, value: Any, pad: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield head
        yield from pretty(value, pad)
    elif isinstance(value, str) and "\n" in value:
        yield f"{head} |"
        yield from pretty(value, pad)
    else:
        yield f"{head} {scalar(value)}"


def _item(value: Any, pad: str) -> Iterator[str]:
    lines = pretty(value, pad + STEP) if value not in ({}, []) else iter([pad + STEP + scalar(value)])
    first = next(lines, pad + STEP)
    yield f"{pad}- {first[len(pad) + len(STEP) :]}"
    yield from lines
