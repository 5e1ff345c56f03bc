"""How busy llama.cpp is: its slots and its KV cache, asked for beside the traffic and only while somebody looks."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import httpx

from proxy_core.snapshot import ServerLoad
from proxy_core.translate.types import JsonObject
from proxy_core.upstream.facts import UpstreamFacts, UpstreamUnreachable
from proxy_core.upstream.probe import Probe

T = TypeVar("T")

log = logging.getLogger(__name__)

EVERY = 3.0
"""Seconds between two looks. Each question wakes llama.cpp's waiting requests; asked more often than once a second it
never finds out that a client left.
"""

ABSENT = 60.0
"""Seconds until an endpoint that was not there is asked for again; doubled each time, up to `ABSENT_MOST`."""

ABSENT_MOST = 900.0
STALE = 20.0
"""Seconds after which an old answer is no longer shown: a server that reads a long prompt may be slow to talk."""


def metric(text: str, name: str) -> float | None:
    """A figure of llama.cpp's `/metrics` (Prometheus text), None where this build or its flags do not give it."""
    for line in text.splitlines():
        found, _, value = line.partition(" ")
        if found == f"llamacpp:{name}":
            try:
                return float(value)
            except ValueError:
                return None
    return None


def held(slots: Sequence[JsonObject]) -> list[int]:
    """Tokens that each slot holds, answered ones included; empty where the build does not tell.

    A slot that was never used tells no figures and holds nothing, which is only known by one that tells some.
    """
    tokens = [_tokens(slot) for slot in slots]
    known = [count for count in tokens if count is not None]
    blank = any(count is None and _used(slot) for count, slot in zip(tokens, slots, strict=True))
    return [] if blank or not known else [count or 0 for count in tokens]


def _tokens(slot: JsonObject) -> int | None:
    count = slot.get("n_prompt_tokens")
    return count if isinstance(count, int) else None


def _used(slot: JsonObject) -> bool:
    return "id_task" in slot or slot.get("is_processing") is True


def server_load(slots: Sequence[JsonObject], metrics: str, shared: bool | None) -> ServerLoad | None:
    """What a list of slots (empty: not told) and the text of metrics ("": not told) come to; None when both are mute.

    `shared`: whether the slots share one memory (None unknown), of which then each reports the whole.
    """
    queued, ratio = metric(metrics, "requests_deferred"), metric(metrics, "kv_cache_usage_ratio")
    if not slots and not metrics:
        return None
    windows = [_window(slot) for slot in slots]
    tokens = held(slots)
    return ServerLoad(
        busy=sum(slot.get("is_processing") is True for slot in slots) if slots else None,
        queued=None if queued is None else int(queued),
        held=sum(tokens) if tokens else None,
        used=_share_of_all(tokens, windows, shared) if ratio is None else ratio,
        fullest=_fullest(tokens, windows),
        drafting=any(slot.get("speculative") is True for slot in slots) if slots else None,
    )


def _window(slot: JsonObject) -> int:
    size = slot.get("n_ctx")
    return size if isinstance(size, int) else 0


def _share_of_all(tokens: list[int], windows: list[int], shared: bool | None) -> float | None:
    if not tokens or not all(windows) or (shared is None and len(windows) > 1):
        return None
    return sum(tokens) / (max(windows) if shared else sum(windows))


def _fullest(tokens: list[int], windows: list[int]) -> float | None:
    return max(map(_share, tokens, windows)) if tokens and all(windows) else None


def _share(tokens: int, window: int) -> float:
    return tokens / window


class LoadWatch:
    """Keeps `load` current; a task runs `run`. `wanted` gives the facts of the server to ask, None to ask nobody.

    Each endpoint that is not there is left alone for a while, and asked for again when the facts are new ones: then
    the server was started anew.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        root: str,
        headers: Mapping[str, str],
        wanted: Callable[[], UpstreamFacts | None],
        *,
        every: float = EVERY,
    ) -> None:
        self.load: ServerLoad | None = None
        self._probe = Probe(client, root, headers)
        self._wanted = wanted
        self._every = every
        self._facts: UpstreamFacts | None = None
        self._told = 0.0
        self._absent: dict[str, tuple[float, float]] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            try:
                await self.look(time.monotonic())
            except Exception:
                log.exception("asking the model server for its load failed")
            await asyncio.sleep(self._every)

    async def look(self, now: float) -> None:
        """Look once, if somebody wants to know. `now` is in seconds of a clock that only goes forward."""
        facts = self._wanted()
        if facts is None or facts is not self._facts:
            self._facts, self.load = facts, None
            self._absent.clear()
        if facts is None:
            return
        try:
            slots = await self._if_there("/slots", now, self._probe.list_if_there) or []
            metrics = await self._if_there("/metrics", now, self._probe.text_if_there) or ""
        except UpstreamUnreachable:
            if now - self._told > STALE:
                self.load = None
            return
        self._told = now
        load = server_load(slots, metrics, facts.unified_kv)
        if load != self.load:
            self.load = load

    async def _if_there(self, path: str, now: float, ask: Callable[[str], Awaitable[T]]) -> T | None:
        """The answer of an endpoint, None while it is left alone. Raises `UpstreamUnreachable`."""
        again, pause = self._absent.get(path, (now, 0.0))
        if now < again:
            return None
        answer = await ask(path)
        if answer:
            self._absent.pop(path, None)
        else:
            pause = min(pause * 2 or ABSENT, ABSENT_MOST)
            self._absent[path] = (now + pause, pause)
        return answer
