"""The scripted model of a gauntlet session: it works through a plan, and now and then gets a turn wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.core.api.scripted_upstream import Call

from .flaws import CUT, FLAWS, Meant, right, text_of

JsonObject = dict[str, Any]
Answer = list[bytes]


@dataclass
class Model:
    """Answers one session. `steps` are the calls it means to make, `last_words` what it says when they are done.

    `questions`: what it asks before a step. `flaws` gives, for the step's number and how often it was asked for it
    before, the name of a flaw or "". A model with `instead` is beyond help: it always answers that. `request` is the
    number of the agent's request: a second call for one that had got a sound answer was needless.
    """

    steps: list[Meant]
    last_words: str
    seed: str
    questions: dict[int, str] = field(default_factory=dict)
    flaws: Callable[[int, int], str] = lambda step, attempt: ""
    instead: Callable[[JsonObject], Answer] | None = None
    request: int = 0
    bodies: list[bytes] = field(default_factory=list)
    needless: int = 0
    flawed: int = 0
    _asked: dict[int, int] = field(default_factory=dict)
    _sound: int = 0

    async def answer(self, call: Call) -> None:
        """Answer one request."""
        self.bodies.append(orjson.dumps(call.body))
        events = self.instead(call.body) if self.instead else self._events(call.body["messages"])
        await call.start_stream()
        for event in events:
            if event == CUT:
                await call.cut()
                return
            await call.send(event)
        await call.end()

    def _events(self, messages: list[JsonObject]) -> Answer:
        self.needless += self._sound == self.request
        step = done_steps(self.steps, messages)
        attempt = self._asked.get(step, 0)
        self._asked[step] = attempt + 1
        rng = random.Random(f"{self.seed}/{step}/{attempt}")
        flaw = self.flaws(step, attempt) if step < len(self.steps) else ""
        if flaw:
            self.flawed += 1
            return rng.choice(FLAWS[flaw])(self.steps[step], rng)
        self._sound = self.request
        question = self.questions.get(step)
        if question is not None and not any(message.get("content") == question for message in messages):
            return text_of(question)
        return text_of(self.last_words) if step == len(self.steps) else right(self.steps[step], rng)


def done_steps(steps: list[Meant], messages: list[JsonObject]) -> int:
    """How many steps have their result: models see what they have done, whoever asked in between."""
    results = {message["tool_call_id"] for message in messages if message["role"] == "tool"}
    made = [
        (call["function"]["name"], orjson.loads(call["function"]["arguments"]))
        for message in messages
        for call in message.get("tool_calls") or ()
        if call["id"] in results
    ]
    done = 0
    for act in made:
        done += done < len(steps) and act == steps[done]
    return done
