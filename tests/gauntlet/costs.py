"""What the loop breaker costs in time, on the product's own road: `python -m tests.gauntlet.costs`."""

from __future__ import annotations

import statistics
import time
from typing import Any

import orjson

from proxy_core.body_reading import BodyReader
from proxy_core.guardrails.loop_breaker import plan
from proxy_core.guardrails.loop_history import ScoreCache
from proxy_core.guardrails.policy import loop_settings
from proxy_core.message_memory import MessageMemory
from proxy_core.settings import Settings
from proxy_core.threads import Thread
from proxy_core.translate.request import RequestOptions, to_chat_completions
from proxy_core.translate.validate import validate_messages_request
from proxy_core.translate.written import write

JsonObject = dict[str, Any]
SETTINGS = loop_settings(Settings())
LINE = "    %4d\tdef resolve_%d(config, router):  # line %d of the module\n"
ROUNDS = 25
TURNS = 12
"""Requests in a round: the first is seen for the first time, each other one is a turn longer."""


def history(messages: int, size: int) -> list[JsonObject]:
    """A conversation of so many messages, `size` bytes in all, as an agent makes it."""
    out: list[JsonObject] = [{"role": "user", "content": "Work on the task."}]
    each = max(size // (messages // 2) - 300, 20)
    for turn in range((messages - 1) // 2):
        lines = "".join(LINE % (n, turn, n) for n in range(each // 60 + 1))[:each]
        path = f"/srv/module_{turn}.py"
        call = {"type": "tool_use", "id": f"toolu_{turn}", "name": "Read", "input": {"file_path": path}}
        result = {"type": "tool_result", "tool_use_id": f"toolu_{turn}", "content": lines}
        out += [{"role": "assistant", "content": [{"type": "text", "text": f"Next is {path}."}, call]},
                {"role": "user", "content": [result]}]  # fmt: skip
    return out


class Road:
    """The work on a request with the caches that live as long as the process, with the loop breaker or without."""

    def __init__(self, *, guarded: bool) -> None:
        self._bodies = BodyReader(MessageMemory())
        self._thread = Thread()
        self._scores = ScoreCache()
        self._guarded = guarded

    def travel(self, raw: bytes) -> tuple[float, float]:
        """Milliseconds of the processor for all of it, from bytes to bytes, and for the loop breaker within that."""
        began = time.process_time()
        recalled = self._bodies.read(raw)
        body = validate_messages_request(recalled.body, passed=recalled.valid, tools_passed=recalled.tools_valid)
        recalled.accept()
        messages: list[JsonObject] = body["messages"]
        before = time.process_time()
        if self._guarded:
            messages = plan(messages, SETTINGS, 0.5, self._scores, recalled.keys).messages
        analysed = time.process_time()
        read = recalled.reading(messages, None).all()
        chat = to_chat_completions(body, RequestOptions(model="m"), read, None, self._thread.conversation)
        self._thread.conversation = chat.conversation
        write(chat.body)
        return (time.process_time() - began) * 1000, (analysed - before) * 1000


def measured(bodies: list[bytes]) -> list[tuple[float, float, float]]:
    """For each request of a growing conversation: the medians of all with and without, and of the loop breaker."""
    taken: list[list[tuple[float, float, float]]] = [[] for _ in bodies]
    for _ in range(ROUNDS):
        guarded, bare = Road(guarded=True), Road(guarded=False)
        for found, raw in zip(taken, bodies, strict=True):
            whole, analysis = guarded.travel(raw)
            found.append((whole, bare.travel(raw)[0], analysis))
    return [_medians(found) for found in taken]


def _medians(rows: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    whole, bare, analysis = (statistics.median(row[part] for row in rows) for part in range(3))
    return whole, bare, analysis


def main() -> None:
    """Measure and print."""
    for messages, size in ((401, 200_000), (401, 2_000_000)):
        made = history(messages, size)
        ends = [len(made) - 2 * (TURNS - number) for number in range(1, TURNS + 1)]
        bodies = [orjson.dumps({"model": "m", "max_tokens": 9, "messages": made[:end]}) for end in ends]
        first, *later = measured(bodies)
        for word, (whole, bare, analysis) in (("first seen", first), ("a turn later", _medians(later))):
            print(
                f"{messages} messages, {size / 1e6:g} MB, {word}: analysis {analysis:.2f} ms; translation "
                f"{bare:.2f} ms, with it {whole:.2f} ms (+{whole / bare - 1:.0%})"
            )


if __name__ == "__main__":
    main()
