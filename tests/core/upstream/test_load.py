"""How busy llama.cpp says it is, by builds and flags that tell more or less, and when it is asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from proxy_core.snapshot import ServerLoad
from proxy_core.upstream.facts import UpstreamFacts
from proxy_core.upstream.load import ABSENT, ABSENT_MOST, STALE, LoadWatch, metric, server_load

from .servers import ROOT, Server, recorded

FACTS = UpstreamFacts(kind="llama.cpp", slots=2, window=4096)
DISABLED = (501, recorded("error_slots_disabled"))
SILENT = httpx.ReadTimeout("")


def slot(number: int, tokens: int | None = None, *, busy: bool = False, window: int = 4096) -> dict[str, Any]:
    """A slot as build 11549 tells of it: one that was never used has no figures."""
    used = {} if tokens is None else {"id_task": 7, "n_prompt_tokens": tokens, "next_token": [{"n_decoded": 3}]}
    return {"id": number, "n_ctx": window, "speculative": False, "is_processing": busy, **used}


METRICS = """\
# HELP llamacpp:requests_processing Number of requests processing
# TYPE llamacpp:requests_processing gauge
llamacpp:requests_processing 2
# HELP llamacpp:requests_deferred Number of requests deferred
# TYPE llamacpp:requests_deferred gauge
llamacpp:requests_deferred 3
"""
OLD_METRICS = METRICS + "llamacpp:kv_cache_usage_ratio 0.25\n"
TWO = [slot(0, 1024, busy=True), slot(1, 2048)]


@pytest.mark.parametrize(
    ("slots", "metrics", "shared", "load"),
    [
        (TWO, METRICS, None, ServerLoad(1, 3, 3072, None, 0.5, drafting=False)),
        (TWO, METRICS, False, ServerLoad(1, 3, 3072, 0.375, 0.5, drafting=False)),
        (TWO, METRICS, True, ServerLoad(1, 3, 3072, 0.75, 0.5, drafting=False)),
        (TWO, OLD_METRICS, None, ServerLoad(1, 3, 3072, 0.25, 0.5, drafting=False)),
        (TWO, "", None, ServerLoad(1, None, 3072, None, 0.5, drafting=False)),
        (TWO[:1], "", None, ServerLoad(1, None, 1024, 0.25, 0.25, drafting=False)),
        ([slot(0), slot(1, 0)], "", False, ServerLoad(0, None, 0, 0.0, 0.0, drafting=False)),
        ([slot(0), slot(1, 9)], "", None, ServerLoad(0, None, 9, None, 9 / 4096, drafting=False)),
        (recorded("slots_idle"), "", False, ServerLoad(0, drafting=False)),
        ([slot(0, busy=True), slot(1, 9)], "", False, ServerLoad(1, drafting=False)),
        ([], METRICS, None, ServerLoad(queued=3)),
        ([], OLD_METRICS, None, ServerLoad(queued=3, used=0.25)),
        ([{**slot(0), "id_task": -1}], "", None, ServerLoad(0, drafting=False)),
        ([{"id": 0, "is_processing": True, "n_prompt_tokens": 9}], "", None, ServerLoad(1, None, 9, drafting=False)),
        ([{**slot(0), "speculative": True}], "", None, ServerLoad(0, drafting=True)),
        ([{"strange": 1, "n_prompt_tokens": "many"}], "", None, ServerLoad(0, drafting=False)),
        ([], "# nothing\nllamacpp:requests_deferred many\n", None, ServerLoad()),
        ([], "", None, None),
    ],
    ids=[
        "several slots may share", "they do not", "they do", "an older build tells", "no metrics", "one slot",
        "held nothing", "one unused", "all unused", "busy and mute", "no slots", "older and no slots",
        "no token counts", "no window", "drafting", "strange", "strange metrics", "mute",
    ],
)  # fmt: skip
def test_what_each_build_tells(
    slots: list[dict[str, Any]], metrics: str, shared: bool | None, load: ServerLoad | None
) -> None:
    assert server_load(slots, metrics, shared) == load


def test_a_metric_is_found_by_its_whole_name() -> None:
    text = "llamacpp:requests_deferred_total 9\nllamacpp:requests_deferred 1.0\nllamacpp:other 3\n"
    assert metric(text, "requests_deferred") == 1
    assert metric(text, "requests") is None


class Watched:
    """A watch over a scripted server, on a clock of its own."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.server = Server(answers)
        self.facts: UpstreamFacts | None = FACTS
        self.now = 1_000.0
        self.watch = LoadWatch(self.server.client, ROOT, {}, lambda: self.facts, every=0.001)

    async def look(self, after: float = 3.0, answers: dict[str, Any] | None = None) -> list[str]:
        """What one look asks."""
        self.now += after
        self.server.answers = self.server.answers if answers is None else answers
        self.server.asked.clear()
        await self.watch.look(self.now)
        return list(self.server.asked)


