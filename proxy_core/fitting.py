"""Makes each request fit the model's window: cuts the conversation, budgets the answer, recovers from an overflow."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from proxy_core.events import EngineEvent, OutputCapped, OverflowMet, Pruned
from proxy_core.guardrails.loop_digest import content_key
from proxy_core.guardrails.output_budget import fitting_max_tokens, raised_to_floor
from proxy_core.guardrails.overflow import AGENT_ROLES, asks_to_compact, compacts, prune_settings, too_long
from proxy_core.guardrails.prune_scale import PruneScale
from proxy_core.guardrails.pruning import ANSWER_SHARE, PruneCache, PrunePlan, plan_pruning
from proxy_core.translate.errors import ApiError
from proxy_core.translate.overflow import Overflow
from proxy_core.translate.request import ChatRequest
from proxy_core.translate.types import JsonObject
from proxy_core.turn import Turn
from proxy_core.upstream.tokens import TokenCount

CONVERSATIONS = 1024

COUNT_FROM = 0.15
"""Share of the window whose beginning is counted once, to know what the fixed measure means to this model."""

ASKED, REACHED, FOUND = "an operator asked for it", "the threshold was reached", "an earlier cut, found again"

PRUNED, LESS_ROOM, REFUSED = "pruned and sent again", "sent again with less room for the answer", "refused"

FAR = 0.5
"""Share of the window below which nothing is ever done about a prompt's size."""

BRIM = 0.97
"""Share of the window from which an exact count shows that too little was cut."""


@dataclass(slots=True)
class _Fit:
    """What is known of one conversation. `limit`: a window that an overflow named, 0 none; `cut`: the last cut."""

    scale: PruneScale = field(default_factory=PruneScale)
    limit: int = 0
    cut: int = 0


