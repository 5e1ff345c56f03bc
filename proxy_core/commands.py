"""What an operator can tell the engine to do, besides changing settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class CancelSession:
    """Stop every request that a session (by `SessionView.key`) has in flight."""

    session: str


@dataclass(frozen=True, slots=True)
class CheckUpstream:
    """Ask the model server for its state, model and window now."""


@dataclass(frozen=True, slots=True)
class HoldSession:
    """Let every new request of a session wait; streaming clients are kept alive meanwhile."""

    session: str


@dataclass(frozen=True, slots=True)
class ReleaseSession:
    """Let what waits of a held session go on."""

    session: str


@dataclass(frozen=True, slots=True)
class ResetLoop:
    """Let the loop breaker judge a session anew from here: its ladder begins at the bottom."""

    session: str


@dataclass(frozen=True, slots=True)
class PruneNow:
    """Prune a session at its next request, whatever share of the window it takes by then."""

    session: str


@dataclass(frozen=True, slots=True)
class OverrideGuardrail:
    """Give a live guardrail setting another value for one session, as people write it; None takes that back."""

    session: str
    name: str
    value: str | None


Command: TypeAlias = (
    CancelSession | CheckUpstream | HoldSession | ReleaseSession | ResetLoop | PruneNow | OverrideGuardrail
)


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Whether a command was carried out, and one sentence for the operator."""

    ok: bool
    message: str
