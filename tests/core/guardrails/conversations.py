"""Conversations of coding agents, as their clients send them."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

Message = dict[str, Any]

WORDS = [
    "return",
    "value",
    "index",
    "config",
    "server",
    "buffer",
    "parse",
    "token",
    "assert",
    "import",
    "module",
    "error",
    "値",
    "тест",
]


def prose(seed: object, chars: int) -> str:
    """About `chars` characters in lines, always the same of one seed."""
    rng = random.Random(repr(seed))
    text = ""
    while len(text) < chars:
        text += " ".join(rng.choice(WORDS) for _ in range(8)) + f" {rng.randrange(10**6)}\n"
    return text


def user(text: str) -> Message:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def call(ident: str, name: str, arguments: Message) -> Message:
    return {"type": "tool_use", "id": ident, "name": name, "input": arguments}


def result(ident: str, content: Any, **more: Any) -> Message:
    return {"type": "tool_result", "tool_use_id": ident, "content": content, **more}


def tool_round(number: int, chars: int = 3000, path: str = "") -> list[Message]:
    """One call and its result."""
    ident, path = f"call_{number}", path or f"/src/part_{number}.py"
    speech = {"type": "text", "text": f"Step {number}."}
    return [
        {"role": "assistant", "content": [speech, call(ident, "Read", {"file_path": path})]},
        {"role": "user", "content": [result(ident, prose(number, chars))]},
    ]


def session(rounds: int, chars: int = 3000) -> list[Message]:
    """A task and `rounds` tool rounds."""
    return [user("Fix the failing tests."), *(m for number in range(rounds) for m in tool_round(number, chars))]


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """Rounds of every shape: parallel and failed calls, images, repeated reads, thinking, human words, reminders."""
    messages = [user("Fix it. " + prose("task", draw(st.integers(0, 2000))))]
    for number in range(draw(st.integers(0, 40))):
        answer: list[Message] = []
        if draw(st.booleans()):
            answer.append({"type": "thinking", "thinking": prose(number, 200), "signature": ""})
        results: list[Message] = []
        for index in range(draw(st.integers(0, 2))):
            ident = f"call_{number}_{index}"
            path = f"/src/{draw(st.integers(0, 6))}.py"
            kind = draw(st.sampled_from(["Read", "Bash", "Part"]))
            arguments = {"command": f"cat {path}"} if kind == "Bash" else {"file_path": path}
            answer.append(call(ident, "Bash" if kind == "Bash" else "Read", arguments | _part(kind, number)))
            text = prose((number, index), draw(st.sampled_from([10, 400, 3000, 12_000])))
            content: Any = text if draw(st.booleans()) else [{"type": "text", "text": text}, *_image(draw)]
            results.append(result(ident, content, **({"is_error": True} if draw(st.booleans()) else {})))
        answer.append({"type": "text", "text": f"Step {number}."})
        messages.append({"role": "assistant", "content": answer})
        words = [{"type": "text", "text": f"And then {number}?"}] if draw(st.booleans()) or not results else []
        messages.append({"role": "user", "content": [*results, *words]})
        if draw(st.booleans()):
            messages.append({"role": "system", "content": f"<total_tokens>{9000 - number} left</total_tokens>"})
    return messages


def _part(kind: str, number: int) -> Message:
    return {"offset": number, "limit": 50} if kind == "Part" else {}


def _image(draw: st.DrawFn) -> list[Message]:
    source = {"type": "base64", "media_type": "image/png", "data": "aGVsbG8="}
    return [{"type": "image", "source": source}] if draw(st.booleans()) else []
