"""Frozen values on the wire: they come back equal, secrets stay at home, and other versions are understood."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, get_type_hints

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy_core import wire
from proxy_core.commands import CancelSession, CheckUpstream
from proxy_core.event_ring import EventBatch
from proxy_core.events import EngineEvent, LoopActed, RequestFinished, ServerStarted
from proxy_core.live_settings import SettingsView
from proxy_core.settings import SPECS, Settings
from proxy_core.snapshot import Snapshot
from tests.console.fake_port import SNAPSHOT, FakePort, settings_view


def travelled(data: object) -> Any:
    return orjson.loads(orjson.dumps(data))


def test_a_snapshot_comes_back_equal() -> None:
    assert wire.decode(Snapshot, travelled(wire.encode(SNAPSHOT))) == SNAPSHOT
    assert travelled(SNAPSHOT) == travelled(wire.encode(SNAPSHOT)), "orjson's own form of a snapshot is the same"


def test_events_of_every_kind_come_back_equal() -> None:
    batch = FakePort().events_since(0)
    assert wire.decode(EventBatch, travelled(wire.encode(batch))) == batch


PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    int: st.integers(0, 2**53),
    float: st.floats(0, 1e12),
    bool: st.booleans(),
    float | None: st.none() | st.floats(0, 1e12),
    tuple[str, ...]: st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=3).map(tuple),
}


@st.composite
def events_of(draw: st.DrawFn) -> EngineEvent:
    kind = draw(st.sampled_from(list(wire.EVENT_KINDS.values())))
    hints = get_type_hints(kind)
    return kind(**{entry.name: draw(PLAIN[hints[entry.name]]) for entry in fields(kind)})


@settings(max_examples=60)
@given(st.lists(events_of(), max_size=4), st.integers(0, 10_000), st.integers(0, 10_000))
def test_any_events_come_back_equal(events: list[EngineEvent], number: int, missed: int) -> None:
    batch = EventBatch(tuple(events), number, missed)
    assert wire.decode(EventBatch, travelled(wire.encode(batch))) == batch


def test_a_newer_proxy_is_understood() -> None:
    sent = travelled(wire.encode(SNAPSHOT)) | {"weather": "fine"}
    sent["sessions"][0]["mood"] = 7
    assert wire.decode(Snapshot, sent) == SNAPSHOT


def test_an_older_proxy_is_understood() -> None:
    sent = travelled(wire.encode(SNAPSHOT))
    for view in sent["sessions"]:
        del view["fill"], view["slot"]
    without = tuple(replace(view, fill=(), slot=None) for view in SNAPSHOT.sessions)
    assert wire.decode(Snapshot, sent) == replace(SNAPSHOT, sessions=without)


def test_an_event_of_an_unknown_kind_keeps_its_number() -> None:
    known = ServerStarted(at=2.0, url="http://h")
    sent = travelled(wire.encode(EventBatch((known, known), 9, 0)))
    sent["events"][0] = {"kind": "moon.rose", "at": 1.0, "session": "s", "request": "", "phase": "full"}
    assert wire.decode(EventBatch, sent) == EventBatch(
        (wire.UnknownEvent(at=1.0, session="s", what="moon.rose"), known), 9, 0
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda sent: sent.pop("url"),
        lambda sent: sent.update(version="7"),
        lambda sent: sent.update(active=True),
        lambda sent: sent.update(sessions={}),
        lambda sent: sent["sessions"][0].update(history=[1, "2"]),
        lambda sent: sent["sessions"][0].update(fill=[["tools"]]),
        lambda sent: sent["upstream"].update(slots="4"),
    ],
)
def test_what_is_no_snapshot_is_refused(damage: Any) -> None:
    sent = travelled(wire.encode(SNAPSHOT))
    damage(sent)
    with pytest.raises(wire.WireError):
        wire.decode(Snapshot, sent)


@pytest.mark.parametrize("data", [None, [], "x", 3, {"events": None, "next": 1, "missed": 0}])
def test_what_is_no_batch_is_refused(data: object) -> None:
    with pytest.raises(wire.WireError):
        wire.decode(EventBatch, data)


def test_commands_come_back_equal() -> None:
    for command in (CancelSession("a3f9"), CheckUpstream()):
        assert wire.decode_command(travelled(wire.encode_command(command))) == command


@pytest.mark.parametrize("data", [{}, {"command": "Reboot"}, {"command": "CancelSession"}, [], None])
def test_what_is_no_command_is_refused(data: object) -> None:
    with pytest.raises(wire.WireError):
        wire.decode_command(data)


def test_settings_come_back_equal() -> None:
    view = settings_view(PROXY_LOOP_BREAKER="off", PROXY_MODEL_MAP="a=b", PROXY_READ_TIMEOUT="3")
    assert wire.decode_settings(travelled(wire.encode_settings(view))) == view


def test_secrets_do_not_travel() -> None:
    secrets = {spec.name: f"hidden-{spec.name}" for spec in SPECS if spec.kind == "secret"}
    assert len(secrets) >= 2
    view = settings_view(**secrets)
    sent = orjson.dumps(wire.encode_settings(view))
    assert b"hidden" not in sent
    shown = wire.decode_settings(orjson.loads(sent))
    for spec in shown.specs:
        assert spec.masked(shown.settings.value(spec.name)) == spec.masked(view.settings.value(spec.name))


def test_settings_that_only_one_side_knows_are_left_out() -> None:
    sent = travelled(wire.encode_settings(settings_view(PROXY_LOOP_BREAKER="off")))
    sent["values"] |= {"PROXY_MOON": "full", "PROXY_OVERFLOW": "a new way", "PROXY_MAX_SESSIONS": "many"}
    del sent["values"]["PROXY_PORT"], sent["sources"]["PROXY_HOST"]
    view = wire.decode_settings(sent)
    named = {spec.name for spec in view.specs}
    assert {spec.name for spec in SPECS} - named == {"PROXY_PORT", "PROXY_OVERFLOW", "PROXY_MAX_SESSIONS"}
    assert view.sources.keys() == named
    assert view.sources["PROXY_HOST"] == "default"
    assert view.settings == Settings().changed({"PROXY_LOOP_BREAKER": False})
    assert isinstance(view, SettingsView)


def test_nested_events_come_back_with_their_kinds() -> None:
    finished = RequestFinished(
        at=1.0, role="main", stop_reason="end_turn", prompt_tokens=3, cached_tokens=0, output_tokens=1, seconds=2,
        ttft=None, decode_rate=None, tools=("Read", "Edit"),
    )  # fmt: skip
    acted = LoopActed(at=2, session="s", level=2, act="a", why="w", score=4)
    batch = EventBatch((finished, acted), 2, 0)
    assert wire.decode(EventBatch, travelled(wire.encode(batch))) == batch
