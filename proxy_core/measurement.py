"""Measures each request on its way: what its prompt costs, how it is placed, and what the server made of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from proxy_core.events import EngineEvent, PrefixBroken
from proxy_core.exchange import Outcome
from proxy_core.guardrails.policy import AGENT_ROLES
from proxy_core.translate.errors import ApiError
from proxy_core.translate.request import ChatRequest
from proxy_core.turn import Turn
from proxy_core.upstream.facts import UpstreamFacts
from proxy_core.upstream.outline import PARTS, Outline
from proxy_core.upstream.slots import SlotBook
from proxy_core.upstream.tokens import TokenCount, TokenCounter

NEAR = 0.6
"""Share of the window below which a prompt is far from every limit: an estimate will do, nobody waits for a count."""

SMALL_BODY = 16_384
"""Bytes of a request up to which they tell enough of its prompt: a token is at least a byte."""

ADDED = 4096
"""Tokens that the template, the working protocol and an image may add to those bytes."""

COUNT_PATIENCE = 1.5
"""Seconds that a request may wait for an exact count."""

COSTLY_BREAK = 1000
"""Tokens to read again from which a broken prefix is worth an event."""

LIKE_THE_LAST = AGENT_ROLES | {"compaction"}
"""Requests that begin with the conversation, so that its last prompt tells most of what they cost."""


MEMORY_FULL = "context size has been exceeded"
"""What llama.cpp says in the middle of all running answers when its slots have filled the memory that they share."""


def most_of_small(turn: Turn) -> int | None:
    """The most tokens that a small request's prompt can have; None for others, which have to be counted."""
    size = turn.recalled.size if turn.recalled is not None else 0
    return size + ADDED if 0 < size <= SMALL_BODY else None


def shared_memory_full(error: ApiError, tokens: int, window: int) -> bool:
    """Whether an answer broke off because other slots filled the server's memory: its own `tokens` were far fewer."""
    return MEMORY_FULL in error.message.lower() and error.overflow is None and 0 < tokens < 0.9 * window


@dataclass(slots=True)
class Measurement:
    """Engine thread only."""

    counter: TokenCounter
    slots: SlotBook
    publish: Callable[[EngineEvent], None]

    async def count(self, turn: Turn, chat: ChatRequest, facts: UpstreamFacts, window: int) -> TokenCount:
        """The best figure for a prompt; asks the server only when the prompt may come near the window."""
        best = self.estimated(turn, chat)
        if best.source != "exact" and window and best.most >= NEAR * window:
            counted = await self.counter.count(chat.body, facts, COUNT_PATIENCE)
            best = counted if counted.source == "exact" else best
            turn.count, turn.input_tokens = best, best.tokens
        return best

    def estimated(self, turn: Turn, chat: ChatRequest) -> TokenCount:
        """The best figure for a prompt at once."""
        thread = turn.thread
        turn.outline, thread.begun = self.counter.outlines.outline_from(chat.body, thread.begun)
        near = turn.session.prefix.last if turn.role in LIKE_THE_LAST else None
        turn.count = best = self.counter.best(turn.outline, near)
        turn.input_tokens = best.tokens
        return best

    def ensure_estimated(self, turn: Turn, chat: ChatRequest) -> None:
        """Estimate the prompt of a request that is on its way, unless that was done before."""
        if turn.count is None:
            self.estimated(turn, chat)

    def placed(self, turn: Turn, chat: ChatRequest, facts: UpstreamFacts, active: Iterable[Turn]) -> ChatRequest:
        """The request with the fields by which llama.cpp reports its progress and finds its slot."""
        if facts.kind != "llama.cpp":
            return chat
        extra: dict[str, object] = {"return_progress": True}
        if turn.settings.side_slot == "auto":
            busy = {other.slot for other in active if other.slot is not None}
            turn.slot = self.slots.choose(turn.session.key, turn.role, time.monotonic(), busy)
            if turn.slot is not None:
                extra["id_slot"] = turn.slot
        return chat.with_body(chat.body | extra)

    def finished(self, turn: Turn, outline: Outline, outcome: Outcome, requests: int) -> None:
        """Learn from an answer what its prompt really cost. `requests`: how many the engine has had so far."""
        usage, prefix = outcome.usage, turn.session.prefix
        own = turn.role in AGENT_ROLES
        self.counter.observe(outline, usage.prompt_tokens, prefix.last if own else None)
        if not own:
            return
        passed = requests - prefix.requests - 1
        prefix.requests, prefix.slot = requests, turn.slot
        seen = prefix.record(
            outline,
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cache_read_input_tokens,
            told=outcome.timings is not None,
            pruned=turn.pruned,
            others=max(passed, 0),
        )
        turn.session.monitor.count_label = turn.count.label if turn.count is not None else ""
        turn.session.monitor.fill = self._fill(outline, usage.prompt_tokens)
        if seen.lost > COSTLY_BREAK and seen.cause not in {"", "first"}:
            self.publish(
                PrefixBroken(
                    **turn.stamp(),
                    cause=seen.cause,
                    detail=seen.detail,
                    lost=seen.lost,
                    prefilled=seen.prefilled,
                    prompt_tokens=seen.prompt_tokens,
                )
            )

    def overflowed(self, turn: Turn, error: ApiError, facts: UpstreamFacts) -> None:
        """Learn from a refusal that tells the true size of the prompt. Only llama.cpp never adds the answer to it."""
        overflow = error.overflow
        if turn.outline is not None and overflow is not None and overflow.tokens and facts.kind == "llama.cpp":
            self.counter.observe(turn.outline, overflow.tokens)

    def _fill(self, outline: Outline, prompt_tokens: int) -> dict[str, int]:
        """Tokens of each part of a prompt; together what the server counted."""
        tokens: dict[str, float] = {}
        for part in PARTS:
            if part in outline.fill:
                mix = outline.fill[part]
                tokens[part] = self.counter.calibration.tokens(outline.model, mix) or mix.total
        scale = prompt_tokens / (sum(tokens.values()) or 1)
        return {part: round(amount * scale) for part, amount in tokens.items()}
