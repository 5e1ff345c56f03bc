"""One kept connection to a proxy's operator interface; light enough for a command that runs every few seconds."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

ANSWER_LIMIT = 64 * 2**20


class LinkFailed(Exception):
    """No answer came; the message is one plain sentence."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    body: bytes
    content_type: str = ""

    @property
    def is_text(self) -> bool:
        """Whether it is plain text."""
        return self.content_type.startswith("text/plain")

    def json(self) -> Any:
        """Raises `ValueError`."""
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """What an error says, as far as it can be read."""
        with suppress(ValueError, KeyError, TypeError):
            return str(self.json()["error"]["message"])
        return f"status {self.status}"


class Link:
    """Requests one after the other, on one thread. A connection that the other side closed is opened anew once."""

    def __init__(self, url: str, token: str = "", timeout: float = 1.0) -> None:
        """`timeout` in seconds holds for each step. Raises `LinkFailed` for an address that cannot be one."""
        self.url = clean_url(url)
        parts = urlsplit(self.url)
        self._host, self._port, self._prefix = parts.hostname or "", parts.port, parts.path
        self._secure = parts.scheme == "https"
        self.has_token = bool(token)
        self._headers = {"x-api-key": token} if token else {}
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str, **query: object) -> Reply:
        """Raises `LinkFailed`."""
        pairs = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
        return self._ask("GET", path + ("?" + pairs if pairs else ""), None)

    def post(self, path: str, body: object) -> Reply:
        """Post JSON. Raises `LinkFailed`."""
        return self._ask("POST", path, json.dumps(body).encode())

    def close(self) -> None:
        """Close the connection; any thread may do so to end a request early."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask(self, method: str, path: str, body: bytes | None) -> Reply:
        kept = self._connection is not None
        try:
            return self._exchange(method, path, body)
        except (ConnectionError, http.client.BadStatusLine) as error:
            self.close()
            if not kept or method != "GET":
                raise LinkFailed(self._why(error)) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise LinkFailed(self._why(error)) from None
        return self._ask(method, path, body)

    def _exchange(self, method: str, path: str, body: bytes | None) -> Reply:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._connection = kind(self._host, self._port, timeout=self._timeout)
        connection = self._connection
        headers = {**self._headers, "content-type": "application/json"} if body is not None else self._headers
        connection.request(method, self._prefix + path, body, headers)
        answer = connection.getresponse()
        content = answer.read(ANSWER_LIMIT)
        answer.close()
        if len(content) == ANSWER_LIMIT:
            raise http.client.HTTPException("the answer is too long")
        return Reply(answer.status, content, answer.headers.get("content-type", ""))

    def _why(self, error: Exception) -> str:
        if isinstance(error, ConnectionRefusedError):
            return f"nobody answers at {self.url}"
        if isinstance(error, TimeoutError):
            return f"{self.url} does not answer"
        if isinstance(error, socket.gaierror):
            return f"there is no host {self._host}"
        if isinstance(error, ssl.SSLError):
            return f"{self.url} speaks no proper TLS: {error.reason or error}"
        if isinstance(error, http.client.HTTPException):
            return f"{self.url} does not speak HTTP"
        return f"the connection to {self.url} failed: {error}"


def clean_url(text: str) -> str:
    """The base address of a proxy from what a person wrote: a port, host:port, or a URL. Raises `LinkFailed`."""
    text = text.strip()
    if text.isdecimal() or (text.startswith(":") and text[1:].isdecimal()):
        text = f"127.0.0.1:{text.lstrip(':')}"
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise LinkFailed(f"{_without_password(text)!r} is not an address") from None
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.username
        or not parts.hostname.isprintable()
    ):
        shown = _without_password(text)
        raise LinkFailed(f"{shown!r} is not the address of a proxy, such as http://127.0.0.1:4000")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "") + path


def _without_password(text: str) -> str:
    return re.sub(r"(?<=://).*@", "***@", text)


def host_of(text: str) -> str:
    """The host in an address as a person wrote it. Raises `LinkFailed`."""
    return urlsplit(clean_url(text)).hostname or ""
