from __future__ import annotations

from dataclasses import replace

from console.screens.session import SessionScreen
from proxy_core.commands import CancelSession
from proxy_core.events import LogRecorded, RequestFailed
from tests.console.fake_port import NOW, SESSIONS, SNAPSHOT, UPSTREAM, FakePort, session
from tests.console.screen import Driven, opened

HOSTILE = "\x1b[2J\x1b]0;pwned\x07 a\u202eb \x9b31m\r\n[red]日本[/red]👨\u200d👩"


def chosen(console: Driven) -> str:
    return next(line[1:5] for line in console.lines if line.startswith("▸"))


async def test_the_status_line_tells_what_matters_most() -> None:
    async with opened((140, 40)) as console:
        assert console.lines[0].startswith(" ● SERVING :4000 → :8080  qwen3-coder-30b 65.5k")
        assert console.lines[0].endswith("│ 4 active │ ▲2 │ 14:13")
        await console.resize(40, 16)
        assert console.lines[0].split() == ["●", "SERVING", ":4000", "→", ":8080", "│", "4", "active", "│", "▲2"]


async def test_the_status_line_tells_trouble() -> None:
    port = FakePort()
    port.picture = replace(
        SNAPSHOT, draining=True, upstream=replace(UPSTREAM, state="down", url="https://gpu.lan:8443")
    )
    async with opened((100, 30), port=port) as console:
        assert "DRAINING :4000 → gpu.lan:8443 down" in console.lines[0]


async def test_the_cursor_stays_on_its_session_while_rows_move() -> None:
    async with opened() as console:
        assert chosen(console) == "a3f9"
        await console.type("jj<down>")
        assert chosen(console) == "9b44"
        fuller = [replace(view, utilisation=0.99) if view.short == "9b44d3" else view for view in SESSIONS]
        console.port.picture = replace(SNAPSHOT, sessions=tuple(fuller))
        await console.tick()
        assert chosen(console) == "9b44"
        assert "▸9b44" in console.lines[3]
        console.port.picture = replace(SNAPSHOT, sessions=SESSIONS[:3])
        await console.tick()
        assert chosen(console) == "a3f9", "its session is gone: it keeps its place"
        await console.type("<end>")
        await console.type("<home><up><up>")
        assert chosen(console) == "a3f9"


async def test_sorting_by_keys_and_by_a_click_on_a_title() -> None:
    async with opened((140, 40)) as console:
        assert "CONTEXT▼" in console.text
        await console.type("o")
        assert "TURNS▼" in console.text
        await console.type("O")
        assert "TURNS▲" in console.text
        row = next(y for y, line in enumerate(console.lines) if "SESSION" in line)
        await console.pilot.click(offset=(console.lines[row].index("TTFT") + 1, row))
        await console.tick()
        assert "TTFT▼" in console.text
        assert "5d10" in console.lines[row + 1]


async def test_filtering_sessions() -> None:
    async with opened((100, 30)) as console:
        await console.type("/s:5d10|e02b")
        assert "sessions 6 · /s:5d10|e02b 4 hidden" in console.text
        await console.type("<enter>")
        assert [line[1:5] for line in console.lines[3:5]] == ["5d10", "e02b"]
        await console.type("<escape>")
        assert "hidden" not in console.text
        await console.type("/nothing")
        assert "no session passes the filter" in console.text
        await console.type("<escape>")
        assert "77c1" in console.text


async def test_filtering_events() -> None:
    async with opened((100, 30)) as console:
        await console.type("<tab>/loop|setting<enter>")
        assert "events 2 · /loop|setting 13 hidden" in console.text
        assert "PROXY_LOOP_HIDE_TOOL" in console.text
        assert "context critical" not in console.text


async def test_a_filter_that_cannot_be_read_says_why() -> None:
    async with opened((140, 40)) as console:
        await console.type("/cost>5")
        assert "cost is none of ctx, turns, toks, ttft" in console.text


