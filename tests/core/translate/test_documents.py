"""Documents: their text in their place, or a sentence that says why not."""

from __future__ import annotations

import base64
import io
from typing import Any

import pypdf
import pytest
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from proxy_core.translate import documents
from proxy_core.translate.documents import MAX_PAGES, PdfTexts, holds_pdf
from tests.core.translate.asking import assistant, body, call, image, image_part, result, text, translate, user


def pdf(*pages: str) -> str:
    """A PDF with one line of text a page, in base64."""
    writer = pypdf.PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for line in pages:
        page = writer.add_blank_page(200, 200)
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 100 Td ({line}) Tj ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
    out = io.BytesIO()
    writer.write(out)
    return base64.b64encode(out.getvalue()).decode()


def document(source: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "document", "source": source, **more}


def pdf_document(data: str) -> dict[str, Any]:
    return document({"type": "base64", "media_type": "application/pdf", "data": data})


PLAIN = {"type": "text", "media_type": "text/plain", "data": "Grass is green."}
BASE64_TEXT = {"type": "base64", "media_type": "text/plain", "data": base64.b64encode("Grün".encode()).decode()}
UNREADABLE = base64.b64encode(b"%PDF-1.4 nothing").decode()

DOCUMENTS: dict[str, tuple[dict[str, Any], str, bool]] = {
    "text with title and context": (
        document(PLAIN, title='The "green"\nbook', context="a school book", citations={"enabled": True}),
        "<document title=\"The 'green' book\">\na school book\nGrass is green.\n</document>",
        False,
    ),
    "base64 text": (document(BASE64_TEXT), "<document>\nGrün\n</document>", False),
    "content blocks": (
        document({"type": "content", "content": [text("part one"), text("part two")]}),
        "<document>\npart one\npart two\n</document>",
        False,
    ),
    "a content string": (document({"type": "content", "content": "all"}), "<document>\nall\n</document>", False),
    "a PDF": (pdf_document(pdf("Hello one", "Hello two")), "<document>\nHello one\n\nHello two\n</document>", False),
    "a PDF without text": (
        pdf_document(pdf("")),
        "<document>\n[document: is a PDF without text (scanned pages, perhaps)]\n</document>",
        True,
    ),
    "a damaged PDF": (
        pdf_document(UNREADABLE),
        "<document>\n[document: is a PDF that could not be read]\n</document>",
        True,
    ),
    "no base64": (
        pdf_document("***"),
        "<document>\n[document: is a PDF that could not be read]\n</document>",
        True,
    ),
    "an address": (
        document({"type": "url", "url": "https://h.example/a.pdf"}),
        "<document>\n[document: is at https://h.example/a.pdf and is not fetched here]\n</document>",
        True,
    ),
    "a stored file": (
        document({"type": "file", "file_id": "f1"}),
        "<document>\n[document: is stored with Anthropic and cannot be fetched here]\n</document>",
        True,
    ),
    "another type": (
        document({"type": "base64", "media_type": "application/zip", "data": "QUJD"}),
        "<document>\n[document: of type application/zip cannot be read as text here]\n</document>",
        True,
    ),
}


@pytest.mark.parametrize(("block", "expected", "told"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_document(block: dict[str, Any], expected: str, told: bool) -> None:
    chat = translate(body(user(block, text("sum up"))))
    assert chat.body["messages"] == [{"role": "user", "content": f"{expected}\nsum up"}]
    assert [change.what for change in chat.changes] == (["document"] if told else [])


def test_images_inside_a_document_keep_their_place() -> None:
    block = document({"type": "content", "content": [text("page"), image()]})
    content = translate(body(user(block))).body["messages"][0]["content"]
    assert content == [text("<document>\npage"), image_part(), text("\n</document>")]


def test_a_pdf_in_a_tool_result_is_part_of_its_text() -> None:
    block = result("c1", [text("PDF read: a.pdf"), pdf_document(pdf("Hello"))])
    chat = translate(body(user("go"), assistant(call("c1")), user(block)))
    assert chat.body["messages"][2]["content"] == "PDF read: a.pdf\n<document>\nHello\n</document>"


def test_long_pdfs_are_cut_with_a_note() -> None:
    found, problem = PdfTexts().read(pdf(*["page"] * (MAX_PAGES + 1)))
    assert found.count("page") == MAX_PAGES
    assert problem == f"is cut after page {MAX_PAGES} of {MAX_PAGES + 1}"


def test_only_the_last_pdfs_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def reading(data: str) -> tuple[str, str]:
        read.append(data)
        return data, ""

    monkeypatch.setattr(documents, "_pdf_text", reading)
    texts = PdfTexts(limit=2)
    assert [texts.read(data)[0] for data in "aabcbca"] == list("aabcbca")
    assert read == ["a", "b", "c", "a"]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (pdf_document("QQ=="), True),
        (result("c1", [pdf_document("QQ==")]), True),
        (document(PLAIN), False),
        (text("pdf"), False),
    ],
)
def test_slow_requests_can_be_told_beforehand(block: dict[str, Any], expected: bool) -> None:
    assert holds_pdf(body(user("a"), user(block))) is expected
