"""The looping tool is left out of one request where that is worth its price, and is back on the next."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gauntlet.flaws import dumped, native
from tests.gauntlet.model import Model
from tests.gauntlet.running import gauntlet
from tests.gauntlet.sessions import Session

from .scripted_upstream import USAGE, chunk

JsonObject = dict[str, Any]
TASK = "Read it for ever."


def looping(prompt_tokens: int) -> Model:
    """A model that reads one file for ever, and searches when it cannot; its prompts have so many tokens."""
    usage = chunk(usage={"prompt_tokens": prompt_tokens, "completion_tokens": 3, "total_tokens": prompt_tokens + 3})

    def answer(body: JsonObject) -> list[bytes]:
        names = {tool["function"]["name"] for tool in body["tools"]}
        call = ("read_file", {"path": "/a"}) if "read_file" in names else ("search", {"pattern": "x", "path": "/a"})
        return [usage if event == USAGE else event for event in native([(call[0], dumped(call[1]))])]

    return Model([], "", "hiding", instead=answer)


@pytest.mark.parametrize(
    ("setting", "prompt_tokens", "hides"),
    [("auto", 300, True), ("auto", 3000, False), ("on", 3000, True), ("off", 300, False)],
)
async def test_where_the_tool_is_left_out(setting: str, prompt_tokens: int, hides: bool) -> None:
    model = looping(prompt_tokens)
    session = Session(
        "loop", "hiding", TASK, model, lambda name, given, number: (f"{name} says 1", False), hopeless=True
    )
    async with gauntlet(PROXY_LOOP_HIDE_TOOL=setting, PROXY_CONTEXT_WINDOW="200000") as place:
        judged = await place.run(session, stream=True)
        events = place.engine.events.since(0).events
    assert judged.explained
    bodies: list[JsonObject] = [json.loads(body) for body in model.bodies]
    offered = [len(body["tools"]) for body in bodies]
    notes = [json.dumps(body["messages"]).count("Do not call it again now.") for body in bodies]
    told = [event for event in events if event.kind == "request.altered" and event.what == "tools"]
    assert max(notes) == 1, "whether it is left out or not, the note says the same"
    if not hides:
        assert set(offered) == {4}
        assert told == []
        return
    at = offered.index(3)
    assert notes[at] == 1
    assert offered[at + 1] == 4, "it is back"
    assert [(event.before, "left out of this request" in event.why) for event in told[:1]] == [("read_file", True)]
