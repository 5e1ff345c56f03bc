"""A headless Chromium, driven over the DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Self

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

KEEP_TERMINAL = """
Object.defineProperty(Object.prototype, 'fitAddon', {
    configurable: true,
    set(value) {
        window.shownTerminal = this.terminal;
        Object.defineProperty(this, 'fitAddon', {value, writable: true});
    },
});
"""
"""The page keeps its terminal to itself, and draws it on a canvas; here it can be asked what it shows."""

READ_TERMINAL = """
(() => {
    const terminal = window.shownTerminal;
    if (!terminal || !document.body.classList.contains('-first-byte')) return '';
    const buffer = terminal.buffer.active;
    const lines = [];
    for (let row = 0; row < terminal.rows; row++)
        lines.push(buffer.getLine(buffer.viewportY + row)?.translateToString(true) ?? '');
    return lines.join('\\n');
})()
"""


class Browser:
    """One page of a browser of its own, from `async with` on."""

    def __init__(self) -> None:
        assert CHROMIUM is not None
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        flags = ["--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--no-default-browser-check",
                 "--disable-dev-shm-usage", "--window-size=1300,800", "--remote-debugging-port=0",
                 f"--user-data-dir={self._profile.name}"]  # fmt: skip
        if os.getuid() == 0:
            flags.append("--no-sandbox")
        self._process = subprocess.Popen(
            [CHROMIUM, *flags, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._numbers = itertools.count(1)
        self.requested: list[str] = []

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        port = await self._port()
        async with self._session.get(f"http://127.0.0.1:{port}/json/list") as answer:
            pages = [page for page in await answer.json() if page["type"] == "page"]
        self._socket = await self._session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0)
        for domain in ("Page", "Network", "Runtime"):
            await self.call(f"{domain}.enable")
        await self.call("Page.addScriptToEvaluateOnNewDocument", source=KEEP_TERMINAL)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        self._process.terminate()
        self._process.wait(10)
        self._profile.cleanup()

    async def open(self, url: str) -> None:
        await self.call("Page.navigate", url=url)

    async def evaluate(self, script: str) -> Any:
        return (await self.call("Runtime.evaluate", expression=script))["result"].get("value")

    async def terminal_text(self) -> str:
        """What the terminal in the page shows, line by line; "" before it shows anything."""
        return str(await self.evaluate(READ_TERMINAL) or "")

    async def press(self, key: str) -> None:
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=key, key=key)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def picture(self) -> bytes:
        """The page as PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot"))["data"])

    async def call(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async for message in self._socket:
            got = json.loads(message.data)
            if got.get("method") == "Network.requestWillBeSent":
                self.requested.append(got["params"]["request"]["url"])
            if got.get("id") == number:
                assert "error" not in got, got
                return got["result"]
        raise AssertionError("the browser has gone")

    async def _port(self) -> int:
        file = Path(self._profile.name) / "DevToolsActivePort"
        async with asyncio.timeout(30):
            while not file.exists() or "\n" not in file.read_text():
                assert self._process.poll() is None, "the browser did not start"
                await asyncio.sleep(0.05)
        return int(file.read_text().partition("\n")[0])
