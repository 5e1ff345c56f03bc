"""What the guardrails cost in time: `python -m tests.gauntlet.costs`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson

from proxy_core.guardrails.loop_breaker import plan
from proxy_core.guardrails.loop_digest import place_key
from proxy_core.guardrails.loop_score import ScoreCache, last_human
from proxy_core.guardrails.policy import loop_settings
from proxy_core.settings import Settings
from proxy_core.translate.request import RequestOptions, to_chat_completions
from proxy_core.translate.validate import validate_messages_request

JsonObject = dict[str, Any]
SETTINGS = loop_settings(Settings())
LINE = "    %4d\tdef resolve_%d(config, router):  # line %d of the module\n"


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


def analysed(messages: list[JsonObject], cache: ScoreCache) -> None:
    """All that the loop breaker does with a request."""
    keys = [place_key(message) for message in messages]
    last_human(messages, keys)
    plan(messages, SETTINGS, 0.5, cache, keys)


def timed(raw: list[bytes], act: Callable[[JsonObject], object]) -> float:
    """The shortest of many runs on freshly parsed bodies, in milliseconds of the processor."""
    taken: list[float] = []
    for number in range(30):
        body = orjson.loads(raw[number % len(raw)])
        began = time.process_time()
        act(body)
        taken.append((time.process_time() - began) * 1000)
    return min(taken)


def translated(raw: bytes) -> None:
    """What a request costs without guardrails: read, checked, translated and written."""
    body = validate_messages_request(orjson.loads(raw))
    orjson.dumps(to_chat_completions(body, RequestOptions(model="m")).body)


def main() -> None:
    """Measure and print."""
    for messages, size in ((401, 200_000), (401, 2_000_000)):
        made = history(messages, size)
        raw = [orjson.dumps({"model": "m", "max_tokens": 9, "messages": part}) for part in (made, made[:-2])]
        warm = ScoreCache()
        cold = timed(raw[:1], lambda body: analysed(body["messages"], ScoreCache()))
        again = timed(raw, lambda body, warm=warm: analysed(body["messages"], warm))
        translation = timed(raw[:1], lambda _, one=raw[0]: translated(one))
        print(
            f"{messages} messages, {size / 1e6:g} MB: analysis {cold:.2f} ms cold, {again:.2f} ms warm; translation "
            f"{translation:.2f} ms, to which that adds {again / translation:.0%} ({cold / translation:.0%} cold)"
        )


if __name__ == "__main__":
    main()
