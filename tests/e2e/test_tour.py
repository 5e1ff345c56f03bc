"""The whole console by keys in a real terminal: a live proxy, agents at work, a model server that keeps what it got."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Start
from tests.e2e.endless_model import StreamingClient
from tests.e2e.scripted_model import ANNOUNCED, ScriptedModel
from tests.e2e.terminal import Terminal, free_port, until

ESCAPE = "\x1b"
TOOL = {"name": "Read", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}


@pytest.fixture
def scripted() -> Iterator[ScriptedModel]:
    with ScriptedModel() as model:
        yield model


class Tour:
    """The console with the means to let agents work behind it."""

    def __init__(self, start: Start, model: ScriptedModel, folder: Path) -> None:
        port = free_port()
        self.model = model
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.terminal: Terminal = start("--port", str(port), "--upstream", model.url)
        self.terminal.wait_for("SERVING")

    def agent(self, words: str) -> StreamingClient:
        """An agent that says this and streams the answer."""
        messages: list[dict[str, Any]] = [{"role": "user", "content": words}]
        return StreamingClient(self.url, messages=messages, tools=[TOOL], max_tokens=4000)

    def in_flight(self, words: str) -> StreamingClient:
        """The same, once the model server has its request."""
        client = self.agent(words)
        until(lambda: self.model.asked(words) == 1, "the request to arrive")
        return client

    def filter(self, words: str) -> None:
        """Filter what has the focus."""
        self.terminal.after("/", "filter ")
        self.terminal.after(f"{words}", f" /{words}")
        self.terminal.press("\r")
        self.terminal.wait_without("filter ")

    def unfilter(self, words: str) -> None:
        """Take the filter away."""
        self.terminal.press(ESCAPE)
        self.terminal.wait_without(f"/{words}")

    def sent(self, words: str, times: int) -> None:
        """The model server got this many requests with these words, and gets no more: the answer has ended."""
        assert self.model.asked(words) == times, [body["messages"] for body in self.model.bodies]


@pytest.fixture
def tour(start: Start, scripted: ScriptedModel, tmp_path: Path) -> Tour:
    return Tour(start, scripted, tmp_path)


def test_a_guardrail_turned_by_a_key_holds_from_the_next_request_on(tour: Tour) -> None:
    """An answer that only announces is asked for once more while the guardrail is on: the server sees two requests."""
    terminal = tour.terminal
    early = tour.in_flight("first, slowly")
    terminal.wait_for("1 active")
    terminal.after("G", "retry on → off")
    tour.model.go_on()
    assert "message_stop" in early.wait()
    tour.sent("first, slowly", 2)
    assert "message_stop" in tour.agent("second").wait()
    tour.sent("second", 1)
    terminal.after("u", "retry off → on")
    assert "message_stop" in tour.agent("third").wait()
    tour.sent("third", 2)
    terminal.wait_for("0 active")
    terminal.press("q")
    assert terminal.status() == 0


def test_the_whole_tour(tour: Tour) -> None:
    assert ANNOUNCED in tour.agent("one: tidy the attic").wait()
    assert ANNOUNCED in tour.agent("two: sweep the yard").wait()
    terminal = tour.terminal
    terminal.wait_for("sessions 2")
    _dashboard(tour)
    _session(tour)
    _request(tour)
    _settings(tour)
    _help_and_palette(tour)
    terminal.wait_for("0 active")
    terminal.press("q")
    assert terminal.status() == 0
    assert terminal.given_back() == []
    assert b"Traceback" not in terminal.output


def _dashboard(tour: Tour) -> None:
    terminal = tour.terminal
    terminal.after("/attic\r", "1 hidden")  # all in one go, faster than any line can open
    terminal.wait_without("filter ")
    terminal.after("\r", "requests 1")
    terminal.after(ESCAPE, "1 hidden")
    tour.unfilter("attic")
    terminal.after("o", "TURNS▼")
    terminal.after("O", "TURNS▲")
    terminal.after(" ", "FROZEN")
    tour.agent("three: water the plants").wait()
    terminal.wait_for(" new ")
    assert "sessions 2" in terminal.text, "the picture stands still"
    terminal.after(" ", "sessions 3")
    terminal.press("e")
    terminal.wait_without("sessions 3")
    terminal.after("e", "sessions 3")
    terminal.press("t")
    terminal.wait_without("sessions 3")
    terminal.after(ESCAPE, "sessions 3")


def _session(tour: Tour) -> None:
    terminal = tour.terminal
    tour.filter("attic")
    terminal.after("\r", "requests 1")
    terminal.after("h", "Hold ")
    terminal.after("y", "HELD, 0 waiting")
    held = tour.agent("one: tidy the attic")
    terminal.wait_for("HELD, 1 waiting")
    tour.sent("one: tidy the attic", 2)
    terminal.after("h", "session released, 1 waited")
    assert ANNOUNCED in held.wait()
    terminal.wait_for("requests 2")
    terminal.after("r", "Reset the loop breaker of")
    terminal.after("y", "loop breaker begins anew")
    terminal.after("P", "as if the threshold were reached")
    terminal.press("n")
    terminal.wait_without("as if the threshold were reached")
    terminal.after("P", "as if the threshold were reached")
    terminal.after("y", "to be pruned at its next request")
    terminal.after("o", "Guardrails of")
    terminal.after("\r", "sanitized")
    terminal.wait_for("elsewhere off")
    terminal.press("x")
    terminal.wait_without("elsewhere off")
    terminal.press(ESCAPE)
    terminal.wait_without("Guardrails of")
    terminal.after(ESCAPE, "SESSION   ")
    tour.unfilter("attic")
    agent = tour.in_flight("four: wait slowly")
    terminal.wait_for("1 active")
    tour.filter("slowly")
    terminal.after("c", "Cancel 1 request of")
    terminal.after("y", "cancelled 1")
    assert "error" in agent.wait()
    tour.unfilter("slowly")


def _request(tour: Tour) -> None:
    terminal = tour.terminal
    tour.filter("attic")
    terminal.after("i", "Anthropic: received")
    terminal.after("2", "Anthropic: given")
    terminal.after("3", "data: ")
    terminal.press("4")
    terminal.wait_without("data: ")
    terminal.after("d", "only what the proxy changed")
    terminal.press("1")
    terminal.after("d", "Anthropic: received")
    terminal.after("/attic\r", "lines with 'attic'")
    terminal.wait_without("search")
    terminal.press(ESCAPE)
    terminal.wait_without("lines with")
    terminal.after("y", "copied: received")
    assert b"\x1b]52;c;" in terminal.output
    terminal.after("Y", "copied: curl command")
    terminal.after("x", "written, secrets masked")
    (bundle,) = tour.folder.glob("interlock-*.json")
    assert json.loads(bundle.read_text())["request"]["model"] == "m"
    terminal.after(ESCAPE, "SESSION   ")
    tour.unfilter("attic")


def _settings(tour: Tour) -> None:
    terminal = tour.terminal
    terminal.after("s", "PROXY_MODEL_MAP")
    tour.filter("PING_INT")
    terminal.after("\r", "Enter applies")
    terminal.after("\x7f", "'' is not allowed")
    terminal.after("9", "'9' is not allowed; use 0.2 to 5 s")
    terminal.after("\r", "'9' is not allowed")
    terminal.after("\x7f", "'' is not allowed")
    terminal.after("3", "Enter applies")
    terminal.after("\r", "ping interval 4 → 3")
    terminal.after("u", "ping interval 3 → 4")
    terminal.press("\r")
    terminal.wait_for("Enter applies")
    terminal.after("\x7f", "'' is not allowed")
    terminal.after("2\r", "ping interval 4 → 2")
    terminal.after("w", "+ PROXY_PING_INTERVAL=2")
    terminal.after("y", "saved to")
    assert (tour.folder / ".env").read_text() == "PROXY_PING_INTERVAL=2\n"
    assert (tour.folder / ".env").stat().st_mode & 0o777 == 0o600
    tour.unfilter("PING_INT")
    terminal.after(ESCAPE, "SESSION   ")


def _help_and_palette(tour: Tour) -> None:
    terminal = tour.terminal
    terminal.after("?", "all settings: value, source, default")
    terminal.press(ESCAPE)
    terminal.wait_without("all settings: value")
    terminal.after("\x10", "what to do, or a setting")
    terminal.after("sort sessions by ttft", "largest first")
    terminal.press("\r")
    terminal.wait_for("TTFT▼")
