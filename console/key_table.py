"""The keys that are in force: those that are declared, but for the ones that somebody replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from console.key_names import spelled
from console.keymap import KEY_BY_ID, Key

UNREACHABLE = "no_key"
"""Textual takes an empty entry for no entry; a key that no terminal sends is as good as none."""


@dataclass(frozen=True, slots=True)
class KeyTable:
    """`changed` maps ids of keys to keys by Textual's names; an empty tuple takes a key away."""

    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])

    def keys(self, key: Key) -> tuple[str, ...]:
        """The keys in force for one that is declared."""
        return self.changed.get(key.id, tuple(key.keys.split(",")))

    def written(self, key: Key, *, ascii_only: bool) -> str:
        """The same for people; "" when there is none."""
        if key.id not in self.changed:
            return key.written(ascii_only=ascii_only)
        return spelled(self.changed[key.id], ascii_only=ascii_only)

    def of(self, name: str, *, ascii_only: bool = False) -> str:
        """The first key of an id for people, for sentences that name it; "(no key)" when there is none."""
        keys = self.keys(KEY_BY_ID[name])
        return spelled(keys[:1], ascii_only=ascii_only) or "(no key)"

    @property
    def for_textual(self) -> dict[str, str]:
        """The replaced ones as Textual's keymap."""
        return {name: ",".join(keys) or UNREACHABLE for name, keys in self.changed.items()}


AS_DECLARED = KeyTable()
