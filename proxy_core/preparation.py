"""What happens to a request before it goes out: the guardrails look at it, it is translated, and then steered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeAlias

from proxy_core.body_reading import BodyReader
from proxy_core.events import EngineEvent, LoopActed, RequestAltered
from proxy_core.guardrails.loop_breaker import LoopPlan, plan
from proxy_core.guardrails.loop_history import ScoreCache, last_human
from proxy_core.guardrails.policy import AGENT_ROLES, demanded_choice, loop_settings, rails_policy, supplemented
from proxy_core.guardrails.rails import RailsPolicy
from proxy_core.guardrails.tool_hiding import without_tools, worth_hiding
from proxy_core.loop_costs import loop_costs
from proxy_core.message_memory import MessageMemory
from proxy_core.recalled import Recalled
from proxy_core.settings import Settings
from proxy_core.threads import Thread, Threads
from proxy_core.translate.request import ChatRequest, RequestOptions, to_chat_completions
from proxy_core.translate.types import JsonObject
from proxy_core.turn import Turn
from proxy_core.upstream.discovery import UpstreamFacts
from proxy_core.upstream.model_names import parse_model_map, served_model
from proxy_core.value_types import value_type

Cut: TypeAlias = Callable[[Turn, JsonObject], Awaitable[JsonObject]]
"""Leaves of a Messages API body what is to be sent."""

ACTS = {1: "a note to the model", 2: "free tool choice", 3: "the tool left out or forbidden", 4: "the turn was ended"}


@value_type
class Prepared:
    """A request ready to be sent, what may be done to its answer, and `ending`: the answer when nobody is asked."""

    chat: ChatRequest
    policy: RailsPolicy
    ending: str


class Preparation:
    """Holds the caches that make the guardrails' looks cheap; what they decide follows from the request alone."""

    def __init__(self, publish: Callable[[EngineEvent], None], cut: Cut) -> None:
        self._publish = publish
        self._cut = cut
        self._scores = ScoreCache()
        self._memory = MessageMemory()
        self.bodies = BodyReader(self._memory)
        self._threads = Threads()

    async def prepare(self, turn: Turn, facts: UpstreamFacts) -> Prepared:
        """Make the request of a turn. Raises `InvalidRequest`."""
        if turn.recalled is None:
            turn.recalled = Recalled(self._memory, turn.body)
        turn.thread = self._threads.of(turn.session.key, turn.role, len(turn.body["messages"]), turn.recalled.size)
        loop = self._loop_plan(turn, turn.recalled)
        body = turn.body if loop is None else {**turn.body, "messages": loop.messages}
        body = await self._cut(turn, body)
        chat = await self.translated(body, turn.settings, facts, turn.recalled, turn.thread)
        if turn.role in AGENT_ROLES and len(chat.tool_names) > 1:
            tools = turn.session.tools.steady(chat.body["tools"])
            chat = chat if tools is chat.body["tools"] else chat.with_body(chat.body | {"tools": tools})
        chat = self._steered(turn, chat, loop)
        self._tell(turn, chat, loop)
        spent = {reason for reason, human in turn.session.continued_after.items() if human == turn.human}
        policy = rails_policy(turn.settings, chat, turn.role, turn.identity.client, spent)
        return Prepared(chat, policy, loop.ending if loop is not None else "")

    async def translated(
        self,
        body: JsonObject,
        settings: Settings,
        facts: UpstreamFacts,
        recalled: Recalled | None = None,
        thread: Thread | None = None,
    ) -> ChatRequest:
        """Translate; `recalled`: what is known of the body's messages, or of those they were made from; `thread`: of
        the conversation.

        Reading a PDF takes seconds the first time, and runs beside the loop.
        """
        model = served_model(str(body.get("model", "")), facts, parse_model_map(settings.model_map))
        options = RequestOptions(
            model=model, server_kind=facts.kind, system_reminders=settings.system_reminders, vision=facts.vision
        )
        recalled = recalled or Recalled(self._memory, body)
        reading = recalled.reading(body["messages"], facts.vision)
        read = await asyncio.to_thread(reading.all) if reading.slow else reading.all()
        tools = recalled.tools.read(body, facts.kind) if recalled.tools is not None else None
        if thread is None:
            return to_chat_completions(body, options, read, tools)
        chat = to_chat_completions(body, options, read, tools, thread.conversation)
        thread.conversation = chat.conversation
        return chat

    def _loop_plan(self, turn: Turn, recalled: Recalled) -> LoopPlan | None:
        messages: list[JsonObject] = turn.body["messages"]
        if turn.role not in AGENT_ROLES:
            return None
        keys = recalled.keys
        wishes = turn.session.wishes
        wishes.last_place = (len(keys), keys[-1])
        if not turn.settings.loop_breaker or len(messages) < 2:
            turn.human = last_human(messages, keys)
            return None
        settings = loop_settings(turn.settings, wishes.resets(keys))
        loop = plan(messages, settings, turn.session.monitor.utilisation, self._scores, keys)
        turn.human = loop.human
        return loop

    def _steered(self, turn: Turn, chat: ChatRequest, loop: LoopPlan | None) -> ChatRequest:
        """The translated request with what policies add or change in it."""
        body = supplemented(chat.body) if turn.settings.agentic_supplement and chat.tool_names else chat.body
        chat = chat.with_body(body) if body is not chat.body else chat
        body, act = demanded_choice(chat, turn.settings, turn.role, loop.release if loop is not None else "")
        if act:
            self._altered(turn, "tool_choice", act)
        chat = replace(chat, body=body) if body is not chat.body else chat
        return self._without_looping_tools(turn, chat, loop) if loop is not None and loop.hidden else chat

    def _without_looping_tools(self, turn: Turn, chat: ChatRequest, loop: LoopPlan) -> ChatRequest:
        always = turn.settings.loop_hide_tool == "on"
        why = loop.why if always else worth_hiding(loop_costs(turn.session, loop.turns[-1].stale_turns))
        left, hidden = without_tools(chat.body, loop.hidden) if why else (chat.body, ())
        if not hidden:
            return chat
        names = ", ".join(str(tool["function"]["name"]) for tool in hidden)
        self._altered(turn, "tools", f"left out of this request, {why}", names)
        return replace(chat, body=left, hidden=hidden)

    def _tell(self, turn: Turn, chat: ChatRequest, loop: LoopPlan | None) -> None:
        for change in turn.session.news(chat.changes):
            self._altered(turn, change.what, change.why, change.before, change.after)
        if loop is None:
            return
        session = turn.session
        grown = loop.level > session.loop_level
        session.loop_level, session.loop_why, session.loop_turns = loop.level, loop.why, loop.turns
        if grown:
            session.acts["loop"] += 1
            self._publish(
                LoopActed(
                    **turn.stamp(),
                    level=loop.level,
                    act=ACTS[loop.level],
                    why=loop.why,
                    score=loop.score,
                )
            )

    def _altered(self, turn: Turn, what: str, why: str, before: str = "", after: str = "") -> None:
        self._publish(RequestAltered(**turn.stamp(), what=what, why=why, before=before, after=after))
