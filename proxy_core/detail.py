"""Makes the frozen `SessionDetail`: what is behind the state of one session."""

from __future__ import annotations

from proxy_core.guardrails.loop_score import THRESHOLDS, TurnScore
from proxy_core.record_views import CallView, SessionDetail
from proxy_core.sessions.store import Session
from proxy_core.settings import SPEC_BY_NAME

CALLS_SHOWN = 200
HASH_MASK = 2**64 - 1


def session_detail(session: Session) -> SessionDetail:
    """The detail as it is now; any thread, as it reads only what is replaced whole."""
    turns = session.loop_turns
    last = turns[-1] if turns else None
    overrides = session.wishes.overrides.copy()
    return SessionDetail(
        key=session.key,
        calls=_calls(turns),
        level=session.loop_level,
        score=last.score if last is not None else 0.0,
        stale_turns=last.stale_turns if last is not None else 0,
        why=session.loop_why,
        steps=THRESHOLDS,
        overrides=tuple((name, SPEC_BY_NAME[name].masked(value)) for name, value in overrides.items()),
        acts=tuple(session.acts.copy().most_common()),
    )


def _calls(turns: tuple[TurnScore, ...]) -> tuple[CallView, ...]:
    found: list[CallView] = []
    for turn in reversed(turns):
        answered = len(turn.novelty) == len(turn.calls)
        found += [
            CallView(
                turn=turn.index,
                name=call.name,
                target=call.target,
                kind=call.kind,
                novelty=turn.novelty[place] if answered else "",
                error=turn.errors[place],
                same=f"{call.key & HASH_MASK:016x}",
            )
            for place, call in reversed(list(enumerate(turn.calls)))
        ]
        if len(found) >= CALLS_SHOWN:
            break
    return tuple(reversed(found[:CALLS_SHOWN]))
