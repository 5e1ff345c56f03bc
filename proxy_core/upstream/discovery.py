"""Finds out what stands behind the address, and again whenever the model server was restarted or changed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import cast

import httpx

from proxy_core.translate.types import JsonObject
from proxy_core.upstream.facts import UpstreamFacts, UpstreamLoading, UpstreamRefused, UpstreamUnreachable
from proxy_core.upstream.probe import PROBE_SECONDS, Probe, at, dicts
from proxy_core.upstream.servers import READERS, Entries, kind_of, names, read_listed, read_llama_cpp

__all__ = [
    "Pace",
    "UpstreamFacts",
    "UpstreamLoading",
    "UpstreamRefused",
    "UpstreamUnreachable",
    "UpstreamWatch",
    "discover",
]

log = logging.getLogger(__name__)

DISCOVERY_SECONDS = 2 * PROBE_SECONDS

OnChange = Callable[[str, str, UpstreamFacts, str], None]
"""Told of a change: state before, state now, facts, detail in plain words ("" when all is well)."""


async def discover(client: httpx.AsyncClient, root: str, *, headers: Mapping[str, str]) -> UpstreamFacts:
    """Ask the server at `root` what it is: one to four requests, ten seconds at most.

    Raises `UpstreamUnreachable`, `UpstreamLoading` or `UpstreamRefused`. A server that answers and tells nothing is
    "unknown".
    """
    return await _discover(Probe(client, root, headers), None)


async def _discover(probe: Probe, entries: Entries | None) -> UpstreamFacts:
    try:
        async with asyncio.timeout(DISCOVERY_SECONDS):
            return await _recognise(probe, await _entries(probe) if entries is None else entries)
    except TimeoutError:
        raise UpstreamUnreachable("the model server did not answer in time", silent=True) from None


async def _entries(probe: Probe) -> Entries:
    return dicts(at(await probe.ask("/v1/models"), "data"))


async def _recognise(probe: Probe, entries: Entries) -> UpstreamFacts:
    kind = kind_of(entries, probe.root)
    if kind in {"llama.cpp", "unknown"}:
        props = await _props(probe, must=kind == "llama.cpp")
        if props is not None:
            return await read_llama_cpp(probe, props, entries)
    if kind == "unknown" and at(await probe.ask_if_there("/api/ps"), "models") is not None:
        kind = "ollama"
    served = names(entries)
    facts = UpstreamFacts(kind=kind, model=served[0] if served else "", models=served)
    return await READERS.get(kind, read_listed)(probe, facts, entries)


async def _props(probe: Probe, *, must: bool) -> JsonObject | None:
    """llama.cpp's description of itself, None of any other server.

    In some builds the list of models is public and all else wants the key, so a refusal here counts once the server is
    known for llama.cpp.
    """
    try:
        document = await probe.ask("/props")
    except (UpstreamRefused, UpstreamUnreachable):
        if must:
            raise
        return None
    known = at(document, "default_generation_settings") is not None or must
    return (cast("JsonObject", document) if isinstance(document, dict) else {}) if known else None


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between looks: while the server is up, at least, and at most while it is not.

    llama.cpp misses clients that leave when it is asked things more often than once a second, so 2 is the least.
    """

    up: float = 5.0
    least: float = 2.0
    most: float = 10.0
    growth: float = 1.5
    big_list: float = 60.0
    """OpenRouter's list of models has hundreds of kilobytes."""

    def pause(self, state: str, kind: str, before: float) -> float:
        """The pause after a look that found `state`, when the last pause was `before`."""
        if state == "up":
            return self.big_list if kind == "openrouter" else self.up
        if state == "loading":
            return self.least
        return min(max(before * self.growth, self.least), self.most)