class Fitting:
    """Engine thread only. `count` counts a Messages API body, `window` is the window in tokens, 0 unknown."""

    def __init__(
        self,
        publish: Callable[[EngineEvent], None],
        count: Callable[[JsonObject], Awaitable[TokenCount]],
        window: Callable[[], int],
    ) -> None:
        self._publish = publish
        self._count = count
        self._window = window
        self._cache = PruneCache()
        self._fits: OrderedDict[str, _Fit] = OrderedDict()

    def forget_limits(self) -> None:
        """The model server is another one, or came back: what overflows said of its window no longer holds."""
        for fit in self._fits.values():
            fit.limit = 0

    async def cut(self, turn: Turn, body: JsonObject) -> JsonObject:
        """The body with as much of the conversation as is to be sent; the body that came in stays as it is."""
        if turn.role not in AGENT_ROLES:
            return body
        fit = self._fit(turn)
        window = self._within(fit)
        messages: list[JsonObject] = body["messages"]
        known = turn.recalled
        keys = known.keys_of(messages) if known is not None else list(map(content_key, messages))
        head = self._cache.digests.head(body)
        if window and not fit.scale.asked:
            await self._count_beginning(fit.scale, body, head, keys, window)
        wishes = turn.session.wishes
        asked = turn.role != "compaction" and wishes.prune_here(keys)
        plan = plan_pruning(
            messages,
            head,
            window,
            prune_settings(turn.settings, turn.role, compacting=_compacts(turn), asked=wishes.prunes(keys)),
            scale=fit.scale.value,
            cache=self._cache,
            keys=keys,
        )
        self._note(turn, fit, plan, asked=asked)
        return body if plan.changes_nothing else {**body, "messages": plan.apply(messages)}

    def corrected(self, turn: Turn, count: TokenCount) -> bool:
        """Whether an exact count shows that more has to be cut than the estimate thought; the next `cut` knows."""
        plan = turn.plan
        if plan is None or count.source != "exact":
            return False
        window = self._within(self._fit(turn))
        if not window or count.tokens <= window * BRIM:
            return False
        return self._learn(turn, plan, count.tokens)

    async def recovered(
        self, turn: Turn, error: ApiError, sent: JsonObject, again: Callable[[], Awaitable[JsonObject]]
    ) -> JsonObject | None:
        """The body to send in place of `sent`, which the server refused as too long; None where nothing is to be won.

        `again` makes the request anew, by what the refusal told; it may raise the `ApiError` for the client.
        """
        if turn.plan is None or error.overflow is None:
            return None
        body = await again() if self._taken_in(turn, turn.plan, error.overflow) else None
        act = _way_out(sent, body)
        limit = error.overflow.limit or self._within(self._fit(turn))
        why = f"the model server refused it; {_why_hopeless(turn)}" if act == REFUSED else "the model server refused it"
        self._met(turn, error.overflow.tokens, limit, act, why)
        return None if act == REFUSED else body

    def _taken_in(self, turn: Turn, plan: PrunePlan, overflow: Overflow) -> bool:
        """Remember what a refusal tells; whether the request may be another one by that."""
        fit = self._fit(turn)
        window = self._within(fit)
        if overflow.limit and (not window or overflow.limit < window):
            fit.limit = overflow.limit
        limit = overflow.limit or window
        tokens = overflow.tokens - overflow.output
        if not limit or (overflow.output and tokens < limit):
            return bool(limit)
        return self._learn(turn, plan, tokens or round(limit * 1.1)) or fit.limit > 0

    def budgeted(self, turn: Turn, chat: ChatRequest, count: TokenCount) -> ChatRequest:
        """The request with an answer that fits behind its prompt. Raises the `ApiError` on which clients compact."""
        window = self._within(self._fit(turn))
        if window:
            self._refuse_hopeless(turn, count, window)
        wished = raised_to_floor(turn.body, turn.settings.max_tokens_floor)
        if wished is None or "max_tokens" not in chat.body:
            return chat
        allowed = fitting_max_tokens(wished, count.tokens, window) if window else wished
        if allowed == chat.body["max_tokens"]:
            return chat
        self._publish(
            OutputCapped(
                **turn.stamp(),
                before=chat.body["max_tokens"],
                after=allowed,
                input_tokens=count.tokens,
                window=window,
            )
        )
        return chat.with_body(chat.body | {"max_tokens": allowed})

    def is_far(self, turn: Turn, chat: ChatRequest, most: int) -> bool:
        """Whether a prompt of at most `most` tokens is as it should be, whatever its size."""
        window = self._within(self._fit(turn))
        if window and most > FAR * window:
            return False
        wished = raised_to_floor(turn.body, turn.settings.max_tokens_floor)
        if wished is None or "max_tokens" not in chat.body:
            return True
        return chat.body["max_tokens"] == (fitting_max_tokens(wished, most, window) if window else wished)

    def finished(self, turn: Turn, prompt_tokens: int) -> None:
        """The server counted `prompt_tokens` for what was sent."""
        if turn.plan is not None:
            fit, cut = self._fit(turn), not turn.plan.changes_nothing
            fit.scale.answered(prompt_tokens, turn.plan.weight, self._within(fit), cut=cut)

    def _refuse_hopeless(self, turn: Turn, count: TokenCount, window: int) -> None:
        plan, limit = turn.plan, window
        over = count.source == "exact" and count.tokens > window
        if plan is not None and turn.role == "main" and asks_to_compact(turn.settings, turn.body, _compacts(turn)):
            wall = round(window * (1 - ANSWER_SHARE))
            if plan.over_wall and count.tokens > wall:
                over, limit = True, wall
        if over:
            self._met(turn, count.tokens, limit, REFUSED, _why_hopeless(turn))
            raise too_long(count.tokens, limit)

    async def _count_beginning(
        self, scale: PruneScale, body: JsonObject, head: int, keys: list[int], window: int
    ) -> None:
        """Count the beginning of the conversation: the same on every turn and after every restart."""
        messages: list[JsonObject] = body["messages"]
        weight = head
        for index, digest in enumerate(self._cache.digests.digests(messages, keys)):
            if weight >= COUNT_FROM * window and index and digest.assistant:
                scale.asked = True
                counted = await self._count({**body, "messages": messages[:index]})
                if counted.source == "exact":
                    scale.counted_exactly(counted.tokens, weight)
                return
            weight += digest.weight

    def _learn(self, turn: Turn, plan: PrunePlan, tokens: int) -> bool:
        scale = self._fit(turn).scale
        before = scale.value
        scale.overflowed(tokens, plan.weight)
        return scale.value > before

    def _note(self, turn: Turn, fit: _Fit, plan: PrunePlan, *, asked: bool) -> None:
        turn.plan = plan
        cut = hash((plan.dropped, frozenset(plan.cuts.items()))) if not plan.changes_nothing else 0
        if asked or (cut and cut != fit.cut):
            told = plan.prunes[-1:] if plan.fresh else () if asked else plan.prunes
            turn.pruned = True
            turn.session.acts["prune"] += 1
            self._publish(
                Pruned(
                    **turn.stamp(),
                    before=round(told[0].before * fit.scale.value) if plan.fresh and told else plan.full,
                    after=plan.size,
                    superseded=sum(prune.superseded for prune in told),
                    shortened=sum(prune.shortened for prune in told),
                    turns=sum(prune.turns for prune in told),
                    why=ASKED if asked else REACHED if plan.fresh else FOUND,
                )
            )
            fit.cut = cut

    def _met(self, turn: Turn, tokens: int, limit: int, act: str, why: str) -> None:
        turn.session.acts["overflow"] += 1
        self._publish(
            OverflowMet(
                **turn.stamp(),
                tokens=tokens,
                limit=limit,
                act=act,
                why=why,
            )
        )

    def _fit(self, turn: Turn) -> _Fit:
        key = turn.session.key
        fit = self._fits.get(key)
        if fit is None:
            fit = self._fits[key] = _Fit()
            if len(self._fits) > CONVERSATIONS:
                self._fits.popitem(last=False)
        else:
            self._fits.move_to_end(key)
        return fit

    def _within(self, fit: _Fit) -> int:
        window, limit = self._window(), fit.limit
        return min(window, limit) if window and limit else window or limit


def _way_out(sent: JsonObject, body: JsonObject | None) -> str:
    """What is done about a refused request: a server that refused a body refuses the same body again."""
    if body is None:
        return REFUSED
    if body["messages"] != sent["messages"]:
        return PRUNED
    return LESS_ROOM if body.get("max_tokens", 0) < sent.get("max_tokens", 0) else REFUSED


def _why_hopeless(turn: Turn) -> str:
    """Why no cut is to be had of a conversation, for the operator."""
    if any(message["role"] == "assistant" for message in turn.body["messages"]):
        return "nothing more may be cut, the client can compact"
    return "this first prompt, with its tools, is larger than the window"


def _compacts(turn: Turn) -> bool:
    return compacts(turn.identity.client, turn.identity.source, turn.role)
