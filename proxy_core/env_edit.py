"""Changes values in the text of a `.env` file and leaves everything else as it stands."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

PLAIN = re.compile(r"[\w./:@%+,-]*", re.ASCII)
"""What needs no quotes, in no shell either."""

VALUE = re.compile(
    r"""(?P<before>\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=\#\s]+)[^\S\r\n]*)
        (?:=(?:(?=[^\S\r\n]+\#)|[^\S\r\n]*(?:
            '(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\r\n]*?(?=[^\S\r\n]+\#|[^\S\r\n]*(?:[\r\n]|\Z)))))?
        (?P<after>[^\r\n]*(?:\r\n|\n|\r)?)""",
    re.VERBOSE | re.DOTALL,
)


def edited(text: str, values: Mapping[str, str]) -> str:
    """`text` in which each name has its value.

    The last assignment of a name, which is the one that holds, is changed in place; its comment stays. A name that is
    not assigned goes below its line in the comments, as `--env-example` writes them, and else to the end.
    """
    pieces = [(binding.key, binding.original.string) for binding in parse_stream(StringIO(text))]
    newline = "\r\n" if "\r\n" in text else "\n"
    for name, value in values.items():
        at = max((index for index, (key, _) in enumerate(pieces) if key == name), default=-1)
        if at >= 0:
            pieces[at] = (name, _replaced(pieces[at][1], quoted(value)))
            continue
        commented = re.compile(rf"^#\s*{re.escape(name)}=.*$", re.MULTILINE)
        below = [index for index, (key, part) in enumerate(pieces) if key is None and commented.search(part)]
        at = below[-1] + 1 if below else len(pieces)
        if at and not pieces[at - 1][1].endswith(("\n", "\r")):
            pieces[at - 1] = (pieces[at - 1][0], pieces[at - 1][1] + newline)
        pieces.insert(at, (name, f"{name}={quoted(value)}{newline}"))
    return "".join(part for _, part in pieces)


def quoted(value: str) -> str:
    """A value as it stands in the file, in single quotes where it must be."""
    if PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner may read it. A link stays a link. Raises `OSError`."""
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _replaced(piece: str, value: str) -> str:
    found = VALUE.fullmatch(piece)
    if found is None:
        raise ValueError(f"the line {piece.strip()!r} cannot be changed")
    return f"{found['before']}={value}{found['after']}"
