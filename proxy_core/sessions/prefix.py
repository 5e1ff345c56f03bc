"""Watches how much of each prompt a model server can take from its cache, and what spoilt the rest.

A server re-uses the longest common beginning of two prompts. A change near the beginning (another system text, a tool
more) makes it read everything behind it anew, which takes a local model minutes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from struct import Struct
from typing import Literal, TypeAlias, get_args

from proxy_core.upstream.outline import Outline
from proxy_core.upstream.tokens import Counted
from proxy_core.value_types import value_type

TURNS_KEPT = 10
SLACK = 64
"""Tokens that a server may read anew although nothing changed: the head of the answer, the end of a batch."""

Cause: TypeAlias = Literal[
    "", "first", "model", "tools", "system", "edited", "shortened", "pruned", "server cache", "unexplained"
]
"""Why a prompt does not begin with the one before it; "" when it does. "server cache": it does, but the server had
less of it; "unexplained": so as well, and nothing else was asked of the server in between."""

_CAUSES: tuple[Cause, ...] = get_args(Cause)
_FIGURES = Struct("=6i?B")
_MOST_TOKENS = 2**31 - 1
"""More than that a broken server says, and the figures of turns hold no more."""


@value_type
class PrefixTurn:
    """One turn. `shared_messages` of the `messages` before and about `shared_tokens` of their tokens came again.

    `prefilled` are the tokens that the server computed, `measured` says whether the server told so; `lost` are those
    of them that it would not have had to compute had everything before stayed as it was.
    """

    messages: int
    shared_messages: int
    shared_tokens: int
    prompt_tokens: int
    prefilled: int
    measured: bool
    lost: int
    cause: Cause
    detail: str

    def figures(self) -> bytes:
        """All but the detail, in an eighth of the memory."""
        counts = (
            self.messages,
            self.shared_messages,
            self.shared_tokens,
            self.prompt_tokens,
            self.prefilled,
            self.lost,
        )
        return _FIGURES.pack(*counts, self.measured, _CAUSES.index(self.cause))

    @staticmethod
    def of(figures: tuple[int, int, int, int, int, int, bool, int], detail: str) -> PrefixTurn:
        """The turn of these figures."""
        messages, same, tokens, prompt, prefilled, lost, measured, cause = figures
        return PrefixTurn(messages, same, tokens, prompt, prefilled, measured, lost, _CAUSES[cause], detail)


@dataclass(slots=True)
class PrefixMonitor:
    """The prompts of one conversation, each against the one before.

    Keeps the last one's outline, without what it is filled with, and ten turns.
    """

    last: Counted | None = None
    prefilled: int = 0
    """Of the last turn."""
    breaks: Counter[str] = field(default_factory=Counter)  # Counter[str]() would write its type into each: 0.3 KB
    total_prefilled: int = 0
    total_lost: int = 0
    requests: int = 0
    """How many requests there had been of all conversations when the last one of this was recorded."""
    last_break: str = ""
    slot: int | None = None
    """The slot of the model server that was chosen for the conversation; None when the server chooses."""
    _caches: bool = False
    _figures: bytes = bytes(TURNS_KEPT * _FIGURES.size)
    """Of the last turns, behind zeros: in all sessions of one length, so that what is let go of fits the next."""
    _details: str = ""
    """Their details, each with a line feed behind it."""

    def record(  # noqa: PLR0913 - what is known of one request
        self,
        outline: Outline,
        *,
        prompt_tokens: int,
        cached_tokens: int,
        told: bool,
        pruned: bool = False,
        others: int = 0,
    ) -> PrefixTurn:
        """Take in a finished request of the conversation itself.

        `told`: the server reports what came from its cache (llama.cpp's timings); else that is believed once it has
        reported some. `pruned`: the proxy cut this prompt. `others`: requests of other conversations since the last.
        """
        prompt_tokens, cached_tokens = min(prompt_tokens, _MOST_TOKENS), min(cached_tokens, _MOST_TOKENS)
        self._caches = self._caches or told or cached_tokens > 0
        turn = self._turn(outline, prompt_tokens, cached_tokens, pruned=pruned, others=others)
        self.last = Counted(outline.unfilled(), prompt_tokens)
        self.keep(turn)
        self.total_prefilled += turn.prefilled
        self.total_lost += turn.lost
        if turn.cause not in {"", "first"}:
            self.breaks[turn.cause] += 1
            self.last_break = turn.detail
        return turn

    @property
    def turns(self) -> list[PrefixTurn]:
        """The last turns, oldest first."""
        details = self._details.split("\n")[:-1]
        figures = self._figures[len(self._figures) - _FIGURES.size * len(details) :]
        return list(map(PrefixTurn.of, _FIGURES.iter_unpack(figures), details))

    def keep(self, turn: PrefixTurn) -> None:
        """Remember a turn."""
        self.prefilled = turn.prefilled
        self._figures = self._figures[_FIGURES.size :] + turn.figures()
        details = [*self._details.split("\n")[-TURNS_KEPT:-1], turn.detail.replace("\n", " "), ""]
        self._details = "\n".join(details)

    def _turn(self, new: Outline, prompt: int, cached: int, *, pruned: bool, others: int) -> PrefixTurn:
        before = self.last
        if before is None:
            return PrefixTurn(0, 0, 0, prompt, prompt - cached, self._caches, 0, "first", "")
        old = before.outline
        shared = 0 if old.model != new.model else old.shared_with(new)
        whole = shared == len(old)
        shared_tokens = before.tokens if whole else round(before.tokens * sum(old.costs[:shared]) / (old.raw or 1))
        shared_tokens = min(shared_tokens, prompt)
        prefilled = prompt - (cached if self._caches else shared_tokens)
        if whole:
            lost = max(shared_tokens - cached, 0) if self._caches else 0
            cause, detail = _short_of_cache(cached, shared_tokens, others) if lost > SLACK else ("", "")
            lost = lost if cause else 0
        else:
            lost = max(prefilled - _fresh(old, new, shared, prompt), 0)
            cause, detail = _difference(old, new, shared, pruned=pruned)
        return PrefixTurn(
            messages=len(old) - old.tools,
            shared_messages=max(shared - old.tools, 0),
            shared_tokens=shared_tokens,
            prompt_tokens=prompt,
            prefilled=prefilled,
            measured=self._caches,
            lost=lost,
            cause=cause,
            detail=detail,
        )


def _fresh(old: Outline, new: Outline, shared: int, prompt: int) -> int:
    """Tokens of what is new in a prompt, whatever came before it: what even a perfect prefix had to compute.

    A piece that stands in the place of another one of its kind counts as the old one changed, unless the history was
    shortened: there it is a summary.
    """
    known = set(old.fingerprints)
    raw = sum(
        cost for mark, cost in zip(new.fingerprints[shared:], new.costs[shared:], strict=True) if mark not in known
    )
    edited = len(new) >= len(old) and _kind(old, shared) == _kind(new, shared)
    if edited and shared < len(new) and new.fingerprints[shared] not in known:
        raw -= min(old.costs[shared], new.costs[shared])
    return round(raw * prompt / (new.raw or 1))


def _kind(outline: Outline, place: int) -> str:
    if place < outline.tools:
        return "tool"
    roles = outline.roles
    return roles[place - outline.tools] if place < len(outline) else ""


def _difference(old: Outline, new: Outline, shared: int, *, pruned: bool) -> tuple[Cause, str]:
    if old.model != new.model:
        return "model", f"another model: {new.model} after {old.model}"
    if old.fingerprints[: old.tools] != new.fingerprints[: new.tools]:
        return "tools", _tools_difference(old, new)
    place = shared - old.tools
    kind = _kind(old, shared)
    if kind == "system" and place == 0:
        return "system", "the system text changed"
    where = f"message {place + 1} of {len(old) - old.tools} ({kind})"
    if pruned:
        return "pruned", f"history was cut from {where} on"
    if len(new) < len(old):
        return "shortened", f"the client shortened its history from {where} on"
    return "edited", f"{where} is not what it was"


def _tools_difference(old: Outline, new: Outline) -> str:
    mine, theirs = old.fingerprints[: old.tools], new.fingerprints[: new.tools]
    if sorted(mine) == sorted(theirs):
        return "the tools came in another order"
    gone, come = len(set(mine) - set(theirs)), len(set(theirs) - set(mine))
    if gone and come:
        return f"{come} of {new.tools} tools changed"
    return f"{come} tools were added" if come else f"{gone} tools were taken away"


def _short_of_cache(cached: int, shared: int, others: int) -> tuple[Cause, str]:
    have = f"the prompt began as before, but the server had only {cached:,} of {shared:,} tokens of it"
    if others:
        return "server cache", f"{have}; {others} other requests ran in between"
    return "unexplained", f"{have}; its template may write earlier turns differently, or somebody else used its slot"
