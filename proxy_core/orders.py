"""Carries out what an operator orders; each order that did something is an event."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from proxy_core.commands import (
    CancelSession,
    CheckUpstream,
    Command,
    CommandResult,
    HoldSession,
    OverrideGuardrail,
    PruneNow,
    ReleaseSession,
    ResetLoop,
)
from proxy_core.declaration import BadSetting
from proxy_core.events import EngineEvent, OperatorActed, SettingChanged
from proxy_core.ledger import Ledger
from proxy_core.live_settings import LiveSettings
from proxy_core.sessions.store import Session, SessionStore
from proxy_core.settings import SPEC_BY_NAME

FORGOTTEN = CommandResult(ok=False, message="this session is forgotten")


@dataclass(frozen=True, slots=True)
class Orders:
    """Engine thread only. `ask_upstream` has the model server looked at now."""

    sessions: SessionStore
    ledger: Ledger
    settings: LiveSettings
    publish: Callable[[EngineEvent], None]
    ask_upstream: Callable[[], None]

    def carry_out(self, command: Command) -> CommandResult:
        """Do it, and say in one sentence what was done or why not."""
        if isinstance(command, CheckUpstream):
            self.ask_upstream()
            return CommandResult(ok=True, message="asking the model server")
        session = self.sessions.get(command.session)
        if session is None:
            return FORGOTTEN
        if isinstance(command, OverrideGuardrail):
            return self._override(session, command.name, command.value)
        acts = {
            CancelSession: self._cancel,
            HoldSession: self._hold,
            ReleaseSession: self._release,
            ResetLoop: self._reset_loop,
            PruneNow: self._prune_now,
        }
        return acts[type(command)](session)

    def _cancel(self, session: Session) -> CommandResult:
        turns = [turn for turn in self.ledger.active.values() if turn.session is session]
        for turn in turns:
            turn.cancel("operator")
        return CommandResult(bool(turns), f"cancelled {len(turns)}" if turns else "nothing in flight there")

    def _hold(self, session: Session) -> CommandResult:
        if session.wishes.gate.closed:
            return CommandResult(ok=False, message="it is held already")
        session.wishes.gate.close()
        return self._done(session, "session held: its new requests wait")

    def _release(self, session: Session) -> CommandResult:
        if not session.wishes.gate.closed:
            return CommandResult(ok=False, message="it is not held")
        waited = session.wishes.gate.open()
        return self._done(session, f"session released, {waited} waited" if waited else "session released")

    def _reset_loop(self, session: Session) -> CommandResult:
        if not session.wishes.reset_loop():
            return CommandResult(ok=False, message="there was no request of an agent yet")
        session.loop_level, session.loop_why = 0, ""
        return self._done(session, "loop breaker begins anew from here")

    def _prune_now(self, session: Session) -> CommandResult:
        session.wishes.prune_next = True
        return self._done(session, "to be pruned at its next request")

    def _override(self, session: Session, name: str, text: str | None) -> CommandResult:
        spec = SPEC_BY_NAME.get(name)
        if spec is None or spec.group != "guardrails" or not spec.live:
            return CommandResult(ok=False, message=f"{name} is not a live guardrail setting")
        overrides, everywhere = session.wishes.overrides, self.settings.current.value(name)
        before = overrides.get(name, everywhere)
        try:
            value = everywhere if text is None else spec.parse(text)
        except BadSetting as error:
            return CommandResult(ok=False, message=str(error))
        if text is None:
            overrides.pop(name, None)
        else:
            overrides[name] = value
        change = SettingChanged(
            at=time.time(),
            session=session.key,
            name=name,
            before=spec.masked(before),
            after=spec.masked(value) + (" as everywhere" if text is None else ""),
            by="operator",
        )
        self.publish(change)
        return CommandResult(ok=True, message=f"{name}: {change.after}, from this session's next request on")

    def _done(self, session: Session, act: str) -> CommandResult:
        self.publish(OperatorActed(at=time.time(), session=session.key, act=act))
        return CommandResult(ok=True, message=act)
