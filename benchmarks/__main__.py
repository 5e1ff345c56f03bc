"""`python -m benchmarks [--rounds N] [--only NAME,NAME] [--against COMMIT]`: the table of all scenarios.

It gives the ratio to the passthrough, and to the last release (the newest tag `v...`) or the commit that was named.
Linux only. Targets take turns within every round, so that a noisy minute hits both: believe the ratios, not the times.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from benchmarks import bodies
from benchmarks.growth import CHUNKS, tell_growth
from benchmarks.load import Connection
from benchmarks.release import checked_out, last_release
from benchmarks.target import LOAD_CPU, Target, free_port, passthrough, product, start
from proxy_core.server import new_loop

Measure = Callable[[Target], Awaitable[float]]


def written(body: dict[str, Any], kind: str = "text", chunks: int = 3, per_write: int = 8, pause: int = 0) -> bytes:
    """The request that brings such an answer, with so many milliseconds between two writes."""
    name = f"bench-{kind}-{chunks}-{per_write}-{pause}"
    return orjson.dumps({"model": "bench", **body, "user": name, "metadata": {"user_id": name}})


@dataclass(frozen=True, slots=True)
class Scenario:
    """`unit` of the figure, and `bar`: the most that the product may cost, times the passthrough."""

    name: str
    unit: str
    bar: float
    measure: Measure


def streams(kind: str, per_write: int, chunks: int = 1000, requests: int = 24) -> Measure:
    """CPU per chunk in microseconds: eight clients with long streams."""

    async def measure(target: Target) -> float:
        body = written(bodies.question() | {"tools": bodies.conversation(0, 1, 1)["tools"]}, kind, chunks, per_write)
        return await _cpu(target, body, chunks, requests) * 1e6 / (chunks * requests)

    return measure


async def short(target: Target) -> float:
    """CPU per request in milliseconds: eight clients, streams of 20 chunks."""
    return await _cpu(target, written(bodies.question(), chunks=20, per_write=1), 20, 200) * 1e3 / 200


async def _cpu(target: Target, body: bytes, chunks: int, requests: int) -> float:
    before = target.cpu

    async def client() -> None:
        connection = Connection(target.port)
        for _ in range(requests // 8):
            (await connection.ask(target.path, body)).check(chunks, target.end)
        connection.close()

    await asyncio.gather(*(client() for _ in range(8)))
    return target.cpu - before


def crowd(streams: int, chunks: int = 100, pause: int = 20) -> Measure:
    """CPU per chunk in microseconds: so many streams at once, each as fast as a model writes."""

    async def measure(target: Target) -> float:
        body, before = written(bodies.question(), chunks=chunks, per_write=1, pause=pause), target.cpu
        await at_once(target, body, streams, chunks, pause)
        return (target.cpu - before) * 1e6 / (chunks * streams)

    return measure


async def stalls(target: Target) -> float:
    """Milliseconds between two reads of a client, at the 99th percentile: 256 streams of 50 chunks a second."""
    body = written(bodies.question(), chunks=100, per_write=1, pause=20)
    reads = await at_once(target, body, 256, 100, 20)
    gaps = sorted(after - before for times in reads for before, after in pairwise(times))
    return gaps[len(gaps) * 99 // 100] * 1e3


async def at_once(target: Target, body: bytes, streams: int, chunks: int, pause: int) -> list[tuple[float, ...]]:
    """The times of the reads of each of these streams; they begin one after the other within one pause."""

    async def client(number: int) -> tuple[float, ...]:
        await asyncio.sleep(number * pause / 1000 / streams)
        connection = Connection(target.port)
        answer = await connection.ask(target.path, body)
        connection.close()
        answer.check(chunks, target.end)
        return answer.reads

    return await asyncio.gather(*(client(number) for number in range(streams)))


def first_text(make: Callable[[], dict[str, Any]], tries: int) -> Measure:
    """Milliseconds to the first text, one request at a time, each time the same one."""

    async def measure(target: Target) -> float:
        body, connection = written(make()), Connection(target.port)
        answers = [await connection.ask(target.path, body) for _ in range(tries + 1)]
        connection.close()
        for answer in answers:
            answer.check(3, target.end)
        return median(answer.first for answer in answers[1:]) * 1e3

    return measure


async def memory(target: Target) -> float:
    """Resident megabytes after all that came before."""
    return target.memory


SCENARIOS = (
    Scenario("single", "us/chunk", 0.50, streams("text", 1)),
    Scenario("burst", "us/chunk", 0.35, streams("text", 64)),
    Scenario("tools", "us/chunk", 0.50, streams("tool", 1)),
    Scenario("reasoning", "us/chunk", 0.50, streams("reasoning", 1)),
    Scenario("short", "ms/request", 0.35, short),
    Scenario("64 streams", "us/chunk", 0.65, crowd(64)),
    Scenario("256 streams", "ms gap p99", 1.00, stalls),
    Scenario("TTFT 1 KB", "ms", 0.80, first_text(bodies.question, 20)),
    Scenario("TTFT 200 KB", "ms", 1.70, first_text(lambda: bodies.conversation(200_000, 100, 60), 12)),
    Scenario("TTFT 2 MB", "ms", 1.70, first_text(lambda: bodies.conversation(2_000_000, 200, 60), 6)),
)


async def growing(target: Target) -> tuple[float, float]:
    """TTFT in milliseconds of turn 200 of a 2 MB session: in a session that is new, and in one that came this far."""
    seed = secrets.randbelow(2**32)  # texts that no run before this one brought
    body = bodies.conversation(2_000_000, 200, 60, seed)
    earlier, connection = body | {"messages": body["messages"][:-2]}, Connection(target.port)
    cold = await connection.ask(target.path, written(earlier))
    warm = await connection.ask(target.path, written(body))
    connection.close()
    return cold.first * 1e3, warm.first * 1e3


async def run(rounds: int, only: set[str], earlier: tuple[str, Path] | None, *, long: bool) -> None:
    """Measure and print; `earlier` is the name and the folder of another state of the product."""
    port = free_port()
    upstream = start([sys.executable, "-m", "benchmarks.upstream", str(port)], {}, LOAD_CPU)
    under = [passthrough(port), product(port)] + ([product(port, *earlier)] if earlier else [])
    try:
        await asyncio.sleep(0.5)
        heading([target.name for target in under])
        show("start", "s", [await target.start(written(bodies.question()), 3) for target in under], 2.2)
        show("idle memory", "MB", [target.memory for target in under], 1.7)
        for scenario in SCENARIOS:
            if not only or scenario.name in only:
                show(scenario.name, scenario.unit, await taking_turns(scenario, under, rounds), scenario.bar)
        if not only:
            pairs = [await growing(under[1]) for _ in range(rounds)]
            cold, warm = (median(found) for found in zip(*pairs, strict=True))
            print(f"\nturn 200 of a 2 MB session: {cold:.1f} ms new, {warm:.1f} ms grown ({warm / cold:.2f}, bar 0.50)")
        if long or not only or "growth" in only:
            await tell_growth(product(port), written(bodies.question(), chunks=CHUNKS), long=long)
    finally:
        for target in under:
            target.stop()
        upstream.terminate()


async def taking_turns(scenario: Scenario, under: list[Target], rounds: int) -> list[float]:
    """The median of each target."""
    figures: dict[str, list[float]] = {target.name: [] for target in under}
    for _ in range(rounds):
        for target in random.sample(under, len(under)):
            figures[target.name].append(await scenario.measure(target))
    return [median(found) for found in figures.values()]


def heading(names: list[str]) -> None:
    """The first line of the table."""
    base, own, *earlier = names
    columns = f"{'scenario':14}{'unit':12}{base:>12}{own:>12}{'ratio':>8}{'bar':>8}"
    print(columns + "".join(f"{name:>12}{'ratio':>8}" for name in earlier))


def show(name: str, unit: str, figures: list[float], bar: float) -> None:
    """One line of the table: the passthrough, the product, and what it was before."""
    base, own, *earlier = figures
    columns = f"{name:14}{unit:12}{base:12.2f}{own:12.2f}{own / base:8.2f}{bar:8.2f}"
    print(columns + "".join(f"{figure:12.2f}{own / figure:8.2f}" for figure in earlier), flush=True)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="scenarios by name, with commas between")
    parser.add_argument("--against", default=last_release(), metavar="COMMIT", help="by default the last release")
    parser.add_argument("--long", action="store_true", help="ten times the requests, to see memory grow")
    given = parser.parse_args()
    only = {name for name in str(given.only).split(",") if name}
    with ExitStack() as kept:
        earlier = (given.against[:11], kept.enter_context(checked_out(given.against))) if given.against else None
        if earlier is None:
            print("there is no release yet to compare with; --against COMMIT takes any commit")
        new_loop().run_until_complete(run(given.rounds, only, earlier, long=given.long))


if __name__ == "__main__":
    main()
