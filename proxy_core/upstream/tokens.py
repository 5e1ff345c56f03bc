"""How many tokens a prompt costs: counted by the model server where it can, else estimated and calibrated."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from proxy_core.translate.types import JsonObject
from proxy_core.upstream.calibration import SMALLEST, Calibration
from proxy_core.upstream.facts import UpstreamFacts
from proxy_core.upstream.outline import Outline, OutlineBook
from proxy_core.upstream.prompt_counts import COUNT_SECONDS, PromptCounts
from proxy_core.value_types import value_type

__all__ = ["Counted", "TokenCount", "TokenCounter", "estimate"]

UNKNOWN_ERROR = 0.25
"""Relative error taken for an estimate of a model that nothing is known of yet: 95 of 100 texts stay below it."""


@value_type
class TokenCount:
    """Tokens of a prompt, and how they are known.

    `source` is "exact" (the server counted), "calibrated" (an estimate corrected by what the server counted before)
    or "estimate". `error` is the relative error that nine of ten such figures stay below, 0.1 for ten per cent; None is
    unknown.
    """

    tokens: int
    source: str
    error: float | None = None

    @property
    def label(self) -> str:
        """The source for people: "exact", "calibrated ±3 %", "estimate"."""
        return self.source if not self.error else f"{self.source} ±{max(round(self.error * 100), 1)} %"

    @property
    def most(self) -> int:
        """What it may be at worst, by the error."""
        return round(self.tokens * (1 + (UNKNOWN_ERROR if self.error is None else self.error)))


@value_type
class Counted:
    """A prompt that the model server counted: the nearest known point for the next prompt of the conversation."""

    outline: Outline
    tokens: int


def estimate(body: JsonObject) -> int:
    """Tokens of a Chat Completions body as a prompt, without calibration: messages, tools and the template's marks."""
    return max(round(OutlineBook().outline(body).raw), 1)


class TokenCounter:
    """Counts for one model server."""

    def __init__(self, client: httpx.AsyncClient, root: str, headers: Mapping[str, str] | None = None) -> None:
        self.outlines = OutlineBook()
        self.calibration = Calibration()
        self._server = PromptCounts(client, root, headers)

    def estimate(self, body: JsonObject) -> TokenCount:
        """The tokens of a Chat Completions body at once, without asking."""
        return self.best(self.outlines.outline(body))

    def best(self, outline: Outline, near: Counted | None = None) -> TokenCount:
        """The best figure at once. With a counted prompt of the same conversation only the difference is estimated."""
        calibrated = self.calibration.tokens(outline.model, outline.mix)
        error = self.calibration.error(outline.model)
        if near is not None and near.outline.model == outline.model:
            return self._from(near, outline, error)
        if calibrated is None:
            return TokenCount(max(round(outline.raw), 1), "estimate")
        return TokenCount(max(round(calibrated), 1), "calibrated", error)

    def _from(self, near: Counted, outline: Outline, error: float | None) -> TokenCount:
        shared = near.outline.shared_with(outline)
        if shared == len(outline) == len(near.outline):
            return TokenCount(near.tokens, "exact", 0.0)
        difference = outline.mix.minus(near.outline.mix)
        change = self.calibration.tokens(outline.model, difference)
        tokens = max(round(near.tokens + (difference.total if change is None else change)), 1)
        moved = sum(outline.costs[shared:]) + sum(near.outline.costs[shared:])
        return TokenCount(tokens, "calibrated", min((error or UNKNOWN_ERROR) * moved / tokens, 1.0))

    async def count(self, body: JsonObject, facts: UpstreamFacts, patience: float = COUNT_SECONDS) -> TokenCount:
        """The tokens of a Chat Completions body: exact where the server counts within `patience` seconds, else the
        best figure. Never fails.
        """
        tokens = await self._server.count(body, facts, patience)
        if not tokens:
            return self.estimate(body)
        self.calibration.observe(str(body.get("model", "")), self.outlines.outline(body).mix, tokens)
        return TokenCount(tokens, "exact", 0.0)

    def observe(self, outline: Outline, tokens: int, near: Counted | None = None) -> None:
        """The server counted `tokens` for a prompt (cached ones included); `near`: the prompt of the turn before.

        What a turn added teaches more than the whole, in which it is one part of many.
        """
        model = outline.model
        self.calibration.observe(model, outline.mix, tokens)
        if near is None or near.outline.mix == outline.mix:
            return
        if near.outline.model == model and near.outline.shared_with(outline) == len(near.outline):
            added = outline.mix.minus(near.outline.mix)
            if added.total >= 4 * SMALLEST:
                self.calibration.observe(model, added, tokens - near.tokens)
