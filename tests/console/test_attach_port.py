"""The port to an engine in another process: the same answers as in its own, and what happens when it goes away."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from console.attach_link import CannotAttach
from console.attach_port import AttachPort
from console.http_link import LinkFailed
from console.local_port import LocalPort
from proxy_core.commands import CancelSession, CheckUpstream
from proxy_core.wire import PROTOCOL
from tests.console.served import Served
from tests.e2e.endless_model import EndlessModel, StreamingClient
from tests.e2e.terminal import free_port, until

LOOP = "PROXY_LOOP_BREAKER"


@pytest.fixture(scope="module")
def model() -> Iterator[EndlessModel]:
    with EndlessModel() as endless:
        yield endless


@pytest.fixture
def served(model: EndlessModel, tmp_path: Path) -> Iterator[Served]:
    with Served(model.url, tmp_path, PROXY_REPETITION_CUT="off") as proxy:
        yield proxy


@contextmanager
def attached(url: str, token: str = "") -> Iterator[AttachPort]:
    port = AttachPort(url, token)
    port.connect()
    try:
        yield port
    finally:
        port.close()


def comes(true: Callable[[], bool]) -> None:
    until(true, "the console to see it")


def test_it_answers_as_a_port_in_the_same_process_does(served: Served) -> None:
    local = LocalPort(served.engine, served.thread)
    with attached(served.url) as port:
        client = StreamingClient(served.url)
        comes(lambda: port.snapshot().active == 1 and bool(port.snapshot().samples))
        (session,) = port.snapshot().sessions
        assert session.key == local.snapshot().sessions[0].key
        assert port.settings() == local.settings()
        comes(lambda: port.events_since(0) == local.events_since(0))
        comes(lambda: len(port.snapshot().samples) >= 2)
        have = port.snapshot().samples
        assert have[:-1] == local.snapshot().samples[: len(have) - 1]
        assert port.detail(session.key) == local.detail(session.key)
        (request,) = port.requests(session.key)
        assert request.id == local.requests(session.key)[0].id
        record = port.record(request.id)
        assert record is not None
        assert record.received == local.record(request.id).received  # type: ignore[union-attr]
        result = port.command(CancelSession(session.key))
        assert (result.ok, result.message) == (True, "cancelled 1")
        assert "operator" in client.wait()
        comes(lambda: [view.state for view in port.requests(session.key)] == ["cancelled"])


def test_nothing_new_is_the_same_object(served: Served) -> None:
    with attached(served.url) as port:
        comes(lambda: port.snapshot().upstream.state == "up")
        served.engine.throughput.decoded(0, 0)
        comes(lambda: port.snapshot().version == served.engine.snapshot().version)
        before = (port.snapshot(), port.settings())
        port.command(CheckUpstream())
        assert port.settings() is before[1]
        assert port.detail("nobody") is None
        assert port.requests("nobody") == ()
        assert port.record("nothing") is None


def test_settings_are_changed_refused_and_saved(served: Served, tmp_path: Path) -> None:
    with attached(served.url) as port:
        result = port.update({LOOP: "off"})
        assert [(change.name, change.after) for change in result.changes] == [(LOOP, "off")]
        assert result.view is port.settings()
        assert served.engine.settings.current.loop_breaker is False
        assert port.settings().settings.loop_breaker is False
        refused = port.update({LOOP: "perhaps"})
        assert refused.errors == (f"{LOOP}: 'perhaps' is not allowed; use on or off",)
        plan = port.save((LOOP,), write=False)
        assert [(line.before, line.after) for line in plan.lines] == [(None, "off")]
        assert port.save((LOOP,), write=True).saved
        assert (tmp_path / ".env").read_text() == f"{LOOP}=off\n"
        assert port.settings().sources[LOOP] == "env file"


def test_changes_by_others_come_by_themselves(served: Served) -> None:
    with attached(served.url) as port:
        served.engine.update({LOOP: "off"}, "another console")
        comes(lambda: port.settings().settings.loop_breaker is False)
        assert port.settings() == served.engine.settings.view


def test_a_lost_proxy_is_seen_and_taken_up_again(model: EndlessModel, tmp_path: Path) -> None:
    with Served(model.url, tmp_path) as first:
        port = AttachPort(first.url)
        port.connect()
        first.engine.update({LOOP: "off"}, "operator")
        comes(lambda: "setting.changed" in [event.kind for event in port.events_since(0).events])
        seen = port.events_since(0).next
    try:
        comes(lambda: port.snapshot().lost_since is not None)
        lost = port.snapshot()
        assert (lost.url, lost.sessions) == (first.url, ())
        assert port.update({LOOP: "on"}).errors == (f"{first.url} cannot be reached now",)
        assert port.save((LOOP,), write=True).error == f"{first.url} cannot be reached now"
        assert port.command(CheckUpstream()).ok is False
        assert port.detail("x") is None
        with Served(model.url, tmp_path, first.port):
            comes(lambda: port.snapshot().lost_since is None)
            assert port.settings().settings.loop_breaker is True
            later = port.events_since(seen)
            assert later.missed == 0
            assert "server.started" in [event.kind for event in later.events]
            assert port.update({LOOP: "off"}).errors == ()
    finally:
        port.close()


def test_twenty_consoles_come_and_go_under_load(served: Served) -> None:
    clients = [StreamingClient(served.url) for _ in range(4)]
    until(lambda: all(client.streaming for client in clients), "streams")
    for _ in range(20):
        with attached(served.url) as port:
            assert port.snapshot().url == served.url
            assert port.update({"PROXY_PING_INTERVAL": "4"}).errors == ()
    before = [len(client.received) for client in clients]
    until(lambda: all(len(c.received) > had for c, had in zip(clients, before, strict=True)), "streams that go on")
    assert all("error" not in client.received and "<" not in client.received for client in clients)
    assert served.engine.active == 4
    served.engine.end_turns()
    for client in clients:
        client.wait()


# -- who is not there, or does not let us in ---------------------------------------------------------------------------


def refusal(url: str, token: str = "") -> str:
    with pytest.raises((CannotAttach, LinkFailed)) as error:
        AttachPort(url, token).connect()
    return str(error.value).replace(url, "URL")


def test_a_wrong_token_sees_nothing(model: EndlessModel, tmp_path: Path) -> None:
    with Served(model.url, tmp_path, PROXY_AUTH_TOKEN="the-right-one") as proxy:
        assert refusal(proxy.url) == "URL wants its token; give it with --token or in PROXY_AUTH_TOKEN"
        assert refusal(proxy.url, "a-wrong-one") == "URL wants its token; the token given is another one"
        with attached(proxy.url, "the-right-one") as port:
            assert port.snapshot().url == proxy.url


def test_nobody_is_there() -> None:
    assert refusal(f"http://127.0.0.1:{free_port()}") == "nobody answers at URL"


@pytest.mark.parametrize("url", ["ftp://h", "http://", "http://h:port", "http://user:pw@h", "http://h:99999"])
def test_what_is_no_address(url: str) -> None:
    assert "address" in refusal(url)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({}, "URL is not an Interlock"),
        ({"/": "<html>"}, "URL is not an Interlock"),
        ({"/_console/snapshot": "<html>"}, "URL is not an Interlock"),
        ({"/_console/snapshot": "[]"}, "URL is not an Interlock"),
        (
            {"/": '{"name": "interlock", "version": "0.0.9"}'},
            "URL is Interlock 0.0.9, which cannot be attached to",
        ),
        (
            {"/_console/snapshot": json.dumps({"interlock": "9.0", "protocol": PROTOCOL + 1})},
            "URL is Interlock 9.0, which this console (of 0.1.0) does not understand; use the same version",
        ),
        (
            {"/_console/snapshot": json.dumps({"protocol": PROTOCOL, "run": "r", "settings": 1, "events": 0}),
             "/_console/settings": json.dumps({"number": 1, "view": {"values": []}})},
            "URL sent settings that are not understood here: list where an object was expected",
        ),
    ],
)  # fmt: skip
def test_somebody_else_is_there(answers: dict[str, str], said: str) -> None:
    with stranger(answers) as url:
        assert refusal(url) == said


def test_somebody_who_never_speaks_http() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def speak() -> None:
            peer, _ = listening.accept()
            peer.recv(4096)
            peer.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
            peer.close()

        threading.Thread(target=speak, daemon=True).start()
        assert refusal(f"http://127.0.0.1:{listening.getsockname()[1]}") == "URL does not speak HTTP"


def test_a_proxy_that_hangs_holds_up_no_face(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with attached(served.url) as port:
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            monkeypatch.setattr(port, "url", f"http://127.0.0.1:{deaf.getsockname()[1]}")
            monkeypatch.setattr("console.attach_port.ANSWER_SECONDS", 0.1)
            result = port.update({LOOP: "off"})
        assert result.errors[0].endswith(("did not answer within a second", "does not answer"))
        assert result.view.settings.loop_breaker is True


@contextmanager
def stranger(answers: dict[str, str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = answers.get(self.path.partition("?")[0])
            self.send_response(200 if text is not None else 404)
            self.end_headers()
            self.wfile.write((text or "").encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
