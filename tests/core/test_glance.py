"""The state in one line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from proxy_core.glance import glance
from proxy_core.snapshot import Sample, Snapshot
from tests.console.fake_port import NOW, SNAPSHOT, session

BUSY = (Sample(int(NOW) - 4, 200, 0, 0, 0.0, 0), Sample(int(NOW) - 1, 155, 0, 0, 0.0, 0))
FULL = session("a3f9", "webapp", utilisation=0.911, level="high")
HALF = session("5d10", "docs", utilisation=0.5)
LOOPING = session("77c1", "loop", utilisation=0.3, loop_level=2)
IDLE = {"active": 0, "samples": ()}


def picture(*sessions: Any, state: str = "up", **changes: Any) -> Snapshot:
    upstream = replace(SNAPSHOT.upstream, state=state)
    return replace(SNAPSHOT, sessions=sessions, upstream=upstream, **({"samples": BUSY} | changes))


@pytest.mark.parametrize(
    ("shown", "line", "ascii_line"),
    [
        (picture(HALF, FULL, LOOPING), "▲91% a3f9 ↻77c1 71t/s", "^91% a3f9 @77c1 71t/s"),
        (picture(HALF), "50% 5d10 71t/s", "50% 5d10 71t/s"),
        (picture(HALF, **IDLE), "50% 5d10 idle", "50% 5d10 idle"),
        (picture(HALF, active=2, samples=()), "50% 5d10 2 active", "50% 5d10 2 active"),
        (picture(**IDLE), "idle", "idle"),
        (picture(state="down", **IDLE), "✗down idle", "xdown idle"),
        (picture(draining=True, active=1, samples=()), "draining 1 active", "draining 1 active"),
        (picture(*[replace(LOOPING, key=str(n)) for n in range(3)]), "30% 77c1 ↻3 71t/s", "30% 77c1 @3 71t/s"),
        (picture(session("e0", "x", utilisation=None), **IDLE), "idle", "idle"),
        (picture(replace(FULL, active=0, last_at=NOW - 901), **IDLE), "idle", "idle"),
        (picture(replace(FULL, active=1, last_at=NOW - 901), **IDLE), "▲91% a3f9 idle", "^91% a3f9 idle"),
    ],
)
def test_what_it_says(shown: Snapshot, line: str, ascii_line: str) -> None:
    assert glance(shown, NOW) == line
    assert glance(shown, NOW, ascii_only=True) == ascii_line


@pytest.mark.parametrize("name", ["#[fg=red]#(id)", "\x1b]2;x\x07", "a b\nc", "\u202e⟳", ""])
def test_no_name_can_command_a_status_bar(name: str) -> None:
    line = glance(picture(replace(FULL, short=name)), NOW)
    assert line.isprintable()
    assert not set(line) & set("#[](){}$`;")
