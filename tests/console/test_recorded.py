"""The recorded story on the screens: what a real engine kept of a session is what an operator finds there."""

from __future__ import annotations

import re

import pytest

from console.inspect.page import Paper, prose
from tests.console.recorded import SESSION, recorded, recorded_port
from tests.console.screen import opened

OPEN = "jjjj<enter>"
BROKEN_CALL, PRUNED = 11 * "N", "NN"
"""Keys from the newest request back to the one with the mended call, and to the one that was cut."""


def test_everything_happens_in_the_story() -> None:
    story = recorded()
    kinds = {event.kind for record in story.records.values() for event in record.request.events}
    assert kinds >= {"request.altered", "loop.acted", "context.pruned", "answer.continued", "prefix.broken"}
    assert all(record.request.state == "done" for record in story.records.values())
    assert all(
        record.received and record.sent and record.upstream and record.answer for record in story.records.values()
    )
    assert {name for name, _ in story.detail.acts} == {"loop", "prune", "premature stop"}
    assert story.view.key == SESSION


def test_the_story_is_the_same_each_time() -> None:
    first = recorded()
    recorded.cache_clear()
    assert recorded() == first


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        (OPEN, ["docs for the API", "requests 13", "loop step 1", "pruned 51", "[Read]×4", "premature stop ×1"]),
        (f"{OPEN}<enter>{BROKEN_CALL}", ["2 of 13", "reasoning_content: They want", "model: qwen3-coder-30b"]),
        (f"{OPEN}<enter>{BROKEN_CALL}2", ["2 response", "{'pattern': ", "name: Grep"]),
        (f"{OPEN}<enter>{BROKEN_CALL}3", ["event: content_block_delta", "chat.completion.chunk"]),
        (f"{OPEN}<enter>{PRUNED}d", ["context.pruned: ", "answer.continued: ", "[This result was removed"]),
        (f"{OPEN}<enter>{PRUNED}4", ["timing, 3", "█", "2% cached", "prefix.broken"]),
    ],
)
async def test_screens(keys: str, shown: list[str]) -> None:
    async with opened((140, 40), port=recorded_port()) as console:
        await console.type(keys)
        await console.settled()
        text = console.text
    assert [part for part in shown if part not in text] == []


@pytest.mark.parametrize("cells", [12, 20, 37, 79])
def test_sentences_break_between_words(cells: int) -> None:
    line = (
        "context.pruned: 51.4k → 28.1k tokens, 3 results replaced: the threshold was reached_and_a_very_long_word_"
        + "x" * 90
    )
    rows = [row.left for row in prose([line, ""], Paper(cells, 1), hang=4)]
    assert all(len(row) <= cells for row in rows)
    assert re.sub(r"\s+", "", "".join(rows)) == re.sub(r"\s+", "", line)
    assert all(row.startswith("    ") for row in rows[1:-1])
    words = set(line.split()[:-1])
    assert words <= set(" ".join(rows).split()) or cells < 16
