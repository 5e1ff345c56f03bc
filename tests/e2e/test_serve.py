"""`interlock serve`: the console in a real browser, and who may not have it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from console.browser import is_own
from tests.console.served import Served
from tests.e2e.browser import CHROMIUM, Browser
from tests.e2e.endless_model import EndlessModel, StreamingClient
from tests.e2e.terminal import environment, free_port

TOKEN = "a-long-token"


@pytest.fixture
def proxy(model: EndlessModel, tmp_path: Path) -> Iterator[Served]:
    with Served(model.url, tmp_path, PROXY_AUTH_TOKEN=TOKEN, PROXY_REPETITION_CUT="off") as served:
        yield served


@pytest.fixture
def page(proxy: Served, tmp_path: Path) -> Iterator[str]:
    """The address of the served console."""
    port = free_port()
    command = [sys.executable, "-m", "console", "serve", proxy.url, "--port", str(port)]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, cwd=tmp_path, env=environment(tmp_path, PROXY_AUTH_TOKEN=TOKEN)
    )
    assert process.stderr is not None
    line = process.stderr.readline().decode()
    assert line.startswith(f"interlock: the console is at http://127.0.0.1:{port}; ")
    assert TOKEN not in line
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


async def answers(url: str) -> None:
    async with asyncio.timeout(15), aiohttp.ClientSession() as session:
        while True:
            try:
                await session.get(url)
                return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
async def test_a_browser_shows_the_sessions_and_its_keys_work(proxy: Served, page: str) -> None:
    client = StreamingClient(proxy.url, token=TOKEN)
    await answers(page)
    async with Browser() as browser:
        await browser.open(page.replace("127.0.0.1", "localhost"))
        async with asyncio.timeout(40):
            while "go on" not in (shown := await browser.terminal_text()):
                await asyncio.sleep(0.1)
        assert "SERVING" in shown
        assert "sessions 1" in shown
        assert "1 active" in shown
        blank = await browser.evaluate("document.querySelectorAll('canvas').length")
        assert blank > 0
        await browser.press("L")
        async with asyncio.timeout(20):
            while proxy.engine.settings.current.loop_breaker:
                await asyncio.sleep(0.1)
        assert {url.partition("://")[2].partition(":")[0] for url in browser.requested} == {"127.0.0.1", "localhost"}
        await browser.press("q")
        async with asyncio.timeout(20):
            while not await browser.evaluate("document.body.classList.contains('-closed')"):
                await asyncio.sleep(0.1)
    assert client.streaming
    assert proxy.engine.active == 1


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "http://localhost:3000"}, {"Host": "rebound.example"}]
)
async def test_no_other_page_gets_at_it(page: str, headers: dict[str, str]) -> None:
    await answers(page)
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/ws", "/static/js/textual.js"):
            assert (await session.get(page + path, headers=headers)).status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await session.ws_connect(f"{page}/ws", headers=headers)
        assert refusal.value.status == 403


@pytest.mark.parametrize(
    ("host", "origin", "own"),
    [
        ("127.0.0.1:8000", None, True),
        ("localhost:8000", "http://localhost:8000", True),
        ("127.0.0.1:8000", "http://127.0.0.1:8001", False),
        ("127.0.0.1:8000", "http://localhost:8000", False),
        ("127.0.0.1:8000", "null", False),
        ("rebound.example:8000", "http://rebound.example:8000", False),
        ("127.0.0.1.evil.example", None, False),
        ("", None, False),
        ("[", None, False),
    ],
)
def test_what_is_its_own_page(host: str, origin: str | None, own: bool) -> None:
    assert is_own(host, origin) is own


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.modules['textual_serve'] = None", "pip install 'interlock[serve]'"),
        ("", "nobody answers at"),
    ],
    ids=["without the extra", "without a proxy"],
)
def test_what_is_missing_is_one_plain_line(tmp_path: Path, code: str, said: str) -> None:
    program = f"{code}\nimport sys\nfrom console.__main__ import main\nsys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", program, "serve", f"http://127.0.0.1:{free_port()}"],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=tmp_path,
        env=environment(tmp_path),
        check=False,
    )
    assert done.returncode == 69
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
