"""Two processes that serve one conversation, one after the other, send the same of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from proxy_core.events import EngineEvent
from proxy_core.fitting import Fitting
from proxy_core.sessions.identity import identify
from proxy_core.sessions.store import Session, SessionStore
from proxy_core.settings import Settings
from proxy_core.turn import Turn
from proxy_core.upstream.tokens import TokenCount

from .guardrails.conversations import Message, session

WINDOW = 16_384


def _forgotten(_: Session, __: str) -> None:
    """Nobody is told."""


class Process:
    """A process of its own in front of a model whose tokens are `characters` long; it can count when `counts`."""

    def __init__(self, characters: float, *, counts: bool) -> None:
        self.events: list[EngineEvent] = []
        self.counted = 0
        self._characters = characters
        self._source = "exact" if counts else "estimate"
        self._sessions = SessionStore(_forgotten)
        self.fitting = Fitting(self.events.append, self._count, lambda: WINDOW)

    async def _count(self, body: Message) -> TokenCount:
        self.counted += 1
        return TokenCount(self.size(body["messages"]), self._source)

    def size(self, messages: list[Message]) -> int:
        return round(len(json.dumps(messages, ensure_ascii=False)) / self._characters)

    def turn(self, messages: list[Message], role: str = "main") -> tuple[list[Message], Turn]:
        """What is sent, after the model has answered it."""
        body: dict[str, Any] = {"model": "m", "max_tokens": 10, "messages": messages}
        identity = identify({"x-session-id": "s"}, body)
        known, _ = self._sessions.get_or_create(identity, body, now=0, ttl=10, limit=10)
        turn = Turn("req", body, identity, role, known, Settings(), stream=False)
        sent: list[Message] = asyncio.run(self.fitting.cut(turn, body))["messages"]
        self.fitting.finished(turn, self.size(sent))
        return sent, turn


@pytest.mark.parametrize("characters", [1.5, 2.6, 3.6, 4.8])
def test_a_restart_changes_nothing_where_the_server_counts(characters: float) -> None:
    messages = session(40)
    first = Process(characters, counts=True)
    for end in range(1, len(messages) + 1, 2):
        sent, _ = first.turn(messages[:end])
        assert first.size(sent) <= WINDOW
        if end % 10 == 1:
            assert Process(characters, counts=True).turn(messages[:end])[0] == sent
    assert first.counted == 1
    assert 2 <= len(first.events) <= 25


def test_without_a_counter_the_first_answer_tells_what_a_token_is() -> None:
    messages = session(40)
    process = Process(1.5, counts=False)
    sizes = [process.size(process.turn(messages[:end])[0]) for end in range(1, len(messages) + 1, 2)]
    assert max(sizes) < WINDOW


def test_side_requests_go_out_as_they_are_and_tell_nothing() -> None:
    messages = session(60)
    process = Process(3.6, counts=True)
    sent, turn = process.turn(messages, role="title")
    assert sent is messages
    assert turn.plan is None
    assert not process.events


def test_each_cut_is_told_once() -> None:
    messages = session(13)
    process = Process(3.6, counts=True)
    for _ in range(3):
        process.turn(messages)
    process.turn(session(1))
    process.turn([*messages, {"role": "assistant", "content": "done"}, {"role": "user", "content": "and?"}])
    assert [event.kind for event in process.events] == ["context.pruned"]
