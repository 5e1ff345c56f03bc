"""Pages of the inspector: rows of one or two columns, ready to be drawn, made beside the UI's thread."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, TypeAlias

from rich.cells import chop_cells

from console.format import visible, width

Kind: TypeAlias = Literal["title", "text", "plain", "bar", "added", "removed", "note", "faint"]
Side: TypeAlias = Literal["anthropic", "openai"]

SHOWN = 64 * 1024
"""Characters of a body that are shown until somebody asks for all of it."""

TAB = "    "


@dataclass(frozen=True, slots=True)
class Row:
    """One line on the screen; `right` is that of the second column. Both are wrapped and harmless."""

    kind: Kind
    left: str
    right: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of `columns` columns. `cut`: characters of the longer body, when not all of it is shown; else 0."""

    rows: tuple[Row, ...]
    columns: int
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Paper:
    """What a page is made for: the cells of a whole line, the columns, the signs of the terminal, and how much."""

    cells: int
    columns: int
    ascii_only: bool = False
    everything: bool = False
    more: str = "a"
    """The key that shows all of what is cut, for people."""

    @property
    def column(self) -> int:
        """Cells of one column; between two there are three."""
        return max((self.cells - 3) // 2 if self.columns == 2 else self.cells, 8)


class Budget:
    """Counts the characters of one body down."""

    def __init__(self, paper: Paper) -> None:
        self.left = None if paper.everything else SHOWN
        self.total = 0

    def take(self, lines: Iterable[str]) -> list[str]:
        """Those of the lines that are still shown."""
        shown: list[str] = []
        for line in lines:
            self.total += len(line) + 1
            if self.left is None:
                shown.append(line)
            elif self.left > 0:
                shown.append(line[: self.left])
                self.left -= len(line) + 1
        return shown

    @property
    def cut(self) -> int:
        """All characters, if some are not shown; else 0."""
        return self.total if self.left is not None and self.left <= 0 else 0


def wrapped(line: str, cells: int, *, ascii_only: bool) -> list[str]:
    """A line made harmless, in pieces of at most `cells` cells; its indentation is kept on each."""
    line = line.replace("\t", TAB)
    if not (line.isascii() and line.isprintable()):
        line = visible(line, ascii_only=ascii_only)
    if width(line) <= cells:
        return [line]
    indent = line[: min(len(line) - len(line.lstrip()), cells // 2)]
    room = cells - len(indent)
    rest = line[len(indent) :]
    sliced = (rest[at : at + room] for at in range(0, len(rest), room))
    pieces = sliced if rest.isascii() else chop_cells(rest, room)
    return [indent + piece for piece in pieces]


def single(lines: Iterable[str], paper: Paper, kind: Kind = "text") -> Iterator[Row]:
    """Lines over the whole width."""
    for line in lines:
        for piece in wrapped(line, paper.cells, ascii_only=paper.ascii_only):
            yield Row(kind, piece)


def prose(lines: Iterable[str], paper: Paper, kind: Kind = "text", hang: int = 2) -> Iterator[Row]:
    """Sentences over the whole width, broken between words; what follows the first line is indented by `hang`."""
    for line in lines:
        first, *more = _by_words(line, paper.cells, hang, ascii_only=paper.ascii_only)
        yield Row(kind, first)
        yield from (Row("plain" if kind == "text" else kind, " " * hang + piece) for piece in more)


def _by_words(line: str, cells: int, hang: int, *, ascii_only: bool) -> list[str]:
    """A line made harmless, in pieces of whole words; only a word that is longer than a line is cut."""
    pieces = [""]
    for word in re.findall(r"\s*\S+", visible(line, ascii_only=ascii_only)):
        room = cells if len(pieces) == 1 else cells - hang
        if width(pieces[-1] + word) <= room:
            pieces[-1] += word
            continue
        pieces += chop_cells(word.lstrip(), cells - hang)
    return pieces if pieces[0] else pieces[1:] or [""]


def double(left: Sequence[str], right: Sequence[str], paper: Paper, kind: Kind = "text") -> Iterator[Row]:
    """Two columns of lines beside each other, beginning at the same height."""
    mine = (piece for line in left for piece in wrapped(line, paper.column, ascii_only=paper.ascii_only))
    theirs = (piece for line in right for piece in wrapped(line, paper.column, ascii_only=paper.ascii_only))
    for one, other in zip_longest(mine, theirs, fillvalue=""):
        yield Row(kind, one, other)


def titled(title: str, paper: Paper) -> Row:
    """The title of a section."""
    return Row("title", wrapped(title, paper.cells, ascii_only=paper.ascii_only)[0])
