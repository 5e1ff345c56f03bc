"""Tool calls that a model wrote into its text: the server does not know the model's format, or the model slipped.

Only the names of declared tools make a call; everything else stays the text it is. Forms, with their models:
`<tool_call>{json}</tool_call>` (Hermes, Qwen), `<function=name><parameter=key>value</parameter></function>` alone or
inside `<tool_call>` (Qwen Coder), `<tool_call>name<arg_key>k</arg_key><arg_value>v</arg_value></tool_call>` (GLM),
`<invoke name="..."><parameter name="...">` (MiniMax, and Claude's habit), `[TOOL_CALLS]` (Mistral), `<|python_tag|>`
(Llama).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import orjson

from proxy_core.translate.chunks import as_object, decode_json
from proxy_core.translate.tool_book import ToolBook
from proxy_core.translate.types import JsonObject

Written: TypeAlias = tuple[str, str]
"""Name and arguments (JSON text) of a call."""

_NAMESPACE = "antml:"
_CLOSERS: dict[str, str] = {
    "<tool_call>": "</tool_call>",
    "<tool_calls>": "</tool_calls>",
    "<function_call>": "</function_call>",
    "<function_calls>": "</function_calls>",
    f"<{_NAMESPACE}function_calls>": f"</{_NAMESPACE}function_calls>",
    "<function=": "</function>",
    "<invoke name=": "</invoke>",
    f"<{_NAMESPACE}invoke name=": f"</{_NAMESPACE}invoke>",
    "[TOOL_CALLS]": "",
    "<|python_tag|>": "",
}
OPENERS = tuple(_CLOSERS)
"""What a written call begins with."""

STRAY_CLOSERS = ("</tool_call>",)
"""Left over behind a call whose opener the model forgot (Qwen Coder); dropped there, text anywhere else."""

_PREFIX = rf"(?:{_NAMESPACE})?"
_PARAMETER = re.compile(
    rf"\s*<{_PREFIX}parameter(?:=|\s+name=)[\"']?(?P<key>[^>\"'\n]+)[\"']?[^>\n]*>(?P<value>.*?)</{_PREFIX}parameter>"
    rf"(?=\s*(?:<{_PREFIX}parameter|\Z))",
    re.DOTALL,
)
_GLM_ARGUMENT = re.compile(
    r"\s*<arg_key>(?P<key>.*?)</arg_key>\s*<arg_value>(?P<value>.*?)</arg_value>(?=\s*(?:<arg_key>|\Z))", re.DOTALL
)
_FUNCTION = re.compile(r"\s*<function=(?P<name>[^>\n]*)>(?P<body>.*?)(?:</function>\s*)?\Z", re.DOTALL)
_INVOKE = re.compile(
    rf"\s*<{_PREFIX}invoke name=[\"']?(?P<name>[^\"'>\n]*)[\"']?\s*>(?P<body>.*?)"
    rf"(?:</{_PREFIX}invoke>(?=\s*(?:<{_PREFIX}invoke|\Z))\s*|\Z)",
    re.DOTALL,
)
_JSON_NAME = re.compile(
    r"[\s\[]*\{\s*(?:\"(?:type|id)\"\s*:\s*\"[^\"]*\"\s*,\s*)*(?:\"function\"\s*:\s*\{\s*)?\"name\"\s*:\s*\"(?P<name>[^\"]*)\""
)
_TAG_NAME = re.compile(rf"<(?:function=|{_PREFIX}invoke name=)[\"']?(?P<name>[^>\"'\n]+)[>\"'\n]")
_WORD = re.compile(r"[A-Za-z0-9_.-]+")
_MISTRAL = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)\s*(?:\[CALL_ID\][A-Za-z0-9_-]*\s*)?(?:\[ARGS\]\s*)?(?=\{)")
_TAGS = ("<function=", "<invoke name=", f"<{_NAMESPACE}invoke name=", "<tool_call>")
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Calls:
    """What was read: the calls, and the offset in the text at which they end."""

    calls: list[Written]
    end: int


def read_calls(text: str, opener: str, book: ToolBook, *, final: bool, since: int = 0) -> Calls | bool:
    """Read the calls at the start of `text`, which begins with `opener`.

    True: it may still become a call, wait for more text. False: it is text. `final` says that no more text comes; then
    calls without their closing tag are taken if nothing but the tag is missing. `since`: how much of the text was there
    when the last answer was True, so that long arguments are not read again with every piece.
    """
    start = 0 if opener.endswith("=") else len(opener)
    closer = _CLOSERS[opener]
    if not closer:
        return _read_tail(text, opener, book, final=final, since=since)
    found = text.find(closer, max(start, since - len(closer) + 1))
    while found >= 0:
        end = found + len(closer)
        inner = text[start : end if start == 0 else found]
        if calls := _inner_calls(inner, book):
            return Calls(calls, end)
        if not _may_go_on(inner, book):
            return False
        found = text.find(closer, end)
    if final:
        calls = _inner_calls(text[start:].replace(opener, "\n") if start else text, book)
        return Calls(calls, len(text)) if calls else False
    return _plausible(text[start:], book)


def _inner_calls(inner: str, book: ToolBook) -> list[Written] | None:
    """The calls between a pair of tags, whichever of the forms they are in."""
    stripped = inner.strip()
    if stripped.startswith(("{", "[")):
        return _json_calls(stripped, book)
    if stripped.startswith("<tool_call>"):
        parts = [part.strip().removesuffix("</tool_call>") for part in stripped.split("<tool_call>")[1:]]
        groups = [_inner_calls(part, book) for part in parts]
        return [call for group in groups for call in group or []] if all(groups) else None
    if stripped.startswith("<function="):
        match = _FUNCTION.match(stripped)
        call = _tagged_call(match["name"], match["body"], book, _PARAMETER) if match else None
        return [call] if call else None
    if stripped.startswith("<"):
        return _invocations(stripped, book)
    name = stripped.partition("<arg_key>")[0].strip()
    call = _tagged_call(name, stripped[len(name) :], book, _GLM_ARGUMENT)
    return [call] if call else None


def _invocations(text: str, book: ToolBook) -> list[Written] | None:
    calls: list[Written] = []
    position = 0
    while position < len(text):
        match = _INVOKE.match(text, position)
        call = _tagged_call(match["name"], match["body"], book, _PARAMETER) if match else None
        if match is None or call is None:
            return None
        calls.append(call)
        position = match.end()
    return calls


def _tagged_call(name: str, body: str, book: ToolBook, pattern: re.Pattern[str]) -> Written | None:
    """A call from its tagged values (or one JSON object in their place); None while they are not well formed."""
    name = name.strip().strip("\"'")
    if name not in book.names:
        return None
    if body.lstrip().startswith("{"):
        return (name, body.strip()) if isinstance(decode_json(body), dict) else None
    pairs: list[tuple[str, str]] = []
    position = 0
    while match := pattern.match(body, position):
        pairs.append((match["key"].strip(), _unframed(match["value"])))
        position = match.end()
    return None if body[position:].strip() else (name, book.arguments(name, pairs))


def _unframed(value: str) -> str:
    """A tagged value without the line breaks that some forms put around it.

    One at the end of several lines that begin right behind their tag is the text's own: files end with it.
    """
    inner = value.removeprefix("\r").removeprefix("\n")
    framed = len(inner) < len(value) or "\n" not in inner.rstrip("\r\n")
    return inner.removesuffix("\n").removesuffix("\r") if framed else inner


def _json_calls(text: str, book: ToolBook) -> list[Written] | None:
    """The calls of a JSON object, of an array, or of objects one after another; None when anything else is there."""
    values: list[Any] = []
    rest = text.strip()
    while rest:
        try:
            value, end = _DECODER.raw_decode(rest)
        except (ValueError, RecursionError):
            return None
        values += cast("list[Any]", value) if isinstance(value, list) else [value]
        rest = rest[end:].lstrip(" \r\n\t,;")
    calls = [_object_call(value, book) for value in values]
    return [call for call in calls if call] if calls and all(calls) else None


def _object_call(value: Any, book: ToolBook) -> Written | None:
    """A call from `{"name": ..., "arguments": ...}` and its near relations."""
    call = as_object(value)
    name: Any = call.get("name") or call.get("function")
    if inner := as_object(call.get("function")):
        call, name = inner, inner.get("name")
    if not isinstance(name, str) or name not in book.names:
        return None
    given = [call[key] for key in ("arguments", "parameters", "input", "args") if key in call]
    arguments: object = given[0] if given else JsonObject()
    if isinstance(arguments, str):
        return (name, arguments) if isinstance(decode_json(arguments), dict) else None
    return (name, orjson.dumps(arguments).decode()) if isinstance(arguments, dict) else None


def _may_go_on(inner: str, book: ToolBook) -> bool:
    """True when a closing tag that was found may stand inside of a value, so that the real one is still to come."""
    stripped = inner.lstrip()
    if not stripped.startswith(("{", "[")):
        return bool(stripped) and _plausible(inner, book)
    try:
        _DECODER.raw_decode(stripped)
    except json.JSONDecodeError as error:
        return error.msg.startswith("Unterminated string")
    except RecursionError:
        return False
    return False


def _plausible(inner: str, book: ToolBook) -> bool:
    """True while the text behind an opener can still become a call of a declared tool."""
    text = inner.lstrip()
    if not text:
        return True
    if text[0] in "{[<":
        if text[0] == "<" and not any(tag.startswith(text) or text.startswith(tag) for tag in _TAGS):
            return False
        match = (_TAG_NAME if text[0] == "<" else _JSON_NAME).match(text)
        return match is None or match["name"].strip() in book.names
    word = _WORD.match(text)
    if word is None or word.end() == len(text):
        return word is not None and any(name.startswith(word[0]) for name in book.names)
    behind = text[word.end() :].lstrip()
    return word[0] in book.names and (not behind or behind[0] in "<[{")


def _read_tail(text: str, opener: str, book: ToolBook, *, final: bool, since: int) -> Calls | bool:
    """Forms without an end mark: an array is whole by itself, anything else goes on to the end of the answer."""
    inner = text[len(opener) :]
    stripped = inner.lstrip()
    if stripped.startswith("["):
        if not final and "]" not in text[since:]:
            return _plausible(inner, book)
        try:
            _, end = _DECODER.raw_decode(stripped)
        except (ValueError, RecursionError):
            return not final and _plausible(inner, book)
        calls = _json_calls(stripped[:end], book)
        return Calls(calls, len(text) - len(stripped) + end) if calls else False
    if not final:
        return _plausible(inner, book)
    calls = _named_calls(stripped.replace(opener, "\n"), book)
    return Calls(calls, len(text)) if calls else False


def _named_calls(text: str, book: ToolBook) -> list[Written] | None:
    """`name{json}` or `name[ARGS]{json}`, one after another; or plain JSON calls."""
    if text.startswith("{"):
        return _json_calls(text, book)
    calls: list[Written] = []
    rest = text.strip()
    while rest:
        match = _MISTRAL.match(rest)
        if match is None or match["name"] not in book.names:
            return None
        try:
            _, end = _DECODER.raw_decode(rest, match.end())
        except (ValueError, RecursionError):
            return None
        calls.append((match["name"], rest[match.end() : end]))
        rest = rest[end:].lstrip(" \r\n\t,;")
    return calls or None
