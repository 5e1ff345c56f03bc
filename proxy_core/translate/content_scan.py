"""Reads the content text of an answer as it streams: thinking in tags, tool calls in tags, and the prose around them.

Only what could still become a tag or a call is held back. Inside a fenced code block nothing is a tag: there a model
shows an example.
"""

from __future__ import annotations

import functools
import re
from typing import Literal, TypeAlias

from proxy_core.translate.text_calls import OPENERS, STRAY_CLOSERS, Calls, Written, read_calls
from proxy_core.translate.think_tags import FENCE, QUOTES, THINK_TAGS
from proxy_core.translate.tool_book import ToolBook

Piece: TypeAlias = (
    tuple[Literal["text", "thinking"], str] | tuple[Literal["call"], Written] | tuple[Literal["break"], None]
)
"""A piece of prose or reasoning, a whole call, or the end of a block."""

MARKERS = re.compile(r"[<\[`]")
"""What every tag and every call written as text begins with."""


@functools.cache
def _marks(*, calls: bool) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """All that may begin something else than prose, with `calls` written ones too; and what finds it."""
    marks = (*THINK_TAGS, *THINK_TAGS.values(), FENCE, *((*OPENERS, *STRAY_CLOSERS) if calls else ()))
    return marks, re.compile("|".join(map(re.escape, marks)))


class ContentScanner:
    """Feed it content; it gives the pieces in order. Without a `book` of tools nothing is read as a call.

    A `</think>` that was never opened means that the prompt opened it: the text before it was reasoning. What of that
    has gone out already stays text, and the answer begins a new block; unless `live`, the tag stays where it is, for
    `split_unopened` to work on the whole text.
    """

    def __init__(self, book: ToolBook | None = None, *, live: bool = True) -> None:
        self.thought = False
        """Reasoning has come, in tags or by other ways: a lone `</think>` ends nothing."""
        self.last = ""
        """The prose that went out last; a reader that bypasses the scanner keeps it up to date."""
        self._book = book
        self._live = live
        self._held = ""
        self._think_end = ""
        self._opener = ""
        self._searched = 0
        self._fenced = False
        self._begun = False
        self._strip = False
        self._after_call = False
        self._marks, self._mark = _marks(calls=book is not None)
        self._longest = max(map(len, self._marks))

    @property
    def plain(self) -> bool:
        """Nothing is held and no tag is open: text without `<`, `[` and backticks may go out unread."""
        return not (self._held or self._think_end or self._opener or self._strip or self._after_call)

    def feed(self, text: str) -> list[Piece]:
        """The pieces that are certain now."""
        pieces: list[Piece] = []
        data = self._held + text
        self._held = ""
        self._scan(data, pieces, final=False)
        return pieces

    def finish(self, *, cut: bool) -> list[Piece]:
        """No more content comes for now: what was held, as what it is. After a `cut` nothing unclosed is a call."""
        pieces: list[Piece] = []
        data, self._held = self._held, ""
        self._scan(data, pieces, final=True, cut=cut)
        self._think_end = self._opener = ""
        return pieces

    def _scan(self, data: str, pieces: list[Piece], *, final: bool, cut: bool = False) -> None:
        while data or self._opener:
            if self._think_end:
                data = self._thinking(data, pieces, final=final)
            elif self._opener:
                outcome = self._read_call(data, final=final, cut=cut)
                if outcome is True:
                    self._held = data
                    return
                data = self._judged(outcome, data, pieces)
            else:
                data = self._prose(data, pieces, final=final)
            if self._held:
                return

    def _read_call(self, data: str, *, final: bool, cut: bool) -> Calls | bool:
        if self._book is None:
            return False
        outcome = read_calls(data, self._opener, self._book, final=final and not cut, since=self._searched)
        self._searched = len(data) if outcome is True else 0
        return False if outcome is True and final else outcome

    def _judged(self, outcome: Calls | bool, data: str, pieces: list[Piece]) -> str:
        opener, self._opener = self._opener, ""
        if isinstance(outcome, Calls):
            for call in outcome.calls:
                pieces.append(("call", call))  # noqa: PERF401 - a comprehension loses the literal's type
            self._after_call = self._begun = True
            self._say_nothing()
            return data[outcome.end :]
        self._say(opener, pieces)
        return data[len(opener) :]

    def _prose(self, data: str, pieces: list[Piece], *, final: bool) -> str:
        """Give out prose up to the next mark; returns what is behind the mark."""
        match = self._mark.search(data)
        if match is None:
            keep = 0 if final else self._partial(data)
            cut = len(data) - keep
            self._say(data[:cut], pieces)
            self._held = data[cut:]
            return ""
        mark, before = match[0], data[: match.start()]
        if mark == FENCE:
            self._say(data[: match.end()], pieces)
            self._fenced = not self._fenced
            return data[match.end() :]
        quoted = self._fenced or (before or self.last).endswith(QUOTES)
        if mark in THINK_TAGS and not quoted and self._at_line_start(before):
            self._say(before, pieces)
            self._think_end, self._strip = THINK_TAGS[mark], True
        elif mark in THINK_TAGS.values() and not quoted and self._unopened(before, pieces):
            pass
        elif mark in OPENERS and not quoted:
            self._say(before, pieces)
            self._opener = mark
            return data[match.start() :]
        elif mark in STRAY_CLOSERS and self._after_call and not before.strip():
            pass
        else:
            self._say(data[: match.end()], pieces)
        return data[match.end() :]

    def _unopened(self, before: str, pieces: list[Piece]) -> bool:
        """A closing tag without its opening one; true when it is dealt with, false when it is text."""
        if (self._begun or before.strip()) and (self.thought or not self._live):
            return False
        if self._begun:
            self._say(before, pieces)
        elif before.strip():
            pieces.append(("thinking", before.strip()))
        pieces.append(("break", None))
        self.thought = self._strip = True
        self._say_nothing()
        return True

    def _thinking(self, data: str, pieces: list[Piece], *, final: bool) -> str:
        """Give out reasoning up to the closing tag; white space at its two ends belongs to the tags."""
        if self._strip:
            data = data.lstrip()
            self._strip = not data
        end = data.find(self._think_end)
        if end >= 0:
            if inner := data[:end].rstrip():
                pieces.append(("thinking", inner))
            rest = data[end + len(self._think_end) :]
            self._think_end = ""
            self.thought = self._strip = True
            self._say_nothing()
            return rest
        certain = data if final else data[: len(data) - _overlap(data, self._think_end)].rstrip()
        if certain:
            pieces.append(("thinking", certain))
        self._held = data[len(certain) :]
        return ""

    def _say(self, text: str, pieces: list[Piece]) -> None:
        if self._strip:
            text = text.lstrip()
        if not text:
            return
        self._strip = False
        if text.strip():
            self._begun = True
            self._after_call = False
        self.last = text
        pieces.append(("text", text))

    def _say_nothing(self) -> None:
        """A new block begins: as at the start of the answer."""
        self.last = ""

    def _at_line_start(self, before: str) -> bool:
        said = before or self.last
        return not said or said.endswith("\n") or not (self._begun or before.strip())

    def _partial(self, data: str) -> int:
        """Length of the end of `data` that may be the beginning of a mark."""
        tail = data[-self._longest :]
        for match in MARKERS.finditer(tail):
            if any(mark.startswith(tail[match.start() :]) for mark in self._marks):
                return len(tail) - match.start()
        return 0


def _overlap(data: str, mark: str) -> int:
    """Length of the longest end of `data` that `mark` begins with."""
    return next((size for size in range(min(len(mark) - 1, len(data)), 0, -1) if data.endswith(mark[:size])), 0)