async def test_events_follow_until_somebody_scrolls_up() -> None:
    async with opened() as console:
        console.port.happened += [LogRecorded(at=NOW, level="warning", text=f"line {n}") for n in range(60)]
        await console.tick()
        assert "line 59" in console.text
        await console.type("<tab><up><up>")
        assert "line 59" not in console.text
        assert "2 below, end follows" in console.text
        console.port.happened.append(LogRecorded(at=NOW, level="warning", text="line 60"))
        await console.tick()
        assert "line 60" not in console.text
        assert "3 below" in console.text
        await console.type("<end>")
        assert "line 60" in console.text
        assert "below" not in console.line("events")


async def test_freezing_holds_the_picture_and_counts_what_is_new() -> None:
    async with opened((100, 30)) as console:
        before = console.text
        await console.type(" ")
        console.port.picture = replace(SNAPSHOT, sessions=(), active=0)
        console.port.happened.append(
            RequestFailed(at=NOW, status=500, error="api_error", message="new", phase="decode")
        )
        await console.tick(75)
        assert "FROZEN 14:13 · 1 new" in console.lines[0]
        assert console.lines[1:] == before.split("\n")[1:]
        await console.type(" ")
        assert "FROZEN" not in console.text
        assert "no sessions yet" in console.text
        assert "500 api_error" in console.text


async def test_hostile_text_is_shown_as_marks_and_bends_no_column() -> None:
    hostile = session(
        HOSTILE, HOSTILE, short=HOSTILE, client=HOSTILE, model=HOSTILE, last_tool=HOSTILE, utilisation=1.0
    )
    upstream = replace(UPSTREAM, kind=HOSTILE, model=HOSTILE, window_source=HOSTILE, detail=HOSTILE)
    port = FakePort(picture=replace(SNAPSHOT, sessions=(*SESSIONS, hostile), upstream=upstream))
    port.happened.append(LogRecorded(at=NOW, session=HOSTILE, level="warning", text=HOSTILE))
    for size in ((80, 24), (140, 40)):
        async with opened(size, port=port) as console:
            for keys in ("", "<enter>"):
                await console.type(keys)
                strips = console.app.screen._compositor.render_strips()
                assert {strip.cell_length for strip in strips} == {size[0]}
                text = "".join(strip.text for strip in strips)
                assert text.isprintable()
                assert "␛[2J" in text or "␛[" in text
                assert "[red]" in text, "no markup is obeyed"


async def test_opening_a_session_and_stepping_through() -> None:
    async with opened((100, 30)) as console:
        await console.type("<enter>")
        assert isinstance(console.app.screen, SessionScreen)
        assert "session a3f91c webapp: dark mode" in console.text
        assert "63,120 of 65,536 tokens" in console.text
        await console.type("n")
        assert "session 5d10e2 refactor billing" in console.text
        await console.type("NN")
        assert "session e02b5a scratch" in console.text
        console.port.picture = replace(SNAPSHOT, sessions=SESSIONS[:1])
        await console.tick()
        assert "this session is forgotten" in console.text
        await console.type("<escape>")
        assert "sessions 1" in console.text


async def test_only_the_session_s_own_events_are_in_its_detail() -> None:
    async with opened((140, 40)) as console:
        await console.type("<enter>e")
        assert "events 3" in console.text
        assert "context critical" in console.text
        assert "503 overloaded_error" not in console.text


async def test_cancelling_asks_first() -> None:
    async with opened() as console:
        await console.type("c")
        assert "Cancel 1 request of a3f91c webapp: dark mode?" in console.text
        await console.type("n")
        assert console.port.commands == []
        await console.type("cy")
        await console.app.workers.wait_for_complete()
        await console.tick()
        assert console.port.commands == [CancelSession("a3f91c77")]
        assert "cancelled 1" in console.text


async def test_cancelling_where_nothing_runs_only_says_so() -> None:
    async with opened() as console:
        await console.type("<end>c")
        assert "e02b5a scratch has nothing in flight" in console.text


async def test_one_panel_on_the_whole_screen() -> None:
    async with opened() as console:
        await console.type("e")
        assert "sessions" not in console.text
        assert "listening at" in console.text
        await console.type("<escape>t")
        assert "prefill" in console.text
        assert "events" not in console.text
        await console.type("t")
        assert "sessions 6" in console.text
