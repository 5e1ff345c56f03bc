"""Model servers made of answers to paths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import orjson

ROOT = "http://model.test"
RECORDED = Path(__file__).parents[2] / "fixtures" / "llama_cpp"


def recorded(name: str) -> Any:
    """The body of a recorded llama.cpp answer."""
    return orjson.loads((RECORDED / f"{name}.json").read_bytes())


class Server:
    """Answers each path with a JSON body, a (status, body) pair or an exception; other paths with 404. Notes requests.

    `answers` may be changed at any time, as a server that is restarted changes.
    """

    def __init__(self, answers: dict[str, Any], *, prefix: str = "") -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.requests: list[httpx.Request] = []
        self._prefix = prefix
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().removeprefix(self._prefix)
        self.asked.append(path)
        self.requests.append(request)
        answer = self.answers.get("*") or self.answers.get(path, (404, {"error": {"message": "File Not Found"}}))
        if isinstance(answer, Exception):
            raise answer
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        return httpx.Response(status, content=body if isinstance(body, bytes) else orjson.dumps(body))


def models(*entries: dict[str, Any]) -> dict[str, Any]:
    """A list of models."""
    return {"object": "list", "data": [{"object": "model", **entry} for entry in entries]}


LLAMA_CPP = {"/v1/models": recorded("models"), "/props": recorded("props"), "/slots": recorded("slots_idle")}
LOADING = (503, recorded("error_503_loading"))
REFUSED = (401, recorded("error_401"))
