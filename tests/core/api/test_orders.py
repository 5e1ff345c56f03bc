"""What an operator can do to one session, and what is kept of its requests, on a real socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx

from proxy_core.commands import (
    CancelSession,
    Command,
    CommandResult,
    HoldSession,
    OverrideGuardrail,
    PruneNow,
    ReleaseSession,
    ResetLoop,
)
from proxy_core.masking import MASK

from .conftest import Proxy, StartProxy
from .scripted_upstream import Call, ScriptedUpstream

SESSION = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
KEY = "sk-ant-api03-abcdefghijklmnopqrstuv"


def of(session: str) -> dict[str, str]:
    return {"x-claude-code-session-id": session, "x-api-key": KEY}


async def ask(proxy: Proxy, session: str = SESSION, **changes: Any) -> httpx.Response:
    return await proxy.client.post("/v1/messages", json=proxy.body(**changes), headers=of(session))


async def order(proxy: Proxy, command: Command) -> CommandResult:
    return await proxy.engine.command(command)


def circling(turns: int) -> list[dict[str, Any]]:
    """A conversation that makes the same call again and again, with the same result."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "find it"}]
    for turn in range(turns):
        call = {"type": "tool_use", "id": f"toolu_{turn}", "name": "Read", "input": {"path": "a.py"}}
        result = {"type": "tool_result", "tool_use_id": f"toolu_{turn}", "content": "line of text\n" * 60}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    return messages


TOOLS: list[dict[str, Any]] = [
    {"name": "Read", "description": "reads", "input_schema": {"type": "object", "properties": {}}}
]


# -- hold and release ------------------------------------------------------------------------------------------------


async def test_a_held_session_waits_and_the_others_do_not(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PROXY_PING_INTERVAL="0.2")
    await ask(proxy)
    assert (await order(proxy, HoldSession(SESSION))).ok
    waiting = asyncio.create_task(ask(proxy, stream=True))
    assert (await ask(proxy, OTHER)).status_code == 200
    session = proxy.engine.sessions.get(SESSION)
    assert session is not None
    while not session.wishes.gate.waiting:
        await asyncio.sleep(0.005)
    assert len(proxy.upstream.calls) == 2
    await asyncio.sleep(1.3)
    assert not waiting.done()
    assert await order(proxy, ReleaseSession(SESSION)) == CommandResult(True, "session released, 1 waited")
    answer = await waiting
    assert answer.text.count("event: ping") >= 1
    assert '"hel"' in answer.text
    assert len(proxy.upstream.calls) == 3
    phases = [span.name for span in proxy.engine.records.record(answer.headers["request-id"]).spans]  # pyright: ignore[reportOptionalMemberAccess]
    assert phases[:2] == ["admission", "held"]


