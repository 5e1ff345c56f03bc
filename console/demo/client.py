"""What a sample agent needs of a Messages API client: one streamed request, read to its end."""

from __future__ import annotations

import json
from dataclasses import dataclass

import httpx

from console.demo.loose_json import as_object
from proxy_core.translate.types import JsonObject


class Refusal(Exception):
    """The proxy answered with an error, as a status or inside the stream."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind

    @property
    def too_long(self) -> bool:
        """Whether the conversation no longer fits and must be compacted."""
        return self.status == 400 and str(self).startswith("prompt is too long")


@dataclass(frozen=True, slots=True)
class AssistantTurn:
    """One answer: its content blocks as they go back into the history."""

    content: list[JsonObject]
    stop_reason: str

    @property
    def calls(self) -> list[JsonObject]:
        """The `tool_use` blocks."""
        return [block for block in self.content if block["type"] == "tool_use"]


async def ask(http: httpx.AsyncClient, url: str, body: JsonObject, headers: dict[str, str]) -> AssistantTurn:
    """Send a Messages API request and read its stream. Raises `Refusal` and `httpx.HTTPError`."""
    async with http.stream("POST", f"{url}/v1/messages?beta=true", json=body, headers=headers) as response:
        raw = await response.aread()
    if response.status_code != 200:
        raise _refusal(response.status_code, raw)
    blocks: list[JsonObject] = []
    arguments: dict[int, str] = {}
    stop_reason = ""
    for line in raw.splitlines():
        if not line.startswith(b"data: "):
            continue
        event: JsonObject = json.loads(line[6:])
        match event["type"]:
            case "error":
                raise Refusal(response.status_code, event["error"]["type"], event["error"]["message"])
            case "content_block_start":
                blocks.append(event["content_block"])
            case "content_block_delta":
                _apply(blocks, arguments, event["index"], event["delta"])
            case "message_delta":
                stop_reason = event["delta"]["stop_reason"]
            case _:
                pass
    if not stop_reason:
        raise httpx.RemoteProtocolError("the stream ended early")
    for index, text in arguments.items():
        blocks[index]["input"] = json.loads(text)
    return AssistantTurn(blocks, stop_reason)


def _apply(blocks: list[JsonObject], arguments: dict[int, str], index: int, delta: JsonObject) -> None:
    match delta["type"]:
        case "text_delta":
            blocks[index]["text"] += delta["text"]
        case "thinking_delta":
            blocks[index]["thinking"] += delta["thinking"]
        case "signature_delta":
            blocks[index]["signature"] = delta["signature"]
        case "input_json_delta":
            arguments[index] = arguments.get(index, "") + delta["partial_json"]
        case _:
            pass


def _refusal(status: int, raw: bytes) -> Refusal:
    try:
        error = as_object(as_object(json.loads(raw)).get("error"))
    except ValueError:
        error = {}
    return Refusal(status, str(error.get("type", "")), str(error.get("message", "")))
