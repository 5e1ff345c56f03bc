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


Command: TypeAlias = CancelSession | CheckUpstream


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Whether a command was carried out, and one sentence for the operator."""

    ok: bool
    message: str
