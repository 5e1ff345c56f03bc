"""Documents as text: plain text as it is, PDF through pypdf, else a plain sentence about why it could not be read."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import logging
from collections import OrderedDict
from typing import Any, cast

from proxy_core.translate.types import JsonObject

MAX_PAGES = 100
MAX_CHARACTERS = 1_000_000
"""Of one PDF. The Messages API itself takes a hundred pages; no local context window holds a million characters."""


def document_opening(block: JsonObject) -> str:
    """The line that opens a document: its title, then the context that the client gave with it."""
    title, context = block.get("title"), block.get("context")
    name = " ".join(title.split()).replace('"', "'") if isinstance(title, str) else ""
    opening = f'<document title="{name}">' if name else "<document>"
    return f"{opening}\n{context}" if isinstance(context, str) and context else opening


def source_text(source: JsonObject) -> tuple[str, str]:
    """The text of a `source` other than content blocks, and what is wrong with it, each "" where there is none."""
    kind: Any = source.get("type")
    data: Any = source.get("data")
    if kind == "text":
        return str(data or ""), ""
    if kind == "base64" and isinstance(data, str):
        return _decoded(str(source.get("media_type") or ""), data)
    if kind == "url":
        return "", f"is at {source.get('url')} and is not fetched here"
    return "", "is stored with Anthropic and cannot be fetched here"


def holds_pdf(body: JsonObject) -> bool:
    """True when translating this validated body may read a PDF, which can take seconds the first time it is seen."""
    return any(
        _is_pdf(inner)
        for message in body["messages"]
        for block in _blocks(message.get("content"))
        for inner in (block, *_blocks(block.get("content")))
    )


def _blocks(content: object) -> list[JsonObject]:
    items = cast("list[Any]", content) if isinstance(content, list) else []
    return [item for item in items if isinstance(item, dict)]


def _is_pdf(block: JsonObject) -> bool:
    source: JsonObject = block.get("source") or {}
    return block.get("type") == "document" and "pdf" in str(source.get("media_type"))


def _decoded(media_type: str, data: str) -> tuple[str, str]:
    if "pdf" not in media_type and not media_type.startswith("text/"):
        return "", f"of type {media_type or 'unknown'} cannot be read as text here"
    if "pdf" in media_type:
        return _PDF_TEXTS.read(data)
    try:
        return base64.b64decode(data).decode("utf-8", "replace"), ""
    except binascii.Error:
        return "", "is not valid base64"


class PdfTexts:
    """Reads PDFs and remembers the last few by content: a history brings the same one again with every turn."""

    def __init__(self, limit: int = 16) -> None:
        self._limit = limit
        self._known: OrderedDict[bytes, tuple[str, str]] = OrderedDict()

    def read(self, data: str) -> tuple[str, str]:
        """Text and problem of a base64 PDF, as `source_text` gives them; the same for the same data, always."""
        key = hashlib.sha256(data.encode()).digest()
        found = self._known.get(key)
        if found is None:
            found = _pdf_text(data)
            self._known[key] = found
            if len(self._known) > self._limit:
                self._known.popitem(last=False)
        return found


def _pdf_text(data: str) -> tuple[str, str]:
    import pypdf  # costs a tenth of a second, and most sessions never bring a PDF

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings about odd files would reach the terminal
    texts: list[str] = []
    size = 0
    try:
        pages = pypdf.PdfReader(io.BytesIO(base64.b64decode(data))).pages
        total = len(pages)
        for page in pages[:MAX_PAGES]:
            text = page.extract_text().strip()
            texts.append(text)
            size += len(text)
            if size > MAX_CHARACTERS:
                break
    except Exception:  # noqa: BLE001 - a damaged file fails in as many ways as there are files
        if not any(texts):
            return "", "is a PDF that could not be read"
        return "\n\n".join(texts), f"is damaged and could be read only up to page {len(texts)}"
    if not any(texts):
        return "", "is a PDF without text (scanned pages, perhaps)"
    problem = f"is cut after page {len(texts)} of {total}" if len(texts) < total else ""
    return "\n\n".join(text for text in texts if text), problem


_PDF_TEXTS = PdfTexts()
