"""The fixed measure by which pruning decides: what a message weighs, and what could be taken from it.

It knows nothing of any model and is never calibrated, so a conversation weighs the same on every turn, in every process
and after every restart. What a model's own tokenizer makes of it comes in as one scale (`prune_scale`).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import orjson

from proxy_core.guardrails.call_class import class_of
from proxy_core.guardrails.prune_rules import LARGE, shortened_length
from proxy_core.translate.system_text import system_text
from proxy_core.translate.types import JsonObject
from proxy_core.upstream.estimate import estimate_text

SAMPLE = 256
"""Characters of a text that are looked at; the rest weighs like them."""

MESSAGE_TOKENS, CALL_TOKENS, TOOLS_TOKENS, MEDIA_TOKENS = 5, 12, 100, 1000
"""What a chat template puts around a message, a call and the tools, and what an image costs."""

SHORT = 48
"""Below, four characters are a token: looking closer costs more than it tells."""

DOCUMENT_SHARE = 0.1
"""Tokens for each character of an encoded document, by its length alone."""

_PATHS = frozenset({"file_path", "path", "notebook_path", "filename", "file", "target_file"})
_RANGES = frozenset({"offset", "limit", "start_line", "end_line", "view_range", "pages", "encoding"})
_READ_KEYS = _PATHS | _RANGES


class CallDigest(NamedTuple):
    """A call: `same` is equal for the same call again; `place` for reads of one file, 0 for other calls."""

    id: str
    same: int
    place: int
    whole: bool


class ResultDigest(NamedTuple):
    """A tool result at content index `block`: its weight as it is, and when only head and tail are left."""

    block: int
    call_id: str
    weight: int
    shortened: int
    error: bool


class MessageDigest(NamedTuple):
    """A message as far as pruning is concerned. `void`: nothing of it goes upstream."""

    assistant: bool
    system: bool
    void: bool
    weight: int
    calls: tuple[CallDigest, ...]
    results: tuple[ResultDigest, ...]


@dataclass(slots=True)
class DigestCache:
    """Digests by content hash; a miss only costs time."""

    messages: int = 8192
    _digests: OrderedDict[int, MessageDigest] = field(default_factory=OrderedDict[int, MessageDigest])
    _heads: OrderedDict[int, int] = field(default_factory=OrderedDict[int, int])
    _last_head: tuple[object, object, int] = (None, None, 0)
    _last: tuple[list[int], list[MessageDigest]] = field(default_factory=lambda: ([], []))

    def digests(self, messages: list[JsonObject], keys: list[int]) -> list[MessageDigest]:
        """The digests of the messages; `keys` are their content hashes, a list that is not changed afterwards."""
        if keys is self._last[0]:
            return self._last[1]
        known = self._digests
        for key, message in zip(keys, messages, strict=True):
            if key not in known:
                known[key] = read_digest(message)
        found = [known[key] for key in keys]
        while len(known) > self.messages:
            known.popitem(last=False)
        self._last = (keys, found)
        return found

    def head(self, body: JsonObject) -> int:
        """The weight of system prompt and tools, as far as they go upstream."""
        given, declared = body.get("system"), body.get("tools")
        if declared is not self._last_head[1] or given != self._last_head[0]:
            self._last_head = (given, declared, self._head(body))
        return self._last_head[2]

    def _head(self, body: JsonObject) -> int:
        system = system_text(body.get("system"))
        tools = orjson.dumps(body.get("tools") or [])
        key = hash((system, tools))
        weight = self._heads.get(key)
        if weight is None:
            texts = system + (tools.decode() if body.get("tools") else "")
            weight = self._heads[key] = round(estimate_text(texts)) + (TOOLS_TOKENS if body.get("tools") else 0)
            if len(self._heads) > 64:
                self._heads.popitem(last=False)
        return weight


def weigh(text: str) -> int:
    """Tokens of a text, by the look of its beginning."""
    if len(text) < SHORT:
        return len(text) // 4 + 1
    if len(text) <= SAMPLE:
        return round(estimate_text(text))
    return round(estimate_text(text[:SAMPLE]) * len(text) / SAMPLE)


def read_digest(message: JsonObject) -> MessageDigest:
    """The digest of a validated message."""
    content: Any = message["content"]
    role: str = message["role"]
    if role == "system":
        text = system_text(content)
        return MessageDigest(False, True, not text, weigh(text) + MESSAGE_TOKENS if text else 0, (), ())
    if isinstance(content, str):
        return MessageDigest(role == "assistant", False, False, weigh(content) + MESSAGE_TOKENS, (), ())
    weight = MESSAGE_TOKENS
    calls: list[CallDigest] = []
    results: list[ResultDigest] = []
    for index, block in enumerate(cast("list[JsonObject]", content)):
        kind: str = block["type"]
        if kind == "tool_result":
            result = _result(index, block)
            results.append(result)
            weight += result.weight + MESSAGE_TOKENS
        elif kind == "tool_use":
            written = orjson.dumps(block.get("input"), option=orjson.OPT_SORT_KEYS)
            calls.append(_call(block, written))
            weight += weigh(written.decode()) + CALL_TOKENS
        else:
            weight += _weigh_block(kind, block)
    return MessageDigest(role == "assistant", False, False, weight, tuple(calls), tuple(results))


def _weigh_block(kind: str, block: JsonObject) -> int:
    if kind in {"text", "thinking"}:
        return weigh(block.get(kind) or "")
    if kind == "image":
        return MEDIA_TOKENS
    if kind == "redacted_thinking":
        return 0
    written = orjson.dumps(block).decode()
    return round(len(written) * DOCUMENT_SHARE) if kind == "document" else weigh(written)


def _result(index: int, block: JsonObject) -> ResultDigest:
    content: Any = block.get("content")
    error = block.get("is_error") is True
    if isinstance(content, str):
        weight, length, media = weigh(content), len(content), False
    else:
        parts = [(part["type"], part) for part in cast("list[JsonObject]", content or [])]
        weight = sum(_weigh_block(kind, part) for kind, part in parts)
        length = sum(len(part["text"]) for kind, part in parts if kind == "text")
        media = any(kind != "text" for kind, _ in parts)
    shortened = weight
    if length > LARGE or media:
        shortened = min(round(weight * shortened_length(length) / length), weight) if not media else 400
    return ResultDigest(index, str(block["tool_use_id"]), weight, min(shortened, weight), error)


def _call(block: JsonObject, written: bytes) -> CallDigest:
    name: str = block["name"]
    value: Any = block.get("input")
    same = hash((name, written))
    place, whole = 0, False
    if isinstance(value, dict):
        given = cast("JsonObject", value)
        if given.keys() <= _READ_KEYS and class_of(name, given) == "read":
            paths = given.keys() & _PATHS
            if len(paths) == 1:
                place = hash((name, str(given[paths.pop()])))
                whole = len(given) == 1
    return CallDigest(str(block["id"]), same, place, whole)
