"""The inspector on the screen: its pages, keys and sizes, and that it never holds up the console."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.strip import Strip

from console.inspect.page import Page
from console.screens import inspector
from console.screens.inspector import InspectorScreen
from console.widgets.body_pane import BodyPane
from proxy_core.record_views import BodyView
from tests.console.fake_port import FakePort
from tests.console.fake_records import HOSTILE, SECRET, SESSION, detail, records
from tests.console.screen import Driven, opened

SIZES = ((60, 16), (80, 24), (100, 30), (140, 40))
PAGES = {"request": "1", "response": "2", "raw": "3", "timing": "4", "changes": "d"}


def port(**options: Any) -> FakePort:
    return FakePort(records=records(**options), details={SESSION: detail()})


@asynccontextmanager
async def inspecting(size: tuple[int, int] = (140, 40), **options: Any) -> AsyncGenerator[Driven]:
    """A console that looks into the newest request of the session."""
    async with opened(size, port=port(**options)) as console:
        await console.type("j<enter>")
        await settled(console)
        await console.type("i")
        await settled(console)
        yield console


async def settled(console: Driven) -> None:
    """Everything that was asked for beside the UI's thread has come."""
    await console.app.workers.wait_for_complete()
    await console.pilot.pause(0.03)


async def keys(console: Driven, typed: str) -> None:
    await console.type(typed)
    await settled(console)


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_fits_every_size(page: str) -> None:
    async with inspecting() as console:
        await keys(console, PAGES[page])
        for size in SIZES:
            await console.resize(*size)
            await settled(console)
            lines = console.lines
            assert len(lines) == size[1]
            assert max(map(len, lines)) <= size[0]
            assert "14:12:40" in lines[1]
            assert "SERVING" in lines[0]
            assert console.line("Back")


@pytest.mark.parametrize("ascii_only", [False, True], ids=["unicode", "ascii"])
@pytest.mark.parametrize("page", PAGES)
async def test_pages(page: str, ascii_only: bool, snapshot: SnapshotAssertion) -> None:
    """As approved text; renew with --snapshot-update and read the difference."""
    async with opened((140, 40), port=port(), ascii_only=ascii_only) as console:
        await console.type("j<enter>")
        await settled(console)
        await keys(console, "i")
        await keys(console, PAGES[page])
        shots: list[str] = []
        for size in SIZES:
            await console.resize(*size)
            await settled(console)
            shots.append(f"-- {size[0]}x{size[1]} --\n{console.text}")
        assert "\n".join(shots) == snapshot


async def test_side_by_side_from_120_columns_and_one_side_below() -> None:
    async with inspecting((120, 30)) as console:
        assert console.line("max_tokens").split() == ["max_tokens:", "32000", "│", "max_tokens:", "8236"]
        await console.resize(119, 30)
        await settled(console)
        assert console.line("max_tokens").split() == ["max_tokens:", "32000"]
        await keys(console, "<tab>")
        assert console.line("max_tokens").split() == ["max_tokens:", "8236"]


async def test_the_same_place_of_both_bodies_stands_at_the_same_height() -> None:
    async with inspecting() as console:
        line = console.line("Looking at step 0.")
        left, right = line.split("│")
        assert "text: Looking at step 0." in left or "content: Looking at step 0." in right
        assert console.line("message 2 of 19 assistant").strip().startswith("message 2 of 19 assistant")


async def test_only_what_the_proxy_changed() -> None:
    async with inspecting() as console:
        await keys(console, "d")
        text = console.text
        assert "+ [Note from the proxy: it repeats.]" in text
        assert "server tool web_search" in text
        assert "- max_tokens: 32000" in text
        assert "Looking at step 0." not in text
        await keys(console, "d")
        assert "Looking at step 0." in console.text


async def test_stepping_through_the_requests_of_the_session() -> None:
    async with inspecting() as console:
        assert "9 of 9" in console.lines[1]
        await keys(console, "N")
        assert "8 of 9" in console.lines[1]
        assert "14:12:00" in console.lines[1]
        await keys(console, "nn")
        assert "9 of 9" in console.lines[1]
        assert "there is none further on" in console.text


