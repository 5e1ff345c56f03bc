"""The small language of the `/` filter, the same for sessions and events.

Words beside each other must all hold, `a|b` needs one of both, `!` in front turns a word around. A word is looked for
in the texts of a line; `s:a3f9` in its session only; `ctx>80` compares a figure of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

FIGURES = {"ctx": "context in use, percent", "turns": "turns left", "toks": "tokens a second", "ttft": "seconds"}
"""The figures that can be compared, and their units."""

COMPARED = re.compile(r"(?P<name>[a-z]+)(?P<sign>>=|<=|>|<|=)(?P<number>\d+(?:\.\d+)?)", re.IGNORECASE)
SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a filter sees of one line: its texts, those that name its session, and its figures (None: not known)."""

    texts: tuple[str, ...]
    session: tuple[str, ...] = ()
    figures: Mapping[str, float | None] = field(default_factory=dict[str, "float | None"])


Test: TypeAlias = Callable[[Facts], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter as it was typed. `problem` says in words what of it could not be read; such words are left out."""

    text: str
    tests: tuple[Test, ...]
    problem: str = ""

    def __bool__(self) -> bool:
        return bool(self.tests)

    def matches(self, facts: Facts) -> bool:
        """Whether the line is shown."""
        return all(test(facts) for test in self.tests)


def parse(text: str) -> Filter:
    """Read what was typed. Never raises: what is not a comparison or a prefix is a word to look for."""
    tests: list[Test] = []
    problems: list[str] = []
    for word in text.split():
        bare = word.removeprefix("!")
        choices = [_test(part, problems) for part in bare.split("|") if part]
        known = tuple(test for test in choices if test is not None)
        if known:
            tests.append(_any_of(known, wanted=not word.startswith("!")))
    return Filter(text.strip(), tuple(tests), "; ".join(problems))


NO_FILTER = parse("")


def _any_of(tests: tuple[Test, ...], *, wanted: bool) -> Test:
    return lambda facts: any(test(facts) for test in tests) is wanted


def _test(part: str, problems: list[str]) -> Test | None:
    compared = COMPARED.fullmatch(part)
    if compared is not None:
        name, sign, number = compared["name"].lower(), SIGNS[compared["sign"]], float(compared["number"])
        if name not in FIGURES:
            problems.append(f"{name} is none of {', '.join(FIGURES)}")
            return None
        return lambda facts: (value := facts.figures.get(name)) is not None and sign(value, number)
    wanted = part.casefold()
    if wanted.startswith("s:"):
        return lambda facts: any(wanted[2:] in text.casefold() for text in facts.session)
    return lambda facts: any(wanted in text.casefold() for text in (*facts.texts, *facts.session))