class UpstreamWatch:
    """Keeps `state`, `facts` and `detail` current; a task runs `run`.

    States: "connecting" until the first answer, "up", "loading", "down", "refused". Facts stay while a server is down:
    the last known are the best guess.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        root: str,
        headers: Mapping[str, str],
        on_change: OnChange,
        *,
        pace: Pace | None = None,
    ) -> None:
        self.state = "connecting"
        self.detail = ""
        self.facts = UpstreamFacts.unknown()
        self._probe = Probe(client, root, headers)
        self._on_change = on_change
        self._pace = pace or Pace()
        self._poked = asyncio.Event()
        self._entries: Entries = []
        self._learnt: tuple[UpstreamFacts, dict[str, int | str | bool]] | None = None
        self._silent = False

    def poke(self) -> None:
        """Look again now, or as soon as the last look is two seconds old: a request met trouble."""
        self._poked.set()

    def learn_window(self, n_ctx: int) -> None:
        """An overflow error told the true window in tokens; it stands until the server says something new."""
        if n_ctx > 0 and n_ctx != self.facts.window:
            self._learn(window=n_ctx, window_source="overflow error")

    def learn_shared_memory(self) -> None:
        """Answers broke off because all slots together had filled the server's memory: they share it."""
        if not self.facts.unified_kv:
            self._learn(unified_kv=True)

    def _learn(self, **lesson: int | str | bool) -> None:
        base, known = self._learnt or (self.facts, {})
        self._learnt = (base, known | lesson)
        self._become(self.state, self._with_learnt(base), self.detail)
        self.poke()

    async def run(self) -> None:
        """Watch until cancelled."""
        pause = 0.0
        while True:
            poked, looked = self._poked.is_set(), time.monotonic()
            self._poked.clear()
            try:
                await self.look(anew=poked)
            except Exception:
                log.exception("looking at the model server failed")
            pause = self._pace.pause(self.state, self.facts.kind, pause)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._poked.wait()
            await asyncio.sleep(max(looked + self._pace.least - time.monotonic(), 0.0))

    async def look(self, *, anew: bool = False) -> None:
        """Look once. While nothing seems changed that is one request, unless `anew` asks for all.

        One look without an answer is forgiven: a server that is busy with a long prompt may be slow to talk.
        """
        try:
            entries = await _entries(self._probe)
            if anew or self._doubtful or _without_time(entries) != _without_time(self._entries):
                facts = await _discover(self._probe, entries)
                self._entries = entries
                detail = "" if facts.models else "the server answers, but it lists no models"
                self._become("up", self._with_learnt(facts), detail)
            self._silent = False
        except UpstreamUnreachable as error:
            once = error.silent and self.state == "up" and not self._silent
            self._silent = error.silent
            if not once:
                self._become("down", self.facts, str(error))
        except UpstreamLoading as error:
            self._become("loading", self.facts, str(error))
        except UpstreamRefused as error:
            self._become("refused", self.facts, str(error))

    @property
    def _doubtful(self) -> bool:
        """Whether the list of models alone does not tell that all is as it was.

        Ollama and LM Studio load models when they are asked for; their list stays the same.
        """
        return self.state != "up" or not self.facts.window or self.facts.kind in {"ollama", "lmstudio"}

    def _with_learnt(self, discovered: UpstreamFacts) -> UpstreamFacts:
        if self._learnt is None or self._learnt[0] != discovered:
            self._learnt = None
            return discovered
        return replace(discovered, **self._learnt[1])

    def _become(self, state: str, facts: UpstreamFacts, detail: str) -> None:
        before, known = (self.state, self.detail), self.facts
        if state != "up":
            self._learnt = None if self.state == "up" else self._learnt
        self.state, self.facts, self.detail = state, facts, detail
        if before != (state, detail) or known != facts:
            self._on_change(before[0], state, facts, detail)


def _without_time(entries: Entries) -> list[JsonObject]:
    """llama.cpp dates its list with the moment of asking."""
    return [{name: value for name, value in entry.items() if name != "created"} for entry in entries]
