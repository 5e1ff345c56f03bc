"""The client's side: sends requests over raw connections, keeps what comes, and checks every answer."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.upstream import SERIAL

_SERIAL = re.compile(rb"(\d{8}) lorem ")
_FIRST = SERIAL.format(0).encode()
SECONDS = 20.0


class WrongAnswer(Exception):
    """A piece of the answer is missing, doubled or out of order, or it is no answer at all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`first`: seconds from the request to the first text; `data`: the body; `reads`: when parts came, in seconds."""

    first: float
    data: bytes
    reads: tuple[float, ...] = ()

    @property
    def chunks(self) -> int:
        """How many chunks came."""
        return len(self._serials())

    def _serials(self) -> list[int]:
        return [int(number) for number in _SERIAL.findall(self.data)]

    def check(self, chunks: int, end: bytes) -> None:
        """Raises `WrongAnswer` unless it holds every chunk once, in order, and the `end` of a whole answer."""
        found = self._serials()
        if found != list(range(chunks)) or end not in self.data:
            raise WrongAnswer(f"{len(found)} of {chunks} chunks; it ends with {self.data[-200:]!r}")


class Connection:
    """One connection, kept alive from request to request."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a request, with `headers` besides those that it needs, and read its answer to the end."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=2**24)
        reader, writer = self._streams
        head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        began = time.perf_counter()
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        first, kept = 0.0, bytearray()
        reads: list[float] = []
        while not kept.endswith(b"0\r\n\r\n"):
            data = await asyncio.wait_for(reader.read(2**18), SECONDS)
            if not data:
                raise WrongAnswer(f"the connection was closed after {bytes(kept[-200:])!r}")
            kept += data
            reads.append(time.perf_counter())
            if not first and _FIRST in kept:
                first = reads[-1] - began
            if not first and kept.startswith(b"HTTP/1.1 ") and kept[9] != ord("2"):
                raise WrongAnswer(bytes(kept[:300]).decode("latin-1"))
        return Answer(first, _joined(bytes(kept).partition(b"\r\n\r\n")[2]), tuple(reads))

    def close(self) -> None:
        """Close it."""
        if self._streams is not None:
            self._streams[1].close()


def _joined(chunked: bytes) -> bytes:
    """The body out of its HTTP chunks."""
    parts: list[bytes] = []
    at = 0
    while True:
        end = chunked.index(b"\r\n", at)
        size = int(chunked[at:end], 16)
        if not size:
            return b"".join(parts)
        parts.append(chunked[end + 2 : end + 2 + size])
        at = end + 4 + size
