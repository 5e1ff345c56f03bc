"""Content blocks as the parts that a Chat Completions message can hold: text and images.

Everything else a block may be (documents, search results, what Anthropic's server tools left in a history) is written
out as text in its place, so that the model reads what the client sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any, cast

from proxy_core.translate.documents import document_opening, source_text
from proxy_core.translate.server_blocks import server_block_text
from proxy_core.translate.types import Change, JsonObject

DOCUMENT_END = "</document>"


def glue(texts: Iterable[str]) -> str:
    """One text of several blocks: a line break between two of them unless white space already parts them.

    The Messages API lets blocks follow each other directly and model servers put a line break between text parts; this
    keeps the words apart under both readings and does not depend on what is appended later.
    """
    whole: list[str] = []
    for text in texts:
        if not text:
            continue
        if whole and not whole[-1][-1].isspace() and not text[0].isspace():
            whole.append("\n")
        whole.append(text)
    return "".join(whole)


def message_content(parts: Iterable[JsonObject]) -> str | list[JsonObject]:
    """A message's `content`: a string while there is only text, else parts with neighbouring texts in one."""
    merged: list[JsonObject] = []
    for is_text, run in groupby(parts, key=lambda part: part["type"] == "text"):
        if is_text:
            merged.append(text_part(glue(part["text"] for part in run)))
        else:
            merged += run
    if not merged:
        return ""
    if len(merged) == 1 and merged[0]["type"] == "text":
        return merged[0]["text"]
    return merged


def text_part(text: str) -> JsonObject:
    """A text part."""
    return {"type": "text", "text": text}


class ContentReader:
    """Reads the blocks of one message; `changes` collects what could not be carried over as it was.

    `vision` False: the served model reads no images, and llama.cpp answers a request with one by a 500; a note takes
    the image's place, else the session could never go on.
    """

    def __init__(self, vision: bool | None) -> None:
        self.changes: list[Change] = []
        self._vision = vision

    def parts(self, content: object) -> list[JsonObject]:
        """The parts of a message's or tool result's `content`: a string, a list of blocks or nothing."""
        if isinstance(content, str):
            return [text_part(content)] if content else []
        if not isinstance(content, list):
            return []
        found: list[JsonObject] = []
        for block in cast("list[JsonObject]", content):
            found += self.block(block)
        return found

    def block(self, block: JsonObject) -> list[JsonObject]:
        """The parts of one block."""
        kind: str = block["type"]
        if kind in ("text", "image"):
            return self._simple(block)
        if kind == "document":
            return self._document(block)
        if kind == "search_result":
            return self._search_result(block)
        if kind in ("thinking", "redacted_thinking"):
            self.changes.append(Change(kind, "only the assistant's own messages can hold thinking"))
            return []
        if kind == "tool_reference":
            return [text_part(f"The tool {block.get('tool_name', '')} is available now.")]
        self.changes.append(Change(f"{kind} block", "Chat Completions has no such part; its text is sent"))
        return [text_part(server_block_text(block))]

    def _simple(self, block: JsonObject) -> list[JsonObject]:
        """Parts of the blocks that may stand inside a document or search result, which do not nest further."""
        if block["type"] == "text":
            text: str = block["text"]
            return [text_part(text)] if text else []
        if block["type"] == "image":
            return [self._image(block["source"])]
        return [text_part(server_block_text(block))]

    def _inner(self, content: object) -> list[JsonObject]:
        if isinstance(content, str):
            return [text_part(content)]
        blocks = cast("list[JsonObject]", content) if isinstance(content, list) else []
        return [part for block in blocks for part in self._simple(block)]

    def _image(self, source: JsonObject) -> JsonObject:
        kind: Any = source.get("type")
        if kind == "base64":
            url = f"data:{source.get('media_type') or 'image/png'};base64,{source.get('data', '')}"
        elif kind == "url":
            url = str(source.get("url", ""))
        else:
            return self._note("image", "is stored with Anthropic and cannot be fetched here")
        if self._vision is False:
            return self._note("image", "is left out because the served model reads no images")
        return {"type": "image_url", "image_url": {"url": url}}

    def _document(self, block: JsonObject) -> list[JsonObject]:
        source: JsonObject = block["source"]
        if source.get("type") == "content":
            body = self._inner(source.get("content"))
        else:
            text, problem = source_text(source)
            body = [text_part(text)] if text else []
            if problem:
                body.append(self._note("document", problem))
        return [text_part(document_opening(block) + "\n"), *body, text_part("\n" + DOCUMENT_END)]

    def _search_result(self, block: JsonObject) -> list[JsonObject]:
        heading = glue((str(block.get("title") or ""), str(block.get("source") or "")))
        return [
            text_part(f"<search_result>\n{heading}\n"),
            *self._inner(block.get("content")),
            text_part("\n</search_result>"),
        ]

    def _note(self, what: str, problem: str) -> JsonObject:
        note = f"[{what}: {problem}]"
        self.changes.append(Change(what, problem, after=note))
        return text_part(note)
