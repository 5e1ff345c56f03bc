"""The panel of the model server: only what is known is a number."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from proxy_core.snapshot import ServerLoad, Snapshot
from tests.console.fake_port import SNAPSHOT, UPSTREAM, FakePort
from tests.console.screen import opened

ROW = re.compile(r" (slots|KV cache|drafts) +(\S.*?)[ │]*$")
TOLD = ServerLoad(busy=3, queued=1, held=201_600, fullest=0.963, drafting=True)


def seen(load: ServerLoad | None, *, slots: int | None = 4, active: int = 4, drafted: int = 0) -> Snapshot:
    totals = replace(SNAPSHOT.totals, drafted_tokens=drafted, accepted_tokens=drafted * 3 // 4)
    return replace(SNAPSHOT, upstream=replace(UPSTREAM, load=load, slots=slots), active=active, totals=totals)


async def rows(picture: Snapshot, *, ascii_only: bool = False) -> dict[str, str]:
    """The panel's lines by their names."""
    async with opened((140, 40), port=FakePort(picture=picture), ascii_only=ascii_only) as console:
        found = (ROW.search(line[92:]) for line in console.lines)
        return {row[1]: row[2] for row in found if row}


@pytest.mark.parametrize(
    ("picture", "slots", "memory"),
    [
        (seen(TOLD), "3 of 4 busy · 1 queued", "201.6k tokens · fullest slot 96%"),
        (seen(replace(TOLD, queued=0, used=0.77)), "3 of 4 busy", "201.6k tokens · 77%"),
        (seen(replace(TOLD, queued=None), active=5), "3 of 4 busy · ~1 queued", "201.6k tokens · fullest slot 96%"),
        (seen(replace(TOLD, held=None, fullest=None)), "3 of 4 busy · 1 queued", "—"),
        (seen(replace(TOLD, held=None, fullest=None, used=0.25)), "3 of 4 busy · 1 queued", "25%"),
        (seen(ServerLoad(queued=2)), "~4 of 4 busy · 2 queued", "—"),
        (seen(TOLD, slots=None), "3 busy · 1 queued", "201.6k tokens · fullest slot 96%"),
        (seen(None, active=6), "~4 of 4 busy · ~2 queued", "—"),
        (seen(None, slots=None), "4 in flight", "—"),
    ],
    ids=[
        "all", "shared", "no metrics", "no token counts", "old metrics", "metrics alone", "slots unknown", "nothing",
        "another server",
    ],
)  # fmt: skip
async def test_slots_and_memory(picture: Snapshot, slots: str, memory: str) -> None:
    shown = await rows(picture)
    assert (shown["slots"], shown["KV cache"]) == (slots, memory)


@pytest.mark.parametrize(
    ("load", "drafted", "drafts"),
    [
        (TOLD, 48_200, "75% accepted of 48.2k"),
        (None, 48_200, "75% accepted of 48.2k"),
        (TOLD, 0, "—"),
        (replace(TOLD, drafting=False), 0, None),
        (None, 0, None),
    ],
)
async def test_drafts_are_shown_where_tokens_are_drafted(
    load: ServerLoad | None, drafted: int, drafts: str | None
) -> None:
    assert (await rows(seen(load, drafted=drafted))).get("drafts") == drafts


async def test_in_ascii() -> None:
    shown = await rows(seen(TOLD, drafted=100), ascii_only=True)
    assert shown == {
        "slots": "3 of 4 busy - 1 queued",
        "KV cache": "201.6k tokens - fullest slot 96%",
        "drafts": "75% accepted of 100",
    }


async def test_every_size_has_the_panel_with_the_charts() -> None:
    async with opened((80, 24)) as console:
        for size in ((80, 24), (100, 30), (140, 40)):
            await console.resize(*size)
            await console.type("t")
            assert "3 of 4 busy · 1 queued" in console.text, size
            await console.type("t")
