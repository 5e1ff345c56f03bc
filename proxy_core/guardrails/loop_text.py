"""Texts of calls and results reduced to what counts: two that differ only in times, ids and the like are the same.

Digits that are none of these stay: a counter that moves is progress.
"""

from __future__ import annotations

import re

HEAD_AND_TAIL = 10_000
"""Of longer texts the first and the last so many characters are looked at."""

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_NUMBERED = re.compile(
    r"(?<![\w./:+-])[A-Za-z_./:+-]*+\d[\w./:+,-]*"
    r"(?:\s?(?:ns|us|µs|ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b)?"
)
"""A word with a digit in it, and a unit of time behind it: only these can be volatile."""

_VOLATILE = re.compile(
    r"(?P<date>\b\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:T\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?)"
    r"|(?P<time>\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?Z?)"
    r"|(?P<uuid>\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b)"
    r"|(?P<address>\b0x[0-9a-f]+)"
    r"|(?P<duration>\b\d+(?:\.\d+)?\s?(?:ns|us|µs|ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b)"
    r"|(?P<hex>\b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b)",
    re.IGNORECASE,
)
_MAY_BE_VOLATILE = re.compile(r"\d(?<![g-zG-Z_\d].)")
"""A digit that something volatile can begin with, or hold behind a hexadecimal letter: /src/job_12.py has none."""

_TEMPORARY = re.compile(r"(?:/private)?(?:/var/folders|/tmp|/var/tmp)/[\w./+-]*")
_PROCESS = re.compile(r"\b(?:pid|port)\b\W{0,3}\d+", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_UNCHANGED = re.compile(r"(?:file|content)s?\b.{0,40}\b(?:unchanged|not changed|has not been modified)", re.IGNORECASE)
_UNCHANGED_LENGTH = 600


def ends(text: str) -> str:
    """What of a text is looked at: all of it, or of a long one its head and tail."""
    return text if len(text) <= 2 * HEAD_AND_TAIL else text[:HEAD_AND_TAIL] + text[-HEAD_AND_TAIL:]


def normalised(text: str) -> str:
    """The text of a result without terminal codes, volatile parts and differences of white space.

    A client's own notice that a file is unchanged since it was read becomes one word, whatever its wording.
    """
    if len(text) < _UNCHANGED_LENGTH and _speaks_of_change(text) and _UNCHANGED.search(text):
        return "(unchanged)"
    return masked(text)


def masked(text: str) -> str:
    """Any text without terminal codes, volatile parts and differences of white space."""
    text = ends(text)
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if "/tmp" in text or "/var/" in text:  # noqa: S108 - looked for, not written to
        text = _TEMPORARY.sub("<tmp>", text)
    if _MAY_BE_VOLATILE.search(text):
        if "pid" in text or "PID" in text or "port" in text or "Port" in text:
            text = _PROCESS.sub("<process>", text)
        text = _NUMBERED.sub(_masked_word, text)
    return " ".join(text.split())


def _speaks_of_change(text: str) -> bool:
    return "changed" in text or "modified" in text


def without_digits(text: str) -> str:
    """A normalised text with every number masked: the same failure on another line is the same failure."""
    return _DIGITS.sub("#", text)


def _masked_word(word: re.Match[str]) -> str:
    return _VOLATILE.sub(_mask, word[0])


def _mask(found: re.Match[str]) -> str:
    return f"<{found.lastgroup}>"