async def test_a_client_that_leaves_while_it_is_held_is_forgotten(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await ask(proxy)
    await order(proxy, HoldSession(SESSION))
    session = proxy.engine.sessions.get(SESSION)
    assert session is not None
    task = asyncio.create_task(ask(proxy, stream=True))
    while not session.wishes.gate.waiting:
        await asyncio.sleep(0.005)
    task.cancel()
    while proxy.engine.active:
        await asyncio.sleep(0.005)
    assert session.wishes.gate.waiting == 0
    assert [event.by for event in proxy.events_of("request.cancelled")] == ["client"]


async def test_the_end_of_the_program_lets_go_of_what_is_held(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await ask(proxy)
    await order(proxy, HoldSession(SESSION))
    task = asyncio.create_task(ask(proxy))
    session = proxy.engine.sessions.get(SESSION)
    assert session is not None
    while not session.wishes.gate.waiting:
        await asyncio.sleep(0.005)
    proxy.engine.begin_drain()
    assert (await task).status_code == 200


async def test_holding_twice_and_releasing_what_is_not_held(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await ask(proxy)
    results = [
        await order(proxy, command)
        for command in (
            ReleaseSession(SESSION), HoldSession(SESSION), HoldSession(SESSION), ReleaseSession(SESSION),
            CancelSession(SESSION), HoldSession("nobody"),
        )
    ]  # fmt: skip
    assert [result.ok for result in results] == [False, True, False, True, False, False]
    assert results[-1].message == "this session is forgotten"
    assert [event.act for event in proxy.events_of("operator.acted")] == [
        "session held: its new requests wait", "session released",
    ]  # fmt: skip


# -- the loop breaker ------------------------------------------------------------------------------------------------


async def test_the_ladder_begins_anew_after_a_reset(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PROXY_CONTEXT_WINDOW="100000")
    await ask(proxy, messages=circling(9), tools=TOOLS)
    session = proxy.engine.sessions.get(SESSION)
    assert session is not None
    before = session.loop_level
    assert before >= 3
    detail = proxy.engine.detail(SESSION)
    assert detail is not None
    assert (detail.level, len(detail.calls), {call.name for call in detail.calls}) == (before, 9, {"Read"})
    assert detail.why
    assert (await order(proxy, ResetLoop(SESSION))).ok
    assert session.loop_level == 0
    await ask(proxy, messages=circling(9), tools=TOOLS)
    assert session.loop_level == 0, "the same request again"
    await ask(proxy, messages=circling(11), tools=TOOLS)
    assert session.loop_level == 0, "two turns are no loop"
    await ask(proxy, messages=circling(15), tools=TOOLS)
    assert session.loop_level >= 1, "what goes on circling is found again"


async def test_a_reset_changes_nothing_of_what_was_sent_before(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PROXY_CONTEXT_WINDOW="100000", PROXY_LOOP_END="off")
    await ask(proxy, messages=circling(7), tools=TOOLS)
    await order(proxy, ResetLoop(SESSION))
    await ask(proxy, messages=circling(8), tools=TOOLS)
    first, second = (call.body["messages"] for call in proxy.upstream.calls)
    assert second[: len(first)] == first
    assert "Note from the proxy" in json.dumps(first)


# -- pruning ---------------------------------------------------------------------------------------------------------


async def test_a_prune_that_was_asked_for_is_made_once_and_stays(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PROXY_CONTEXT_WINDOW="100000", PROXY_LOOP_BREAKER="off")
    await ask(proxy, messages=circling(12), tools=TOOLS)
    await order(proxy, PruneNow(SESSION))
    for turns in (13, 14):
        await ask(proxy, messages=circling(turns), tools=TOOLS)
    uncut, cut, later = (call.body["messages"] for call in proxy.upstream.calls)
    assert len(json.dumps(cut)) < len(json.dumps(uncut))
    assert later[: len(cut)] == cut
    (event,) = proxy.events_of("context.pruned")
    assert event.why == "an operator asked for it"
    assert event.after < event.before


async def test_a_prune_without_anything_to_cut_says_so(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await ask(proxy)
    await order(proxy, PruneNow(SESSION))
    await ask(proxy)
    await ask(proxy)
    (event,) = proxy.events_of("context.pruned")
    assert (event.superseded, event.shortened, event.turns, event.before) == (0, 0, 0, event.after)


# -- settings of one session -----------------------------------------------------------------------------------------


async def test_an_override_holds_for_one_session_and_from_its_next_request_on(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await ask(proxy)
    result = await order(proxy, OverrideGuardrail(SESSION, "PROXY_AGENTIC_SUPPLEMENT", "on"))
    assert result.ok
    for session in (SESSION, OTHER):
        await ask(proxy, session, tools=TOOLS)
    mine, others = (json.dumps(call.body["messages"]) for call in proxy.upstream.calls[1:])
    assert "Working protocol" in mine
    assert "Working protocol" not in others
    detail = proxy.engine.detail(SESSION)
    assert detail is not None
    assert detail.overrides == (("PROXY_AGENTIC_SUPPLEMENT", "on"),)
    assert (await order(proxy, OverrideGuardrail(SESSION, "PROXY_AGENTIC_SUPPLEMENT", None))).ok
    await ask(proxy, tools=TOOLS)
    assert "Working protocol" not in json.dumps(proxy.upstream.calls[-1].body)
    assert [(event.session, event.before, event.after) for event in proxy.events_of("setting.changed")] == [
        (SESSION, "off", "on"), (SESSION, "on", "off as everywhere"),
    ]  # fmt: skip


async def test_what_an_override_may_not_be(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    await ask(proxy)
    for name, value, word in (
        ("PROXY_PORT", "1", "not a live guardrail setting"),
        ("PROXY_MAX_SESSIONS", "5", "not a live guardrail setting"),
        ("NOTHING", "x", "not a live guardrail setting"),
        ("PROXY_CONTEXT_PRUNE_THRESHOLD", "7", "0.2 to 1"),
    ):
        result = await order(proxy, OverrideGuardrail(SESSION, name, value))
        assert not result.ok
        assert word in result.message
    assert not proxy.events_of("setting.changed")


# -- records ---------------------------------------------------------------------------------------------------------


async def test_a_request_can_be_looked_into(start_proxy: StartProxy) -> None:
    proxy = await start_proxy()
    answer = await ask(proxy, stream=True, messages=[{"role": "user", "content": f"my key is {KEY}"}])
    (view,) = proxy.engine.records.requests(SESSION)
    assert (view.id, view.state, view.stop_reason) == (answer.headers["request-id"], "done", "end_turn")
    assert (view.prompt_tokens, view.output_tokens, view.role) == (12, 3, "main")
    record = proxy.engine.records.record(view.id)
    assert record is not None
    assert record.received is not None
    assert record.upstream is not None
    assert record.answer is not None
    assert json.loads(record.received.text)["messages"][0]["content"] == f"my key is sk-ant-{MASK}"
    assert json.loads(record.sent[0].text)["messages"][0]["content"] == f"my key is sk-ant-{MASK}"
    assert record.upstream.text.startswith("data: ")
    assert "[DONE]" in record.upstream.text
    assert record.answer.text == answer.text
    assert dict(record.headers)["x-api-key"] == MASK
    names = [span.name for span in record.spans]
    assert names[0] == "admission"
    assert names[-1] == "decode"


async def test_errors_are_recorded_with_what_the_client_got(start_proxy: StartProxy) -> None:
    async def refuse(call: Call) -> None:
        await call.answer(500, {"error": {"message": "out of memory"}})

    proxy = await start_proxy(upstream=ScriptedUpstream(refuse))
    answer = await ask(proxy)
    (view,) = proxy.engine.records.requests(SESSION)
    assert view.state == "failed"
    assert "out of memory" in view.error
    record = proxy.engine.records.record(view.id)
    assert record is not None
    assert record.answer is not None
    assert record.answer.text == answer.text


async def test_without_recording_there_are_figures_only(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PROXY_RECORD_BODIES="off")
    await ask(proxy)
    proxy.engine.update({"PROXY_RECORD_BODIES": "on"}, "test")
    await ask(proxy)
    assert [view.bodies for view in proxy.engine.records.requests(SESSION)] == [False, True]


async def test_records_go_with_their_session(start_proxy: StartProxy) -> None:
    proxy = await start_proxy(PROXY_MAX_SESSIONS="1")
    await ask(proxy)
    await ask(proxy, OTHER)
    assert proxy.engine.records.requests(SESSION) == ()
    assert len(proxy.engine.records) == 1
