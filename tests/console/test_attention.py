"""What is worth a bell, and what goes to the terminal beside the screen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from console.attention import Attention
from console.herald import Herald
from proxy_core.snapshot import Snapshot
from tests.console.fake_port import NOW, SNAPSHOT, session
from tests.console.screen import opened

CALM = replace(SNAPSHOT, sessions=(session("a3f9", "webapp"), session("5d10", "docs")))


def with_session(**changes: Any) -> Snapshot:
    return replace(CALM, sessions=(replace(CALM.sessions[0], **changes), CALM.sessions[1]))


def with_upstream(state: str, detail: str = "") -> Snapshot:
    return replace(CALM, upstream=replace(CALM.upstream, state=state, detail=detail))


CRITICAL = with_session(level="critical", utilisation=0.962)
LOOP = with_session(loop_level=1, loop_why="Read(a.py) 3 times with the same result")
DOWN = with_upstream("down", "connection refused")


def told(*pictures: Snapshot) -> list[tuple[str, ...]]:
    attention = Attention()
    return [attention.look(picture) for picture in pictures]


def test_each_trouble_is_told_once_until_it_is_over() -> None:
    critical = ("Interlock: the context of a3f9 webapp is 96% full",)
    looping = ("Interlock: a3f9 webapp is in a loop: Read(a.py) 3 times with the same result",)
    down = ("Interlock: the model server is down: connection refused",)
    assert told(CALM, CRITICAL, CRITICAL, CALM, CRITICAL) == [(), critical, (), (), critical]
    assert told(CALM, LOOP, with_session(loop_level=3), CALM, LOOP) == [(), looping, (), (), looping]
    assert told(CALM, DOWN, with_upstream("down", "timeout"), CALM, DOWN) == [(), down, (), (), down]


def test_nothing_else_is_told() -> None:
    calm = [with_session(level="high", utilisation=0.9), with_upstream("loading"), with_upstream("connecting"),
            replace(CALM, draining=True), replace(CALM, sessions=())]  # fmt: skip
    assert told(CALM, *calm) == [()] * 6


def test_what_was_there_before_the_console_is_not_told() -> None:
    assert told(CRITICAL, CRITICAL) == [(), ()]
    assert told(DOWN, with_upstream("up"), DOWN)[2] != ()


def test_a_lost_proxy_changes_nothing() -> None:
    assert told(CALM, replace(CRITICAL, lost_since=NOW), CALM) == [(), (), ()]
    assert told(CRITICAL, replace(CALM, lost_since=NOW), CRITICAL) == [(), (), ()]


def test_a_restarted_model_server_that_refuses_is_told() -> None:
    assert len(told(CALM, with_upstream("refused", "401"))[1]) == 1


def heralded(*pictures: Snapshot, muted: bool = False) -> list[str]:
    written: list[str] = []
    herald = Herald(written.append, ascii_only=False)
    herald.muted = muted
    for picture in pictures:
        herald.look(picture, NOW)
    return written


def test_the_title_is_written_when_it_changes_and_not_otherwise() -> None:
    idle = replace(CALM, active=0, samples=(), sessions=())
    assert heralded(idle, replace(idle, version=8), replace(idle, at=NOW)) == ["\x1b]2;interlock idle\x1b\\"]
    assert heralded(idle, replace(idle, lost_since=NOW))[1:] == ["\x1b]2;interlock lost\x1b\\"]


def test_a_trouble_rings_and_notifies() -> None:
    bell = "\a\x1b]9;Interlock: the context of a3f9 webapp is 96% full\x1b\\"
    assert bell in heralded(CALM, CRITICAL)
    assert not [text for text in heralded(CALM, CRITICAL, muted=True) if "\a" in text]


def test_no_name_commands_the_terminal() -> None:
    evil = "\x1b]0;owned\x07\x1b\\\r\n\x9b31m\u202e"
    shown = with_session(short=evil, label=evil * 9, level="critical", utilisation=1.0, loop_level=2, loop_why=evil)
    written = "".join(heralded(CALM, shown))
    for sequence in ("\x1b]2;", "\x1b]9;", "\x1b\\", "\a"):
        written = written.replace(sequence, "")
    assert written.isprintable()


async def test_the_console_writes_through_its_driver_and_b_mutes() -> None:
    async with opened() as console:
        written: list[str] = []
        driver = console.app._driver
        assert driver is not None
        driver.write = written.append  # type: ignore[method-assign]
        console.port.picture = replace(CALM, version=8)
        await console.tick()
        console.port.picture = replace(CRITICAL, version=9)
        await console.tick()
        assert [text for text in written if "\a" in text] == [
            "\a\x1b]9;Interlock: the context of a3f9 webapp is 96% full\x1b\\"
        ]
        await console.type("b")
        assert "bell and notifications are off" in console.text
        console.port.picture = replace(LOOP, version=10)
        await console.tick()
        await console.type("b")
        assert "bell and notifications are on" in console.text
        await console.tick()
        assert sum("\a" in text for text in written) == 1
        written.clear()
        await console.tick()
        assert written == []
