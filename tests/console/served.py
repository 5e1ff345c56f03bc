"""A real engine with its HTTP server on a thread, for faces that come over the network."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, Self

from proxy_core.api.app import create_app
from proxy_core.engine import Engine
from proxy_core.listening import bind, url_of
from proxy_core.live_settings import LiveSettings
from proxy_core.server import EngineThread
from tests.console.fake_port import settings_view


class Served:
    """Serves from entering the block to leaving it; `port` 0 takes a free one."""

    def __init__(self, upstream: str, folder: Path, port: int = 0, **environment: str) -> None:
        view = settings_view(LLAMA_CPP_BASE=upstream, **environment)
        sock: socket.socket = bind("127.0.0.1", port)
        self.port = int(sock.getsockname()[1])
        self.url = url_of(sock)
        self.engine = Engine(LiveSettings(view, folder / ".env"), url=self.url)
        self.thread = EngineThread(self.engine, lambda: create_app(self.engine), sock)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.stop("now")
        assert self.thread.join(10)

    def events_of(self, kind: str) -> list[Any]:
        return [event for event in self.engine.events.since(0).events if event.kind == kind]
