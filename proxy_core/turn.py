"""One request on its way: what the client asked, for whom, under which settings, and how far it is."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypedDict

from proxy_core.guardrails.pruning import PrunePlan
from proxy_core.recalled import Recalled
from proxy_core.records import Record
from proxy_core.sessions.identity import Identity
from proxy_core.sessions.store import Session
from proxy_core.settings import Settings
from proxy_core.threads import Thread
from proxy_core.translate.types import JsonObject
from proxy_core.upstream.outline import Outline
from proxy_core.upstream.tokens import TokenCount

TurnPhase: TypeAlias = Literal["admission", "held", "connect", "queued", "prefill", "thinking", "decode", "done"]


class Stamp(TypedDict):
    """The fields by which an event belongs to a request."""

    at: float
    session: str
    request: str


def new_request_id() -> str:
    """`req_` and 24 hex digits, as the API's `request-id` header has it."""
    return f"req_{random.getrandbits(96):024x}"


def new_message_id() -> str:
    """`msg_` and 24 hex digits."""
    return f"msg_{random.getrandbits(96):024x}"


@dataclass(slots=True, eq=False)
class Turn:
    """A Messages API request being served. Settings are those of its start: a later toggle does not reach it.

    Monotonic times in seconds; `decoded` counts the deltas that came so far, about one a token.
    """

    request_id: str
    body: JsonObject
    identity: Identity
    role: str
    session: Session
    settings: Settings
    stream: bool
    started: float = field(default_factory=time.monotonic)
    phase: TurnPhase = "admission"
    phase_since: float = field(default_factory=time.time)
    first_token: float | None = None
    decoded: int = 0
    input_tokens: int = 0
    prefill_done: float | None = None
    prompt_tokens: int = 0
    """Tokens of the prompt, as the server tells while it reads; 0 until then."""
    task: asyncio.Task[None] | None = None
    cancelled_by: str = ""
    recalled: Recalled | None = None
    """What was known of the body's messages before."""
    thread: Thread = field(default_factory=Thread)
    """What was made of the conversation on its last turn."""
    plan: PrunePlan | None = None
    """What of the conversation is sent; None for requests that carry none."""
    human: int = 0
    """Stands for the last message of a person, 0 while there is none or nobody asked."""
    outline: Outline | None = None
    """Of the prompt as it goes out."""
    count: TokenCount | None = None
    """The best figure for that prompt before it was answered; `input_tokens` is its number."""
    record: Record = field(default_factory=Record)
    """What is kept of it for whoever wants to look into it."""
    pruned: bool = False
    """The cut of the history moved in this turn."""
    slot: int | None = None
    """The slot of llama.cpp that was chosen for it."""

    @property
    def model(self) -> str:
        """The model name that the client asked for and will read in the answer."""
        return str(self.body.get("model", ""))

    @property
    def ttft(self) -> float | None:
        """Seconds from the request to its first token."""
        return None if self.first_token is None else self.first_token - self.started

    @property
    def seconds(self) -> float:
        """Seconds since the request came in."""
        return time.monotonic() - self.started

    def stamp(self) -> Stamp:
        """What every event of this turn carries: `RequestStarted(**turn.stamp(), ...)`."""
        return {"at": time.time(), "session": self.session.key, "request": self.request_id}

    async def let_through(self) -> None:
        """Return at once, or when an operator releases the session that he holds."""
        await self.session.wishes.gate.passed(lambda: self.enter("held"))

    def enter(self, phase: TurnPhase) -> None:
        """Go on to `phase`; going to the phase it is in changes nothing."""
        if phase != self.phase:
            self.phase = phase
            self.phase_since = time.time()
            self.record.enters(phase)

    def token(self, phase: TurnPhase, count: int) -> None:
        """`count` deltas of text, reasoning or a call came."""
        if self.first_token is None:
            self.first_token = time.monotonic()
        self.decoded += count
        self.enter(phase)

    def cancel(self, by: str) -> None:
        """End the request's work now; `by` is "client" or "operator"."""
        self.cancelled_by = self.cancelled_by or by
        if self.task is not None:
            self.task.cancel()