async def test_both_endpoints_are_asked_at_each_look() -> None:
    watched = Watched({"/slots": TWO, "/metrics": METRICS.encode()})
    for _ in range(3):
        assert await watched.look() == ["/slots", "/metrics"]
    assert watched.watch.load == ServerLoad(1, 3, 3072, None, 0.5, drafting=False)


async def test_a_load_that_did_not_change_is_the_same_object() -> None:
    watched = Watched({"/slots": TWO})
    await watched.look()
    before = watched.watch.load
    await watched.look()
    assert watched.watch.load is before
    await watched.look(answers={"/slots": TWO[:1]})
    assert watched.watch.load == ServerLoad(1, None, 1024, 0.25, 0.25, drafting=False)


async def test_an_endpoint_that_is_not_there_is_asked_for_ever_more_rarely() -> None:
    watched = Watched({"/slots": DISABLED, "/metrics": METRICS.encode()})
    assert await watched.look() == ["/slots", "/metrics"]
    assert watched.watch.load == ServerLoad(queued=3)
    pauses: list[float] = []
    while len(pauses) < 6:
        waited = 0.0
        while "/slots" not in await watched.look(30.0):
            waited += 30.0
        pauses.append(waited + 30.0)
    assert pauses == [ABSENT, 2 * ABSENT, 4 * ABSENT, 8 * ABSENT, ABSENT_MOST, ABSENT_MOST]
    assert await watched.look(ABSENT_MOST, {"/slots": TWO}) == ["/slots", "/metrics"]
    assert await watched.look() == ["/slots"], "it is there again; the other one went"


async def test_a_server_that_tells_nothing_has_no_load() -> None:
    watched = Watched({"/slots": (404, {}), "/metrics": (404, {})})
    await watched.look()
    assert watched.watch.load is None
    assert await watched.look() == []


async def test_a_key_that_is_not_accepted_there_is_not_tried_again_and_again() -> None:
    watched = Watched({"*": (401, recorded("error_401"))})
    assert await watched.look() == ["/slots", "/metrics"]
    assert await watched.look() == []


async def test_nobody_is_asked_while_nobody_looks_or_another_server_serves() -> None:
    watched = Watched({"/slots": TWO})
    await watched.look()
    watched.facts = None
    assert await watched.look() == []
    assert watched.watch.load is None
    watched.facts = FACTS
    assert await watched.look() == ["/slots", "/metrics"]


async def test_new_facts_make_it_ask_for_what_was_not_there() -> None:
    watched = Watched({"/slots": DISABLED})
    await watched.look()
    assert await watched.look() == []
    watched.facts = UpstreamFacts(kind="llama.cpp", slots=4)
    assert await watched.look(answers={"/slots": TWO}) == ["/slots", "/metrics"]
    assert watched.watch.load is not None


async def test_a_server_that_is_slow_to_talk_keeps_its_last_figures_for_a_while() -> None:
    watched = Watched({"/slots": TWO})
    await watched.look()
    load = watched.watch.load
    await watched.look(answers={"*": SILENT})
    assert watched.watch.load is load
    await watched.look(STALE)
    assert watched.watch.load is None
    await watched.look(answers={"/slots": TWO})
    assert watched.watch.load == load


@contextlib.asynccontextmanager
async def running(watch: LoadWatch):
    task = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_the_task_goes_on_after_what_nobody_foresaw(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched({"*": ZeroDivisionError()})
    async with running(watched.watch):
        await until(lambda: "asking the model server for its load failed" in caplog.text)
        watched.server.answers = {"/slots": TWO}
        await until(lambda: watched.watch.load is not None)
