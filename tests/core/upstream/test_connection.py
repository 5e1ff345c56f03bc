"""One connection to the model server, in whatever pieces the server answers, and the pool of them."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from proxy_core.upstream import connection_pool
from proxy_core.upstream.connection import HIGH_WATER, Connection, Dropped, Silent, SlowConnect, Unreachable, Untrusted
from proxy_core.upstream.connection_pool import ConnectionPool, Origin
from tests.core.upstream.raw_server import CHUNKED, HEAD, HELLO, asked, says, served


def ask(connection: Connection, body: bytes = b"{}", silence: float = 5) -> None:
    connection.ask(b"POST /v1 HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body), body, silence)


async def read_on(connection: Connection, got: bytearray) -> None:
    """Read an answer to its end; what came before an error is in `got`."""
    await connection.answered()
    while part := await connection.read():
        got += part


async def answered_whole(pool: ConnectionPool, origin: Origin) -> Connection:
    """One request and its answer, and what became of its connection."""
    connection = await pool.take(origin, 5)
    ask(connection)
    assert await connection.answered() == 200
    assert await read_all(connection) == b"hello!"
    pool.give_back(origin, connection)
    return connection


async def read_all(connection: Connection) -> bytes:
    parts: list[bytes] = []
    while part := await connection.read():
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    ("parts", "body"),
    [
        pytest.param([HELLO], b"hello!", id="in one write"),
        pytest.param([bytes([byte]) for byte in HELLO], b"hello!", id="byte by byte"),
        pytest.param([HEAD + b"Content-Length: 3\r\n\r\nabc"], b"abc", id="of a declared length"),
        pytest.param([b"HTTP/1.1 100 Continue\r\n\r\n", HELLO], b"hello!", id="behind one that announces it"),
        pytest.param([b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + HELLO], b"hello!", id="behind hints"),
    ],
)
async def test_an_answer_is_read_whole_and_its_connection_used_again(parts: list[bytes], body: bytes) -> None:
    async with served(says(*parts)) as origin:
        pool = ConnectionPool(4)
        first = await pool.take(origin, 5)
        for _ in range(3):
            connection = await pool.take(origin, 5) if first.ended and first.status else first
            assert connection is first
            ask(connection)
            assert await connection.answered() == 200
            assert connection.header(b"content-type") == b"text/event-stream"
            assert connection.headers["content-type"] == "text/event-stream"
            assert await read_all(connection) == body
            assert connection.ended
            pool.give_back(origin, connection)
        pool.close()
        assert first.closed


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(HEAD + b"\r\nhello!", id="no length at all"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\nhello!", id="an old server"),
    ],
)
async def test_an_answer_of_no_length_ends_with_its_connection(answer: bytes) -> None:
    async with served(says(answer, close=True)) as origin:
        pool = ConnectionPool(1)
        connection = await answered_whole(pool, origin)
        assert connection.closed


@pytest.mark.parametrize(
    ("answer", "headers_came", "body"),
    [
        pytest.param(b"HTTP/1.1 20", False, b"", id="in its headers"),
        pytest.param(CHUNKED + b"5\r\nhello\r\n", True, b"hello", id="between two chunks"),
        pytest.param(CHUNKED + b"5\r\nhel", True, b"hel", id="in a chunk"),
        pytest.param(HEAD + b"Content-Length: 9\r\n\r\nhello", True, b"hello", id="before its length"),
        pytest.param(CHUNKED + b"5\r\nhello\r\nrubbish\r\n", True, b"hello", id="with what is no HTTP"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", False, b"", id="that is none"),
    ],
)
async def test_a_broken_answer_gives_what_came_and_then_an_error(
    answer: bytes, headers_came: bool, body: bytes
) -> None:
    async with served(says(answer, close=True)) as origin:
        pool = ConnectionPool(1)
        connection = await pool.take(origin, 5)
        ask(connection)
        got = bytearray()
        with pytest.raises(Dropped):
            await read_on(connection, got)
        assert (connection.status == 200, bytes(got)) == (headers_came, body)
        pool.give_back(origin, connection)
        assert connection.closed


@pytest.mark.parametrize("said", [b"", CHUNKED, CHUNKED + b"5\r\nhello\r\n"], ids=["nothing", "headers", "a chunk"])
async def test_silence_ends_an_answer(said: bytes) -> None:
    async with served(says(said)) as origin:
        connection = await ConnectionPool(1).take(origin, 5)
        ask(connection, silence=0.05)
        with pytest.raises(Silent):
            await read_on(connection, bytearray())
        assert connection.closed


async def test_what_the_client_takes_is_not_the_servers_silence() -> None:
    async with served(says(HELLO)) as origin:
        connection = await ConnectionPool(1).take(origin, 5)
        ask(connection, silence=0.05)
        await connection.answered()
        await asyncio.sleep(0.2)
        assert await read_all(connection) == b"hello!"


async def test_who_leaves_closes_the_connection_and_makes_room() -> None:
    closed = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asked(reader)
        await reader.read()
        closed.set()

    async with served(handle) as origin:
        pool = ConnectionPool(1)
        connection = await pool.take(origin, 5)
        ask(connection)
        waiting = asyncio.create_task(connection.answered())
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        pool.give_back(origin, connection)
        await asyncio.wait_for(closed.wait(), 5)
        assert await asyncio.wait_for(pool.take(origin, 5), 5) is not connection


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(HELLO, id="a second answer"),
        pytest.param(b"rubbish\r\n\r\n", id="rubbish"),
    ],
)
@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
async def test_what_comes_behind_an_answer_spoils_the_connection_only(more: bytes, later: bool) -> None:
    async with served(says(HELLO, more) if later else says(HELLO + more)) as origin:
        pool = ConnectionPool(1)
        connection = await answered_whole(pool, origin)
        await asyncio.sleep(0.05)
        assert connection.closed
        assert await pool.take(origin, 5) is not connection


async def test_a_server_that_wants_to_close_is_asked_on_a_new_connection() -> None:
    async with served(says(HELLO.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))) as origin:
        pool = ConnectionPool(1)
        connection = await answered_whole(pool, origin)
        assert await pool.take(origin, 5) is not connection


async def test_a_server_that_closed_while_nobody_asked_is_connected_to_anew() -> None:
    async with served(says(HELLO, close=True)) as origin:
        pool = ConnectionPool(1)
        for _ in range(3):
            await answered_whole(pool, origin)
            await asyncio.sleep(0.02)


async def test_a_connection_that_went_meanwhile_fails_at_once() -> None:
    async with served(says(HELLO)) as origin:
        connection = await ConnectionPool(1).take(origin, 5)
        connection.abort()
        await asyncio.sleep(0.01)
        ask(connection)
        with pytest.raises(Dropped):
            await asyncio.wait_for(connection.answered(), 5)


async def test_a_reader_who_is_slow_makes_the_server_wait() -> None:
    sent = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await asked(reader)
        writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % (40 * 2**20))
        for _ in range(40):
            writer.write(bytes(2**20))
            await writer.drain()
            sent += 2**20
        writer.close()

    async with served(handle) as origin:
        connection = await ConnectionPool(1).take(origin, 5)
        ask(connection)
        await connection.answered()
        await asyncio.sleep(0.3)
        assert sent < 30 * 2**20
        assert HIGH_WATER < len(await connection.read()) < 3 * HIGH_WATER
        assert len(await read_all(connection)) > 36 * 2**20


async def test_a_large_request_goes_out_whole() -> None:
    body = bytes(8 * 2**20)
    came = b""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came = await asked(reader)
        writer.write(HELLO)

    async with served(handle) as origin:
        connection = await ConnectionPool(1).take(origin, 5)
        ask(connection, body)
        await connection.answered()
    assert came == body


async def test_no_more_requests_run_than_there_is_room_for() -> None:
    async with served(says(HELLO)) as origin:
        pool = ConnectionPool(2)
        taken = [await pool.take(origin, 5) for _ in range(2)]
        third = asyncio.create_task(pool.take(origin, 5))
        fourth = asyncio.create_task(pool.take(origin, 5))
        await asyncio.sleep(0.01)
        assert not third.done()
        third.cancel()
        for connection in taken:
            pool.give_back(origin, connection)
        assert not (await asyncio.wait_for(fourth, 5)).closed


async def test_idle_connections_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_pool, "IDLE_SECONDS", 0.1)
    async with served(says(HELLO)) as origin:
        pool = ConnectionPool(4)
        taken = [await pool.take(origin, 5) for _ in range(2)]
        for connection in taken:
            ask(connection)
            await connection.answered()
            await read_all(connection)
            pool.give_back(origin, connection)
        assert not any(connection.closed for connection in taken)
        await asyncio.sleep(0.3)
        assert all(connection.closed for connection in taken)


async def test_nobody_there_and_nobody_in_time(unused_tcp_port: int) -> None:
    pool = ConnectionPool(1)
    with pytest.raises(Unreachable) as nobody:
        await pool.take(Origin("127.0.0.1", unused_tcp_port, tls=False), 5)
    assert not isinstance(nobody.value, SlowConnect)
    with pytest.raises(Unreachable):
        await pool.take(Origin("no-such-host.invalid", 80, tls=False), 5)
    with pytest.raises(SlowConnect):
        await pool.take(Origin("127.0.0.1", unused_tcp_port, tls=False), 0)


async def test_a_server_without_tls_is_not_asked_for_it_in_vain() -> None:
    async with served(says(HELLO)) as origin:
        with pytest.raises(SlowConnect):
            await ConnectionPool(1).take(Origin(origin.host, origin.port, tls=True), 0.1)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
async def test_tls_is_spoken_with_who_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        ["openssl", *make.split(), "-out", str(certificate), "-keyout", str(key)], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with served(says(HELLO), tls=context) as origin:
        with pytest.raises(Untrusted):
            await ConnectionPool(1).take(origin, 5)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        pool = ConnectionPool(1)
        connection = await answered_whole(pool, origin)
        assert await pool.take(origin, 5) is connection
