"""Reads what went wrong out of an error body of any shape: nested, flat, a string, a list, HTML, nothing."""

from __future__ import annotations

import html
import re
from typing import Any, cast

from proxy_core.translate.chunks import as_object
from proxy_core.translate.types import JsonObject

LONGEST_MESSAGE = 2000

_SECRETS = [
    (re.compile(r"(?i)\bbearer\s+[^\s\"',;]+"), "Bearer [hidden]"),
    (re.compile(r"\bsk-[A-Za-z0-9_*.-]{6,}"), "[hidden]"),
    (re.compile(r"(?i)\b((?:x-)?api[-_ ]?key|access[-_ ]?token)(\"?\s*[=:]\s*\"?)[^\s\"',;]{6,}"), r"\1\2[hidden]"),
]
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]+")


def tidy(message: str) -> str:
    """`message` without secrets and control characters, cut to a sane length."""
    text = _CONTROL.sub(" ", message).strip()
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def error_fields(document: object) -> JsonObject:
    """The object that describes the error: `error`, the first element of a list, or the document itself.

    A string becomes `{"message": string}`; anything else is `{}`.
    """
    if isinstance(document, list):
        items = cast("list[Any]", document)
        return error_fields(items[0]) if items else {}
    if isinstance(document, str):
        return {"message": document}
    if not isinstance(document, dict):
        return {}
    found = cast("JsonObject", document)
    inner: object = found.get("error")
    return (error_fields(inner) or found) if inner else found


def error_message(fields: JsonObject) -> str:
    """The human text of an error object, "" when it has none."""
    for key in ("message", "msg", "detail", "error_description", "reason"):
        if text := _as_text(fields.get(key)):
            return _with_cause(fields, text)
    return ""


def _with_cause(fields: JsonObject, text: str) -> str:
    """OpenRouter hides the provider's words in `metadata.raw`."""
    raw: Any = as_object(fields.get("metadata")).get("raw")
    return f"{text}: {raw}" if isinstance(raw, str) and raw and raw not in text else text


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return error_message(error_fields(cast("JsonObject", value)))
    if isinstance(value, list):
        return "; ".join(text for item in cast("list[Any]", value) if (text := _complaint(item)))
    return ""


def _complaint(item: object) -> str:
    """One entry of a validation error, with the place it complains about."""
    if not isinstance(item, dict):
        return item if isinstance(item, str) else ""
    entry = cast("JsonObject", item)
    place: Any = entry.get("loc")
    where = ".".join(str(step) for step in cast("list[Any]", place)) if isinstance(place, list) else ""
    text = error_message(entry)
    return f"{where}: {text}" if where and text else text


def page_text(body: str) -> str:
    """What an HTML page says: its title, else its words."""
    title = re.search(r"<title[^>]*>(.*?)</title>", body, re.IGNORECASE | re.DOTALL)
    words = title.group(1) if title else re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", body, flags=re.DOTALL)
    return " ".join(html.unescape(words).split())


def is_page(body: str) -> bool:
    """True for HTML."""
    return re.match(r"\s*<(?:!doctype|html|head|body|\?xml)", body, re.IGNORECASE) is not None
