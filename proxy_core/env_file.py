"""Reads `.env` files: names, values, and the lines that are not an assignment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dotenv.parser import parse_stream


class UnreadableEnvFile(Exception):
    """The file is missing or cannot be read; the message is one plain sentence."""


@dataclass(frozen=True, slots=True)
class EnvFile:
    """What stands in a file. `bad_lines` are the numbers (from 1) of lines that are no assignment."""

    path: Path
    values: dict[str, str]
    bad_lines: tuple[int, ...] = ()


def read_env_file(path: Path) -> EnvFile:
    """Read a file. Values are taken as written (no `${NAME}` substitution), a later line wins.

    Raises `UnreadableEnvFile`.
    """
    values: dict[str, str] = {}
    bad: list[int] = []
    try:
        with path.open(encoding="utf-8") as stream:
            for binding in parse_stream(stream):
                if binding.error:
                    bad.append(binding.original.line)
                elif binding.key is not None and binding.value is not None:
                    values[binding.key] = binding.value
    except UnicodeDecodeError:
        raise UnreadableEnvFile(f"{path} is not a UTF-8 text file") from None
    except OSError as error:
        raise UnreadableEnvFile(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    return EnvFile(path, values, tuple(bad))