async def test_a_failed_request_says_why() -> None:
    async with inspecting((100, 30)) as console:
        await keys(console, "NNNNNN")
        assert "3 of 9" in console.lines[1]
        assert "failed" in console.lines[1]
        assert "503 overloaded_error" in console.lines[1]


async def test_searching_goes_on_and_round() -> None:
    async with inspecting() as console:
        pane = console.app.screen.query_one(BodyPane)
        await keys(console, "/TOOLU_05<enter>")
        assert "lines with 'toolu_05'" in console.lines[2]
        first = pane.top
        assert "toolu_05" in pane.page.rows[first].left + pane.page.rows[first].right
        await keys(console, ".")
        assert pane.top > first
        await keys(console, ",")
        assert pane.top == first
        await keys(console, "<escape>")
        assert pane.needle == ""
        assert isinstance(console.app.screen, InspectorScreen)
        await keys(console, "<escape>")
        assert not isinstance(console.app.screen, InspectorScreen)


async def test_copying(monkeypatch: pytest.MonkeyPatch) -> None:
    async with inspecting() as console:
        copied: list[str] = []
        monkeypatch.setattr(console.app, "copy_to_clipboard", copied.append)
        await keys(console, "y")
        await keys(console, "<tab>yY")
        await keys(console, "2<tab>y")
        received, sent, command, answer = copied
        assert json.loads(received)["max_tokens"] == 32_000
        assert json.loads(sent)["max_tokens"] == 8_236
        assert command.startswith("curl -N http://127.0.0.1:8080/v1/chat/completions")
        assert answer.startswith("event: message_start")


async def test_exporting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with inspecting(text=f"key {SECRET}") as console:
        await keys(console, "x")
        (path,) = tmp_path.iterdir()
        assert SECRET not in path.read_text()
        assert json.loads(path.read_text())["request"]["session"] == SESSION
        assert "written, secrets masked" in console.text
        await keys(console, "x")
        assert "not written: File exists" in console.text


async def test_strangers_texts_are_shown_and_do_nothing() -> None:
    async with inspecting(text=f"{HOSTILE} {SECRET}") as console:
        assert "␛]0;owned␇␛[2Jcleared ‹202e›gnp.exe sk-ant-[masked]" in console.line("owned")
        await keys(console, "3")
        assert "\x1b" not in console.text


async def test_ascii_only() -> None:
    async with opened((140, 40), port=port(), ascii_only=True) as console:
        await console.type("j<enter>")
        await settled(console)
        for typed in ("i", "2", "3", "4", "d"):
            await keys(console, typed)
            assert console.text.isascii()


async def test_a_request_that_is_gone_meanwhile() -> None:
    async with inspecting() as console:
        console.port.records.clear()
        await keys(console, "N")
        assert "this request is not kept any more" in console.text


async def test_a_body_of_a_megabyte_is_read_beside_the_uis_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the UI's thread only the rows in view are drawn; measured, no key keeps that thread busy for 30 ms."""
    made_by: list[int] = []
    drawn = 0

    def page(*arguments: Any, **options: Any) -> Page:
        made_by.append(threading.get_ident())
        return make(*arguments, **options)

    def line(pane: BodyPane, *arguments: Any) -> Strip:
        nonlocal drawn
        drawn += 1
        return draw(pane, *arguments)

    make, draw = inspector._page, BodyPane._line
    monkeypatch.setattr(inspector, "_page", page)
    monkeypatch.setattr(BodyPane, "_line", line)
    async with inspecting() as console:
        newest = list(console.port.records)[-1]
        messages = [{"role": "user", "content": f"{number} " + "lorem ipsum\n" * 80} for number in range(1_100)]
        text = json.dumps({"messages": messages})
        assert len(text) > 1_000_000
        body = BodyView("received", text, len(text), cut=False)
        console.port.records[newest] = replace(console.port.records[newest], received=body, sent=(body,))
        pane = console.app.screen.query_one(BodyPane)
        for typed in ("N", "n", "a", "<end>", "<pageup>", "/ipsum", "<enter>"):
            drawn = 0
            await keys(console, typed)
            assert drawn <= 10 * pane.size.height
        assert len(pane.page.rows) > 80_000
        assert pane.matches > 80_000
        assert made_by
        assert threading.get_ident() not in made_by
