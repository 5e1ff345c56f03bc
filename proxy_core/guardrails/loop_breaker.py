"""What is done about a conversation that goes in circles: a note, free choice, one tool less, an end with a reason.

A pure function of the messages and the settings: the notes of earlier turns are derived again and stand at the same
place with the same words, so that the prompt's prefix holds; a conversation without a loop is not touched at all.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

from proxy_core.guardrails.loop_digest import ENDED_MARK
from proxy_core.guardrails.loop_history import ScoreCache, begins_anew, score_conversation
from proxy_core.guardrails.loop_score import TurnScore
from proxy_core.translate.types import JsonObject
from proxy_core.value_types import value_type

NOTE, RELEASE, HIDE, END = 1, 2, 3, 4
WORDS_SHOWN = 60


@value_type
class LoopSettings:
    """Which levels of the ladder are on, and the thresholds of the older release rules (turns; 0 to 1).

    `resets`: numbers of messages behind which an operator had the conversation judged anew.
    """

    note: bool
    release: bool
    hide: bool
    end: bool
    window: int
    repeats: int
    forced: int
    stale: int
    utilisation: float
    resets: frozenset[int] = frozenset()


@value_type
class LoopPlan:
    """What to do with the next request. `messages` is the list that was given when there is nothing to say.

    `release`: why a forced tool choice has to become auto, "" when it may stand. `hidden`: tools that may be left out
    of this request if that is worth its price. `ending`: the text with which the turn ends without asking the model,
    "" to go on. `human` stands for the last message in which a person speaks and its place.
    """

    level: int
    score: float
    why: str
    messages: list[JsonObject]
    notes: int
    release: str
    hidden: frozenset[str]
    ending: str
    turns: tuple[TurnScore, ...]
    human: int


def plan(
    messages: list[JsonObject],
    settings: LoopSettings,
    utilisation: float | None,
    cache: ScoreCache | None = None,
    keys: list[int] | None = None,
) -> LoopPlan:
    """Judge the conversation up to its last message; `utilisation` is the share of the window in use, 0 to 1.

    `keys` are the messages' content keys, for a caller that has them already.
    """
    scores = score_conversation(messages, cache, keys, settings.resets)
    turns = scores.turns
    unanswered = not messages or messages[-1].get("role") == "assistant"
    anew = len(messages) in settings.resets or begins_anew(messages)
    current = turns[-1] if turns and not unanswered and not anew else None
    noted = {turn.index: _note(turn, level, turns) for turn, level in scores.climbs}
    said = _with_notes(messages, noted) if settings.note and noted else messages
    acting = current.level if current is not None else 0
    return LoopPlan(
        level=acting,
        score=current.score if current is not None else 0.0,
        why=_why(current, turns) if current is not None and acting else "",
        messages=said,
        notes=len(noted) if settings.note else 0,
        release=_release(turns, current, settings, utilisation),
        hidden=_looping_tools(current) if settings.hide and current is not None and acting >= HIDE else frozenset(),
        ending=_ending(current, turns) if settings.end and current is not None and acting >= END else "",
        turns=turns,
        human=scores.human,
    )


def _describe(turn: TurnScore) -> str:
    calls = [f"{call.name}({call.target[:WORDS_SHOWN]})" if call.target else call.name for call in turn.calls]
    return ", ".join(dict.fromkeys(calls))


def _times(turn: TurnScore, turns: tuple[TurnScore, ...]) -> int:
    """How often the commonest call of the turn was made up to it; with other arguments, if never with the same."""
    before = [call for other in turns[: turn.index + 1] for call in other.calls]
    same = Counter(call.key for call in before)
    times = max((same[call.key] for call in turn.calls), default=1)
    alike = Counter((call.name, call.target) for call in before)
    return times if times > 1 else max((alike[call.name, call.target] for call in turn.calls), default=1)


def _repeated(turn: TurnScore, turns: tuple[TurnScore, ...]) -> str:
    if not turn.calls:
        return f"the same text was written {turn.said} times"
    return f"{_describe(turn)} was called {_times(turn, turns)} times"


def _why(turn: TurnScore, turns: tuple[TurnScore, ...]) -> str:
    return f"{_repeated(turn, turns)}; {turn.stale_turns} turns in a row brought nothing new (score {turn.score:g})"


def _note(turn: TurnScore, level: int, turns: tuple[TurnScore, ...]) -> str:
    found = (
        f"[Note from the proxy, not from the tool: {_repeated(turn, turns)} and the last "
        f"{turn.stale_turns} turns brought no new information. Repeating it will not change the result."
    )
    lines = [found]
    if level >= HIDE:
        lines.append("Do not call it again now.")
    lines.append("Do one of these: try a clearly different approach; ask the user; or finish with what you know.]")
    return " ".join(lines)


def _with_notes(messages: list[JsonObject], noted: dict[int, str]) -> list[JsonObject]:
    """The messages with each note at the end of the last tool result that answers its turn."""
    out = list(messages)
    turn = -1
    for number, message in enumerate(messages):
        if message.get("role") != "assistant":
            continue
        turn += 1
        if turn in noted and number + 1 < len(messages):
            out[number + 1] = _noted(messages[number + 1], noted[turn])
    return out


def _noted(message: JsonObject, note: str) -> JsonObject:
    content: Any = message.get("content")
    blocks = list(cast("list[JsonObject]", content)) if isinstance(content, list) else []
    places = [place for place, block in enumerate(blocks) if block.get("type") == "tool_result"]
    if not places:
        return message
    block = blocks[places[-1]]
    given: Any = block.get("content")
    text: JsonObject = {"type": "text", "text": note}
    if isinstance(given, list):
        parts = [*cast("list[JsonObject]", given), text]
    else:
        parts = [{"type": "text", "text": given}, text] if isinstance(given, str) and given else [text]
    blocks[places[-1]] = {**block, "content": parts}
    return {**message, "content": blocks}


def _looping_tools(turn: TurnScore) -> frozenset[str]:
    """Without what changes files: a model that cannot write any more finishes nothing."""
    return frozenset(call.name for call in turn.calls if call.kind != "write")


def _release(
    turns: tuple[TurnScore, ...], current: TurnScore | None, settings: LoopSettings, utilisation: float | None
) -> str:
    """Why the model must be free to answer in words."""
    if utilisation is not None and utilisation >= settings.utilisation:
        return f"the context is {utilisation:.0%} full"
    if current is None:
        return ""
    if settings.release and current.level >= RELEASE:
        return "the conversation goes in circles"
    if current.stale_turns < settings.stale:
        return ""
    pattern = [call.key for call in current.calls]
    same = 0
    for turn in reversed(turns):
        if not turn.calls or [call.key for call in turn.calls] != pattern:
            break
        same += 1
    if same >= max(settings.repeats, settings.window):
        return f"the same calls {same} turns in a row"
    forced = 0
    for turn in reversed(turns):
        if not turn.calls:
            break
        forced += 1
    return f"{forced} turns of calls in a row" if forced >= settings.forced else ""


def _ending(turn: TurnScore, turns: tuple[TurnScore, ...]) -> str:
    error = f" The last result was an error: {turn.error}" if turn.error else ""
    return (
        f"I stopped here because this went in circles: {_repeated(turn, turns)}, and the last {turn.stale_turns} turns "
        f"brought nothing new.{error} The model server was not asked again.\n\n"
        "Tell me how to go on: say what to try instead, give the missing information, or change the task. Any message "
        f"of yours starts afresh. {ENDED_MARK}; PROXY_LOOP_END=off switches this step off.)"
    )
