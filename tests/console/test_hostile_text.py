"""Whatever strangers write, no byte of it acts on the terminal: it is shown as visible marks on every screen."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import replace

import pytest
from rich.segment import Segment
from textual.drivers.headless_driver import HeadlessDriver

from console.attention import Attention
from console.format import visible
from console.herald import Herald
from console.status import status
from console.verbs import Wanted
from console.widgets.lines import harmless
from proxy_core import events as ev
from proxy_core.commands import Command, CommandResult
from proxy_core.glance import glance
from proxy_core.live_settings import LiveSettings
from proxy_core.settings import SPECS
from tests.console.fake_port import NOW, SNAPSHOT, FakePort, settings_view
from tests.console.fake_records import SESSION, detail, records
from tests.console.hostile import ATTACKS, EVERYTHING, NEVER_PRINTED, poisoned
from tests.console.screen import Driven, opened

WAYS = {
    "dashboard": "",
    "events": "e",
    "charts": "t",
    "filter": f"/{'x' * 3}",
    "cancel": "jc",
    "session": "j<enter>",
    "hold": "j<enter>h",
    "override": "j<enter>o",
    "override editor": "j<enter>oj<enter>",
    "request": "ji",
    "changes": "jid",
    "response": "ji2",
    "raw": "ji3",
    "times": "ji4",
    "search": "ji/owned",
    "settings": "s",
    "setting editor": "s/MODEL_MAP<enter><enter>",
    "save": "sLw",
    "help": "?",
    "quit": "q",
    "palette": "<ctrl+p>session<wait:300>",
}


class Answering(FakePort):
    """Its commands are answered by a stranger, too."""

    def command(self, command: Command) -> CommandResult:
        self.commands.append(command)
        return CommandResult(ok=False, message=EVERYTHING)


def port() -> Answering:
    happened = [poisoned(event) for event in Answering().happened]
    happened.append(ev.LogRecorded(at=NOW, session=SESSION, level="warning", text=EVERYTHING))
    kept = records(text=EVERYTHING)
    view = settings_view()
    map_of_models = "a=" + EVERYTHING.replace(",", "").replace("\n", "")
    live = LiveSettings(replace(view, settings=view.settings.changed({"PROXY_MODEL_MAP": map_of_models})))
    poison = {key: poisoned(one) for key, one in kept.items()}
    return Answering(
        poisoned(SNAPSHOT), happened, live, records=poison, details={SESSION: poisoned(detail())}, specs=SPECS
    )


async def look(console: Driven, keys: str) -> None:
    await console.type(keys)
    await console.app.workers.wait_for_complete()
    await console.tick()


def drawn(console: Driven) -> list[Segment]:
    return [segment for strip in console.app.screen._compositor.render_strips() for segment in strip]


def harm(text: str) -> set[str]:
    return {ascii(sign) for sign in NEVER_PRINTED.findall(text)} | {ascii(s) for s in text if not s.isprintable()}


@pytest.mark.parametrize("size", [(60, 16), (140, 40)], ids=["60x16", "140x40"])
@pytest.mark.parametrize("way", WAYS)
async def test_no_screen_draws_it(way: str, size: tuple[int, int]) -> None:
    async with opened(size, port=port()) as console:
        await look(console, WAYS[way])
        assert console.app.crash is None
        text = "".join(segment.text for segment in drawn(console))
        assert harm(text) == set()
        strips = console.app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {size[0]}, "no column is bent"
        links = {segment.style.link for segment in drawn(console) if segment.style is not None and segment.style.link}
        assert links == set(), "no link of a stranger"


@pytest.mark.parametrize("way", ["dashboard", "session", "request", "raw", "settings", "override", "palette"])
async def test_nor_in_ascii(way: str) -> None:
    async with opened((140, 40), port=port(), ascii_only=True) as console:
        await look(console, WAYS[way])
        assert console.text.isascii(), harm(console.text)


async def test_it_is_shown_as_marks() -> None:
    async with opened((140, 40), port=port()) as console:
        await look(console, "j<enter>")
        assert "␛[2J" in console.text
        await look(console, "i")
        assert "␛[2J␛[H" in console.text
        assert "‹202e›gnp.exe" in console.text
        assert "‹9b›2J" in console.text


async def test_what_commands_and_settings_answer_is_told_harmlessly() -> None:
    async with opened((140, 40), port=port()) as console:
        await look(console, "jcy")
        assert "␛[2J" in console.text
        assert harm("".join(segment.text for segment in drawn(console))) == set()
        console.app.notify(EVERYTHING, title=EVERYTHING, markup=False)
        await console.tick()
        assert harm("".join(segment.text for segment in drawn(console))) == set()


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_becomes_marks(attack: str) -> None:
    for text in (visible(ATTACKS[attack]), harmless(ATTACKS[attack])):
        assert harm(text) == set()
        assert text
    assert visible(ATTACKS[attack], ascii_only=True).isascii()


# -- beside the screen ------------------------------------------------------------------------------------------------

FRAMES = re.compile(
    r"\x1b\](?:2|9);([^\x1b\x07]*)\x1b\\|\a|\x1b\[(?:22|23);2t|\x1b\]52;c;[A-Za-z0-9+/=]*\a|\x1b\]22;\w+\a"
)
"""What the console itself writes beside its screen: title, notification, bell, the clipboard, the pointer."""


def troubled() -> object:
    picture = poisoned(SNAPSHOT)
    sessions = tuple(
        replace(view, level="critical", utilisation=0.99, loop_level=2, loop_why=EVERYTHING)
        for view in picture.sessions
    )
    return replace(picture, sessions=sessions, upstream=replace(picture.upstream, state="down", detail=EVERYTHING))


def test_title_and_notifications_hold_nothing_that_acts() -> None:
    written: list[str] = []
    herald = Herald(written.append, ascii_only=False)
    herald.look(SNAPSHOT, NOW)
    herald.look(troubled(), NOW)  # type: ignore[arg-type] - a snapshot
    whole = "".join(written)
    assert whole.count("\x1b]9;") >= len(SNAPSHOT.sessions), "at least one for each session"
    rest = FRAMES.sub(lambda found: found[1] or "", whole)
    assert harm(rest) == set()


def test_one_notification_is_one_short_line() -> None:
    attention = Attention()
    attention.look(SNAPSHOT)
    for sentence in attention.look(troubled()):  # type: ignore[arg-type] - a snapshot
        assert harm(sentence) == set()
        assert len(sentence) <= 160


def test_the_glance_line_holds_nothing_that_acts() -> None:
    for ascii_only in (False, True):
        assert harm(glance(troubled(), NOW, ascii_only=ascii_only)) == set()  # type: ignore[arg-type] - a snapshot


async def test_nothing_goes_to_the_terminal_beside_what_the_console_means_to_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "write", lambda _driver, data: written.append(data))
    async with opened((140, 40), port=port()) as console:
        await look(console, "jiyY<tab>y")
        console.port.picture = troubled()  # type: ignore[assignment] - a snapshot
        await console.tick(1)
    whole = "".join(written)
    assert "\x1b]2;" in whole
    assert "\x1b]9;" in whole
    assert "\x1b]52;c;" in whole
    assert harm(FRAMES.sub(lambda found: found[1] or "", whole)) == set()


@pytest.mark.parametrize("answer", [200, 503])
def test_the_status_line_of_a_stranger_is_printed_harmlessly(answer: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Reply:
        status = answer
        is_text = True
        body = EVERYTHING.encode("utf-8", "replace")
        message = EVERYTHING

    class Stranger:
        url = "http://h:1"

        def __init__(self, *_: object) -> None: ...

        def get(self, *_: object, **__: object) -> Reply:
            return Reply()

        def close(self) -> None: ...

    monkeypatch.setattr("console.status.Link", Stranger)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status(Wanted("http://h:1", ""))
    for printed in (out.getvalue(), err.getvalue()):
        assert harm(printed.removesuffix("\n")) == set()
