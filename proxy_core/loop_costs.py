"""What a session's figures say about the costs of a loop and of a changed tool list."""

from __future__ import annotations

from proxy_core.guardrails.tool_hiding import LoopCosts
from proxy_core.sessions.store import Session


def loop_costs(session: Session, stale_turns: int) -> LoopCosts:
    """The costs of the loop of the last `stale_turns` turns, as far as the session remembers them.

    What a turn of a loop writes is taken from its last one: they are alike. What was read
    again because a prompt changed is not the loop's doing.
    """
    turns = session.prefix.turns
    plain = [turn.prefilled for turn in turns[-stale_turns:] if not turn.cause] if stale_turns else []
    changed = [turn for turn in turns if turn.cause == "tools" and turn.measured and turn.prompt_tokens]
    return LoopCosts(
        prompt=session.monitor.last_input_tokens,
        reread=changed[-1].prefilled / changed[-1].prompt_tokens if changed else 1.0,
        prefilled=sum(plain),
        written=stale_turns * session.monitor.last_output_tokens,
    )
