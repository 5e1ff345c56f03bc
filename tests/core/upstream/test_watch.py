"""The watch over the model server: what it tells when, and what it asks."""

import asyncio
import contextlib

import httpx
import pytest

from proxy_core.upstream.discovery import Pace, UpstreamWatch

from .servers import LLAMA_CPP, LOADING, REFUSED, ROOT, Server, models, recorded

GONE = httpx.ConnectError("refused")
SILENT = httpx.ReadTimeout("")


def llama_cpp(n_ctx, model="tiny-babble"):
    """A llama.cpp with another window or model."""
    listed, props = recorded("models"), recorded("props")
    listed["data"][0]["id"] = model
    listed["data"][0]["meta"]["n_ctx"] = n_ctx
    props["default_generation_settings"]["n_ctx"] = n_ctx
    return {"/v1/models": listed, "/props": props}


class Watched:
    """A watch over a scripted server, and what it told: (state before, state, model, window, source)."""

    def __init__(self, answers, **more):
        self.server = Server(answers)
        self.told = []
        self.watch = UpstreamWatch(self.server.client, ROOT, {}, self._tell, **more)

    def _tell(self, before, after, facts, detail):
        assert (self.watch.state, self.watch.facts, self.watch.detail) == (after, facts, detail)
        self.told.append((before, after, facts.model, facts.window, facts.window_source))

    async def look(self, answers=None, **more):
        """What one look tells, with the server answering anew."""
        if answers is not None:
            self.server.answers = answers
        self.told.clear()
        self.server.asked.clear()
        await self.watch.look(**more)
        return list(self.told)


def tiny(before, after, window=4096, source="/props"):
    return (before, after, "tiny-babble", window, source)


async def test_a_server_that_starts_runs_dies_and_returns():
    watched = Watched({"*": GONE})
    assert watched.watch.state == "connecting"
    assert await watched.look() == [("connecting", "down", "", 0, "")]
    assert await watched.look() == []
    assert await watched.look({"*": LOADING}) == [("down", "loading", "", 0, "")]
    assert watched.watch.detail == "Loading model"
    assert await watched.look(LLAMA_CPP) == [tiny("loading", "up")]
    assert await watched.look() == []
    assert await watched.look({"*": GONE}) == [tiny("up", "down")]
    assert "model.test:80" in watched.watch.detail
    assert await watched.look(llama_cpp(8192)) == [tiny("down", "up", 8192)]
    assert watched.watch.detail == ""


async def test_a_restart_between_two_looks_is_seen_by_its_window_or_model():
    watched = Watched(LLAMA_CPP)
    await watched.look()
    assert await watched.look(llama_cpp(16384)) == [tiny("up", "up", 16384)]
    assert await watched.look(llama_cpp(16384, "other")) == [("up", "up", "other", 16384, "/props")]


async def test_a_look_at_a_server_that_did_not_change_is_one_question():
    watched = Watched(LLAMA_CPP)
    await watched.look()
    listed = recorded("models")
    listed["data"][0]["created"] += 5
    assert await watched.look({**LLAMA_CPP, "/v1/models": listed}) == []
    assert watched.server.asked == ["/v1/models"]
    await watched.look(anew=True)
    assert watched.server.asked == ["/v1/models", "/props"]


async def test_the_window_of_a_server_that_loads_on_demand_is_learnt_with_its_first_request():
    listed = models({"id": "a:8b", "owned_by": "library"})
    running = {"models": [{"model": "a:8b", "context_length": 4096}]}
    watched = Watched({"/v1/models": listed, "/api/ps": {"models": []}})
    assert await watched.look() == [("connecting", "up", "a:8b", 0, "")]
    assert await watched.look({"/v1/models": listed, "/api/ps": running}) == [("up", "up", "a:8b", 4096, "/api/ps")]


async def test_a_key_that_is_refused_and_then_given():
    watched = Watched({"*": REFUSED})
    assert await watched.look() == [("connecting", "refused", "", 0, "")]
    assert "UPSTREAM_API_KEY" in watched.watch.detail
    assert await watched.look(LLAMA_CPP) == [tiny("refused", "up")]


async def test_one_silence_of_a_running_server_is_forgiven():
    watched = Watched(LLAMA_CPP)
    await watched.look()
    assert await watched.look({"*": SILENT}) == []
    assert await watched.look(LLAMA_CPP) == []
    assert await watched.look({"*": SILENT}) == []
    assert await watched.look({"*": SILENT}) == [tiny("up", "down")]


