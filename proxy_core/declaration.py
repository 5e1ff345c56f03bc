"""What is said of a switch when it is declared, and how a person's text becomes its value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from proxy_core.upstream.urls import normalise_base

Kind: TypeAlias = Literal["switch", "integer", "number", "choice", "text", "url", "secret", "pairs"]
Value: TypeAlias = "bool | int | float | str"

ON = frozenset({"1", "true", "yes", "on", "y", "enabled"})
OFF = frozenset({"0", "false", "no", "off", "n", "disabled"})


class BadSetting(ValueError):
    """A value that the declaration of its setting refuses; the message names the setting and what is allowed."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The declaration of one switch. `low` and `high` are inclusive; `unit` is for people ("s", "tokens")."""

    name: str
    attribute: str
    kind: Kind
    default: Value
    help: str
    group: str
    live: bool
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    unit: str = ""

    @property
    def flag(self) -> str:
        """The command line form: PROXY_PORT is `--port`, LLAMA_CPP_BASE is `--llama-cpp-base`."""
        return "--" + self.name.removeprefix("PROXY_").lower().replace("_", "-")

    @property
    def allowed(self) -> str:
        """What may stand here, in words: "on or off", "one of off, sanitized, visible", "1 to 65535"."""
        if self.kind == "switch":
            return "on or off"
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.kind in {"integer", "number"}:
            return f"{self._bound(self.low)} to {self._bound(self.high)}" + (f" {self.unit}" if self.unit else "")
        if self.kind == "pairs":
            return "name=model pairs separated by commas"
        return "an http or https address" if self.kind == "url" else "text"

    @staticmethod
    def _bound(bound: float | None) -> str:
        return "any" if bound is None else f"{bound:g}" if bound < 1e6 else f"{bound:.0f}"

    def parse(self, text: str) -> Value:
        """Read the value a person wrote. Raises `BadSetting` with the allowed values in plain words."""
        cleaned = text.strip()
        readers = {"switch": self._switch, "integer": self._integer, "number": self._number, "choice": self._choice}
        reader = readers.get(self.kind)
        if reader is not None:
            return reader(cleaned)
        if self.kind == "url":
            try:
                normalise_base(cleaned)
            except ValueError as error:
                raise BadSetting(f"{self.name}: {error}") from None
        if self.kind == "pairs" and not all("=" in pair for pair in cleaned.split(",") if pair.strip()):
            raise BadSetting(f"{self.name}: {cleaned!r} is not a list of {self.allowed}")
        return cleaned

    def show(self, value: Value) -> str:
        """The value as a person writes it; `parse(show(v)) == v`."""
        if isinstance(value, bool):
            return "on" if value else "off"
        return f"{value:g}" if isinstance(value, float) else str(value)

    def masked(self, value: Value) -> str:
        """The value for screens and logs: secrets are hidden."""
        if self.kind == "secret":
            return "(set)" if value else "(not set)"
        return self.show(value)

    def _refuse(self, text: str) -> BadSetting:
        return BadSetting(f"{self.name}: {text!r} is not allowed; use {self.allowed}")

    def _switch(self, text: str) -> bool:
        if text.lower() in ON:
            return True
        if text.lower() in OFF:
            return False
        raise self._refuse(text)

    def _integer(self, text: str) -> int:
        if not re.fullmatch(r"[+-]?\d{1,15}", text):
            raise self._refuse(text)
        return int(self._in_range(int(text), text))

    def _number(self, text: str) -> float:
        try:
            return self._in_range(float(text), text)
        except ValueError:
            raise self._refuse(text) from None

    def _in_range(self, number: float, text: str) -> float:
        if (self.low is not None and not number >= self.low) or (self.high is not None and not number <= self.high):
            raise self._refuse(text)
        return number

    def _choice(self, text: str) -> str:
        if text.lower() in self.choices:
            return text.lower()
        raise self._refuse(text)


def declare(  # noqa: PLR0913 - one declaration, read as one line each
    name: str,
    kind: Kind,
    default: Value,
    group: str,
    help_line: str,
    *,
    live: bool = True,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
    unit: str = "",
) -> Any:
    """A dataclass field that carries its declaration."""
    spec = Setting(name, "", kind, default, help_line, group, live, choices, low, high, unit)
    return field(default=default, metadata={"setting": spec})
