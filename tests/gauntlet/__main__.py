"""`make gauntlet`: run all sessions with the guardrails on and off, and write the table into the documentation."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .flaws import FLAWS
from .running import OFF, Judgement, Tally, gauntlet
from .sessions import Session, flaky, healthy, hopeless, single

PAGE = Path(__file__).parents[2] / "docs" / "guardrails.md"
BEGIN, END = "<!-- gauntlet -->", "<!-- /gauntlet -->"


def sessions(seed: str, count: int) -> list[Session]:
    """`count` flaky sessions, as many of the other kinds as belong to them."""
    made = [flaky(f"{seed}-{number}") for number in range(count)]
    for number in range(max(count // 12, 1)):
        made += healthy(f"{seed}-{number}")
        made += [single(flaw, f"{seed}-{number}") for flaw in FLAWS]
    for number in range(max(count // 60, 1)):
        made += hopeless(f"{seed}-{number}")
    return made


async def run(seed: str, count: int) -> tuple[list[Judgement], list[Judgement]]:
    """The same sessions with the guardrails and without."""
    async with gauntlet() as place:
        guarded = await place.run_all(sessions(seed, count))
    async with gauntlet(**OFF) as place:
        direct = await place.run_all(sessions(seed, count))
    return guarded, direct


def tallies(judged: list[Judgement], key: Callable[[Judgement], str]) -> dict[str, Tally]:
    """Tallies by a key, in the order of first appearance."""
    found: dict[str, Tally] = {}
    for one in judged:
        found.setdefault(key(one), Tally()).add(one)
    return found


def table(guarded: list[Judgement], direct: list[Judgement]) -> str:
    """The results as a Markdown table."""
    lines = [
        "| sessions | number | finished, guarded | and direct | wrong acts, both | extra generations | needless |",
        "|---|---|---|---|---|---|---|",
    ]
    ours, theirs = tallies(guarded, _kind), tallies(direct, _kind)
    for kind, tally in ours.items():
        other = theirs[kind]
        hopeless = guarded[[_kind(one) for one in guarded].index(kind)].session.hopeless
        good, bare = (tally.explained, other.explained) if hopeless else (tally.finished, other.finished)
        word = "ended with a reason " if hopeless else ""
        share = f"{tally.extra / max(tally.generations, 1):.1%}"
        lines.append(
            f"| {kind} | {tally.sessions} | {word}{good} | {word}{bare} | {tally.wrong} / {other.wrong} "
            f"| {tally.extra} of {tally.generations} ({share}) | {tally.needless} |"
        )
    return "\n".join(lines)


def failures(judged: list[Judgement]) -> list[str]:
    """What went wrong, one line each."""
    return [
        f"{one.session.name}: {one.run.failure or one.run.said[:150]!r} after {one.run.turns} turns, wrong {one.wrong}"
        for one in judged
        if one.wrong or not (one.explained if one.session.hopeless else one.finished)
    ]


def verdict(guarded: list[Judgement]) -> list[str]:
    """Bars that were missed."""
    flawed = [one for one in guarded if not one.session.hopeless]
    finished = sum(one.finished for one in flawed) / len(flawed)
    generations = sum(len(one.session.model.bodies) for one in guarded)
    needless = sum(one.session.model.needless for one in guarded) / generations
    bars = {
        f"finished {finished:.1%} (at least 95 %)": finished >= 0.95,
        f"wrong acts {sum(one.wrong for one in guarded)} (none)": not any(one.wrong for one in guarded),
        f"needless tries {needless:.2%} (at most 2 %)": needless <= 0.02,
        "every hopeless model ended with a reason": all(one.explained for one in guarded if one.session.hopeless),
    }
    for text, good in bars.items():
        print(("  ok    " if good else "  MISSED ") + text)
    return [text for text, good in bars.items() if not good]


def _kind(judged: Judgement) -> str:
    return judged.session.kind


def main() -> int:
    """Run and report; 1 when a bar was missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", default="interlock")
    options.add_argument("--sessions", type=int, default=90, help="flaky sessions; the other kinds come on top")
    options.add_argument("--write", action="store_true", help="write the table into docs/guardrails.md")
    options.add_argument("-v", action="store_true", help="show every session that failed")
    given = options.parse_args()
    began = time.monotonic()
    guarded, direct = asyncio.run(run(given.seed, given.sessions))
    report = table(guarded, direct)
    print(report)
    missed = verdict(guarded)
    if given.v or missed:
        print("\n".join(failures(guarded)))
    print(f"{len(guarded)} sessions twice in {time.monotonic() - began:.0f} s")
    if given.write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{report}\n{END}{rest.partition(END)[2]}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
