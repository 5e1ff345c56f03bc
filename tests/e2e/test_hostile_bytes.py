"""What agents and models write never acts on the terminal: looked for in the very bytes that the console writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.hostile import ATTACKS
from tests.e2e.conftest import Start
from tests.e2e.scripted_model import ScriptedModel
from tests.e2e.test_tour import ESCAPE, Tour

OWN = {"the other screen", "mouse reports", "clear the screen"}
"""The console writes these for itself."""

SENT = " ".join(text for name, text in ATTACKS.items() if name not in OWN and text != "\ud800")
NEVER = [
    b"\x1b[7;7H",
    b"\x1b]52;c;T1dORUQ",
    b"\x1b]8;;http://evil",
    b"\x1b]2;OWNED",
    b"\x1b]9;OWNED",
    b"\x1bPq",
    b"\x1b[c",
    b"\x1b[6n",
    *(sign.encode() for sign in "\x9b\x9d\x90\x9c\u202e\u2066\u200b\u200d\u2060\ufeff\u2028\u061c\U000e0041"),
]


def test_no_byte_of_it_reaches_the_terminal(start: Start, tmp_path: Path) -> None:
    with ScriptedModel(SENT) as model:
        tour = Tour(start, model, tmp_path)
        terminal = tour.terminal
        assert "message_stop" in tour.agent(f"hostile {SENT}").wait()
        terminal.wait_for("sessions 1")
        terminal.after("\r", "requests 1")
        terminal.after("i", "Anthropic: received")
        terminal.after("2", "Anthropic: given")
        terminal.after("3", "data: ")
        terminal.after(ESCAPE, "requests 1")
        terminal.after("e", "events")
        terminal.press("q")
        assert terminal.status() == 0
        assert terminal.given_back() == []
    for attack in NEVER:
        assert attack not in terminal.output, attack
    assert "␛[7;7H".encode() in terminal.output, "it is shown as marks"


@pytest.mark.parametrize("attack", NEVER)
def test_each_of_these_was_sent(attack: bytes) -> None:
    assert attack in SENT.encode()
