"""How often a fast answer is read: gathered in the socket, and never held back for what may not come."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from proxy_core.upstream import connection as connection_module
from proxy_core.upstream.connection import FAST, HIGH_WATER, PACE, PROMPT_READS, Connection
from proxy_core.upstream.connection_pool import ConnectionPool
from tests.core.upstream.raw_server import CHUNKED, asked, served

HEAD = b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"
PIECE = b"1\r\nx\r\n"


class Transport:
    """Notes when it is to be read and when not."""

    def __init__(self) -> None:
        self.reading = True
        self.pauses = 0

    def writelines(self, _parts: object) -> None:
        """Goes nowhere."""

    def pause_reading(self) -> None:
        self.reading = False
        self.pauses += 1

    def resume_reading(self) -> None:
        self.reading = True

    def abort(self) -> None:
        self.reading = False


class Clock:
    """A loop and a clock that the test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Any, asyncio.TimerHandle]] = []
        monkeypatch.setattr(connection_module.time, "monotonic", lambda: self.now)

    def time(self) -> float:
        return self.now

    def create_future(self) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()

    def call_later(self, delay: float, call: Any) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(self.now + delay, call, (), asyncio.get_running_loop())
        self.timers.append((self.now + delay, call, handle))
        return handle

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        due = [timer for timer in self.timers if timer[0] <= self.now + 1e-9]
        self.timers = [timer for timer in self.timers if timer not in due]
        for _, call, handle in due:
            if not handle.cancelled():
                call()


def answering(clock: Clock, pieces: int = 0) -> tuple[Connection, Transport]:
    """A connection in the middle of an answer: its headers have come, and at once so many pieces."""
    connection, transport = Connection(cast("Any", clock)), Transport()
    connection.connection_made(cast("Any", transport))
    connection.ask(HEAD, b"", 60)
    connection.data_received(CHUNKED)
    for _ in range(pieces):
        connection.data_received(PIECE)
    return connection, transport


async def test_reads_that_follow_each_other_at_once_are_gathered_after_the_first_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    connection, transport = answering(clock)
    for _ in range(PROMPT_READS - 2):
        clock.pass_by(0.0001)
        connection.data_received(PIECE)
    assert transport.pauses == 0
    clock.pass_by(0.0001)
    connection.data_received(PIECE)
    clock.pass_by(0.0001)
    connection.data_received(PIECE)
    assert not transport.reading
    assert await connection.read() == b"x" * PROMPT_READS, "what came is given at once"
    clock.pass_by(PACE)
    assert transport.reading
    connection.data_received(PIECE * 30)
    assert not transport.reading
    assert await connection.read() == b"x" * 30


@pytest.mark.parametrize(("gap", "paused"), [(FAST * 1.1, False), (FAST * 0.9, True)])
async def test_only_a_fast_answer_is_paced(monkeypatch: pytest.MonkeyPatch, gap: float, paused: bool) -> None:
    clock = Clock(monkeypatch)
    connection, transport = answering(clock)
    for _ in range(PROMPT_READS * 3):
        clock.pass_by(gap)
        assert transport.reading
        connection.data_received(PIECE)
    assert (transport.pauses > 0) == paused


async def test_the_end_of_an_answer_and_the_next_one_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    connection, transport = answering(clock, PROMPT_READS + 1)
    clock.pass_by(PACE)
    connection.data_received(PIECE + b"0\r\n\r\n")
    assert connection.ended
    assert transport.reading
    assert await connection.read()
    pauses = transport.pauses
    connection.ask(HEAD, b"", 60)
    connection.data_received(CHUNKED + PIECE)
    assert (await connection.read(), transport.pauses) == (b"x", pauses)


async def test_a_reader_who_is_slow_still_makes_the_server_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    connection, transport = answering(clock, PROMPT_READS + 1)
    clock.pass_by(PACE)
    connection.data_received(b"%x\r\n%b\r\n" % (HIGH_WATER, bytes(HIGH_WATER)))
    clock.pass_by(PACE)
    assert not transport.reading, "the pace is over, the reader has not come"
    assert len(await connection.read()) > HIGH_WATER
    assert transport.reading


async def test_a_connection_that_is_given_up_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    connection, transport = answering(clock, PROMPT_READS + 2)
    assert not transport.reading
    assert not connection.rest()
    clock.pass_by(PACE)
    assert not transport.reading


async def test_nothing_is_held_back_until_more_comes() -> None:
    """Each piece is sent only when the one before has been read."""
    heard = asyncio.Semaphore(0)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        writer.write(CHUNKED)
        for _ in range(100):
            writer.write(PIECE)
            await heard.acquire()
        writer.write(b"0\r\n\r\n")

    async with served(handle) as origin:
        connection = await ConnectionPool(1).take(origin, 5)
        connection.ask(HEAD, b"", 5)
        reads = 0
        async with asyncio.timeout(20):
            while piece := await connection.read():
                assert piece == b"x"
                reads += 1
                heard.release()
    assert reads == 100


async def test_a_fast_answer_comes_whole() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        writer.write(CHUNKED)
        for number in range(3000):
            writer.write(b"4\r\n%04d\r\n" % number)
            await asyncio.sleep(0)
        writer.write(b"0\r\n\r\n")

    async with served(handle) as origin:
        connection = await ConnectionPool(1).take(origin, 5)
        connection.ask(HEAD, b"", 5)
        got = bytearray()
        while part := await connection.read():
            got += part
    assert bytes(got) == b"".join(b"%04d" % number for number in range(3000))
