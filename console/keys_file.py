"""The file in which people give the console other keys, and the same file written out from the keys in force.

Whatever is wrong in it is told and left out; the rest holds, and the console starts in any case.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any, cast

from console.format import visible
from console.key_names import UnknownKey, doubt_about, file_name, textual_name
from console.key_table import AS_DECLARED, KeyTable
from console.keymap import EVERYWHERE, HELP, KEY_BY_ID, LIST, SCOPES, SCREENS, Key
from proxy_core.config import nearest

MOST_BYTES = 100_000
TABLE = re.compile(r"\s*\[\s*([\w.-]+)\s*\]")
ENTRY = re.compile(r"\s*\"?([\w.-]+)\"?\s*=")
KEPT = frozenset({"everywhere.interrupt"})
"""What must have a key: there is always a way out."""


@dataclass(frozen=True, slots=True)
class KeysRead:
    """What was made of a file. Each problem and each warning is a sentence that begins with its line, if it has one."""

    table: KeyTable = AS_DECLARED
    problems: tuple[str, ...] = ()
    """What was left out."""
    warnings: tuple[str, ...] = ()
    """What holds and may not work everywhere."""
    path: Path = Path("keys.toml")

    @property
    def said(self) -> tuple[str, ...]:
        """Problems, then warnings."""
        return (*self.problems, *self.warnings)


def default_file(environment: Mapping[str, str]) -> Path:
    """`keys.toml` in the folder for configuration."""
    base = environment.get("XDG_CONFIG_HOME", "")
    folder = Path(base) if base.startswith("/") else Path(environment.get("HOME", "") or "~").expanduser() / ".config"
    return folder / "interlock" / "keys.toml"


def load_keys(explicit: Path | None, environment: Mapping[str, str]) -> KeysRead:
    """The keys of the file that was named, or of the one in its usual place, which need not exist. Never raises."""
    path = explicit or default_file(environment)
    try:
        if explicit is None and not path.is_file():
            return KeysRead()
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            return KeysRead(problems=("this is too long for a file of keys",), path=path)
        return replace(parse(data.decode()), path=path)
    except OSError as error:
        return KeysRead(problems=(str(error.strerror),), path=path)
    except UnicodeDecodeError:
        return KeysRead(problems=("this is no text in UTF-8",), path=path)


def parse(text: str) -> KeysRead:
    """The keys of a text in TOML: a table for each screen, in it a key or a list of keys for each id."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\s*\(at line (\d+), column \d+\)", str(error))
        where = f"line {at[1]}" if at is not None else "at its end"
        said = str(error)[: at.start()] if at is not None else str(error).removesuffix(" (at end of document)")
        return KeysRead(problems=(f"{where}: this is no TOML: {visible(said)}; none of its keys holds",))
    lines = _line_numbers(text)
    problems: list[tuple[int, str]] = []
    warnings: list[tuple[int, str]] = []
    changed: dict[str, tuple[str, ...]] = {}
    for name, value in _entries(tables):
        at = lines.get(name, 0)
        keys, wrong = _read(name, value)
        problems += [(at, sentence) for sentence in wrong]
        if wrong or keys is None:
            continue
        changed[name] = keys
        doubts = {key: doubt_about(key) for key in keys}
        warnings += [(at, f"{name} may not hear {file_name(key)}: {doubt}") for key, doubt in doubts.items() if doubt]
    clashes = _without_clashes(changed, lines)
    return KeysRead(KeyTable(changed), _told([*problems, *clashes]), _told(warnings))


def _told(found: list[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(f"line {at}: {sentence}" if at else sentence for at, sentence in sorted(found))


def _entries(tables: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for scope, entries in tables.items():
        if isinstance(entries, dict):
            for name, value in cast("dict[str, object]", entries).items():
                yield f"{scope}.{name}", value
        else:
            yield scope, entries


def _line_numbers(text: str) -> dict[str, int]:
    """Where each id stands. TOML's reader does not tell, so lines are looked at once more."""
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if head := TABLE.match(line):
            table = f"{head[1]}."
            found.setdefault(head[1], number)
        elif entry := ENTRY.match(line):
            found.setdefault(table + entry[1], number)
    return found


def _read(name: str, value: object) -> tuple[tuple[str, ...] | None, list[str]]:
    """The keys of one entry, and what is wrong with it."""
    shown = visible(name)
    if name not in KEY_BY_ID:
        near = _elsewhere(name) or nearest(name, KEY_BY_ID)
        return None, [f"there is no {shown}" + (f"; did you mean {near}?" if near else "; interlock keys lists all")]
    listed = cast("list[object]", value) if isinstance(value, list) else [value] if value != "" else []
    if not all(isinstance(item, str) for item in listed):
        return None, [f'{shown} takes a key in quotation marks, or a list of them: "x" or ["x", "f2"]']
    keys: list[str] = []
    wrong: list[str] = []
    for item in cast("list[str]", listed):
        try:
            keys.append(textual_name(item))
        except UnknownKey as reason:
            wrong.append(f"{shown}: {visible(item)!r} {reason}")
    if not keys and not wrong and name in KEPT:
        wrong.append(f"{shown} must have a key")
    return tuple(dict.fromkeys(keys)), wrong


def _elsewhere(name: str) -> str:
    """The same name in another table: most often only the table is wrong."""
    last = name.rpartition(".")[2]
    return next((known for known in KEY_BY_ID if known.rpartition(".")[2] == last), "")


# -- clashes ----------------------------------------------------------------------------------------------------------


def clashes(table: KeyTable) -> Iterator[tuple[Key, Key, str]]:
    """Pairs that one key would be for on the same screen. Where they share a key as declared, the screen's own acts."""
    for screen in SCREENS:
        heard = (*screen, *(() if screen is HELP else LIST), *EVERYWHERE)
        for one, other in combinations(heard, 2):
            declared = set(one.keys.split(",")) & set(other.keys.split(","))
            for key in table.keys(one):
                if key in table.keys(other) and key not in declared:
                    yield one, other, key


def _without_clashes(changed: dict[str, tuple[str, ...]], lines: Mapping[str, int]) -> list[tuple[int, str]]:
    """Take entries out of `changed`, the last one of a pair, until no two want the same key; what is said of each."""
    said: list[tuple[int, str]] = []
    while (pair := next(clashes(KeyTable(changed)), None)) is not None:
        one, other, key = pair
        loser, winner = (one, other) if lines.get(one.id, 0) > lines.get(other.id, 0) else (other, one)
        if loser.id not in changed:
            loser, winner = winner, loser
        del changed[loser.id]
        sentence = f"{loser.id} cannot have {file_name(key)}, which is {winner.id} ({winner.help})"
        said.append((lines.get(loser.id, 0), sentence))
    return said


# -- writing ----------------------------------------------------------------------------------------------------------


def keys_text(table: KeyTable) -> str:
    """The keys in force as such a file, each with what it does."""
    parts = ["# Keys of Interlock's console. Leave out what may stay as it is; [] takes a key away."]
    for scope in SCOPES:
        parts.append(f"\n[{scope.name}]")
        entries = [(key.id.partition(".")[2], _value(table.keys(key)), key.help) for key in scope]
        width = max(len(name) + len(value) for name, value, _ in entries)
        parts += [f"{name} = {value:<{width - len(name)}}  # {said}" for name, value, said in entries]
    return "\n".join(parts) + "\n"


def _value(keys: tuple[str, ...]) -> str:
    written = [_quoted(file_name(key)) for key in keys]
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


def _quoted(text: str) -> str:
    return f"'{text}'" if text in {'"', "\\"} else f'"{text}"'