async def test_a_server_that_lists_no_models_is_up_and_says_so():
    watched = Watched({})
    assert await watched.look() == [("connecting", "up", "", 0, "")]
    assert watched.watch.detail == "the server answers, but it lists no models"


async def test_the_window_of_an_overflow_stands_until_the_server_says_something_new():
    watched = Watched(LLAMA_CPP)
    await watched.look()
    watched.told.clear()
    watched.watch.learn_window(4096)
    watched.watch.learn_window(0)
    assert watched.told == []
    watched.watch.learn_window(2048)
    assert watched.told == [tiny("up", "up", 2048, "overflow error")]
    assert await watched.look(anew=True) == []
    watched.watch.learn_window(1024)
    assert await watched.look(anew=True) == []
    assert watched.watch.facts.window == 1024
    assert await watched.look(llama_cpp(8192)) == [tiny("up", "up", 8192)]
    assert await watched.look(llama_cpp(4096)) == [tiny("up", "up", 4096)]


async def test_a_restart_makes_the_window_of_an_overflow_void():
    watched = Watched(LLAMA_CPP)
    await watched.look()
    watched.watch.learn_window(2048)
    assert await watched.look({"*": GONE}) == [tiny("up", "down", 2048, "overflow error")]
    assert await watched.look(LLAMA_CPP) == [tiny("down", "up")]


@pytest.mark.parametrize(
    ("state", "kind", "before", "pause"),
    [
        ("up", "llama.cpp", 10.0, 5.0),
        ("up", "openrouter", 5.0, 60.0),
        ("loading", "unknown", 10.0, 2.0),
        ("down", "unknown", 0.0, 2.0),
        ("down", "llama.cpp", 2.0, 3.0),
        ("down", "llama.cpp", 5.0, 7.5),
        ("down", "llama.cpp", 9.0, 10.0),
        ("down", "openrouter", 60.0, 10.0),
        ("refused", "llama.cpp", 5.0, 7.5),
    ],
)
def test_pauses(state, kind, before, pause):
    assert Pace().pause(state, kind, before) == pause


@contextlib.asynccontextmanager
async def running(watched):
    task = asyncio.create_task(watched.watch.run())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_the_task_follows_the_server_without_being_told():
    watched = Watched({"*": GONE}, pace=Pace(up=0.001, least=0.001, most=0.002))
    async with running(watched):
        await until(lambda: watched.watch.state == "down")
        watched.server.answers = LLAMA_CPP
        await until(lambda: watched.watch.state == "up")
        watched.server.answers = llama_cpp(8192)
        await until(lambda: watched.watch.facts.window == 8192)


async def test_a_poke_makes_it_look_at_everything_long_before_its_time():
    watched = Watched(LLAMA_CPP, pace=Pace(up=3600.0, least=0.0))
    async with running(watched):
        await until(lambda: watched.watch.state == "up")
        watched.server.answers = {"*": GONE}
        watched.watch.poke()
        await until(lambda: watched.watch.state == "down")


async def test_pokes_never_make_it_look_faster_than_the_least_pause():
    watched = Watched(LLAMA_CPP, pace=Pace(least=3600.0))
    async with running(watched):
        await until(lambda: watched.watch.state == "up")
        watched.server.asked.clear()
        for _ in range(20):
            watched.watch.poke()
            await asyncio.sleep(0.001)
        assert watched.server.asked == []


async def test_an_unforeseen_failure_does_not_end_the_watch(caplog):
    watched = Watched({"*": ZeroDivisionError()}, pace=Pace(up=0.001, least=0.001, most=0.002))
    async with running(watched):
        await until(lambda: "looking at the model server failed" in caplog.text)
        watched.server.answers = LLAMA_CPP
        await until(lambda: watched.watch.state == "up")


async def test_that_slots_share_their_memory_is_learnt_from_answers_that_broke_off():
    watched = Watched(LLAMA_CPP)
    await watched.look()
    assert watched.watch.facts.unified_kv is None
    watched.told.clear()
    watched.watch.learn_shared_memory()
    watched.watch.learn_shared_memory()
    assert watched.told == [tiny("up", "up")]
    watched.watch.learn_window(2048)
    assert await watched.look(anew=True) == []
    assert (watched.watch.facts.unified_kv, watched.watch.facts.window) == (True, 2048)
    await watched.look({"*": GONE})
    await watched.look(LLAMA_CPP)
    assert watched.watch.facts.unified_kv is None
