"""Frozen values as JSON and back, made from their declarations alone, so that a new field is added in one place.

A face and a proxy of different versions understand each other as far as they can: fields that one does not know are
left out, fields that the other did not send take their defaults.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, ClassVar, Literal, TypeAlias, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import orjson

from proxy_core import events
from proxy_core.commands import Command
from proxy_core.declaration import BadSetting, Setting
from proxy_core.events import EngineEvent, Severity
from proxy_core.live_settings import SettingsView, Source
from proxy_core.settings import SPECS, Settings
from proxy_core.translate.types import JsonObject
from proxy_core.value_types import named_value_type

T = TypeVar("T")
Reader: TypeAlias = Callable[[Any], Any]

PROTOCOL = 1
"""Grows when an older face could no longer make sense of what it gets."""


class WireError(ValueError):
    """What came is not what was declared; the message says where."""


@named_value_type
class UnknownEvent(EngineEvent):
    """An event of a kind that only the other side knows. It keeps its number in the ring."""

    kind: ClassVar[str] = "unknown"
    severity: ClassVar[Severity] = "debug"
    what: str


EVENT_KINDS: dict[str, type[EngineEvent]] = {
    kind.kind: kind
    for kind in list(vars(events).values())
    if isinstance(kind, type) and issubclass(kind, EngineEvent) and kind is not EngineEvent
}
PLAIN: dict[Any, tuple[type, ...]] = {str: (str,), int: (int,), bool: (bool,), float: (float, int)}
"""Which JSON values a plain type is read from; JSON may write the float 3.0 as 3."""

COMMANDS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Command)}


def encode(value: object) -> Any:
    """A dataclass, a tuple of them or a plain value, as JSON. Events carry their `kind`."""
    if is_dataclass(value):
        made: JsonObject = {"kind": value.kind} if isinstance(value, EngineEvent) else {}
        return made | {entry.name: encode(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, tuple | list):
        return [encode(entry) for entry in cast("list[object]", value)]
    if isinstance(value, Mapping):
        return {key: encode(entry) for key, entry in cast("Mapping[str, object]", value).items()}
    return value


def to_json(value: object) -> bytes:
    """JSON of what `encode` made, or of a frozen value without events in it."""
    try:
        return orjson.dumps(value)
    except TypeError:  # half a surrogate pair, or a number that no 64 bits hold
        return json.dumps(encode(value), ensure_ascii=False, default=encode).encode("utf-8", "replace")


def decode(kind: type[T], data: object) -> T:
    """The value of a dataclass. Raises `WireError`."""
    return cast("T", _reader(kind)(data))


def encode_command(command: Command) -> JsonObject:
    """A command with its name."""
    return {"command": type(command).__name__, **encode(command)}


def decode_command(data: object) -> Command:
    """Raises `WireError`."""
    kind = COMMANDS.get(str(_object(data).get("command")))
    if kind is None:
        raise WireError(f"{_object(data).get('command')!r} is not a command of this Interlock")
    return cast("Command", decode(kind, data))


def encode_settings(view: SettingsView) -> JsonObject:
    """Values and sources by environment name. Of a secret only whether it is set is told."""
    values = {spec.name: view.settings.value(spec.name) for spec in view.specs}
    secrets = {spec.name: spec.masked(values[spec.name]) if values[spec.name] else "" for spec in view.specs
               if spec.kind == "secret"}  # fmt: skip
    return {"values": values | secrets, "sources": dict(view.sources)}


def decode_settings(data: object) -> SettingsView:
    """The view of the settings that both sides know. Raises `WireError`."""
    values, sources = _object(_object(data).get("values")), _object(_object(data).get("sources"))
    specs = tuple(spec for spec in SPECS if spec.name in values and _understood(spec, values[spec.name]))
    known = cast("dict[str, Source]", {spec.name: str(sources.get(spec.name, "default")) for spec in specs})
    return SettingsView(Settings().changed({spec.name: values[spec.name] for spec in specs}), known, specs)


def _understood(spec: Setting, value: Any) -> bool:
    """Whether the value is one that the declaration on this side allows."""
    if type(value) is not type(spec.default) and not (type(value) is int and isinstance(spec.default, float)):
        return False
    try:
        spec.parse(spec.show(value))
    except BadSetting:
        return False
    return True


# -- readers ----------------------------------------------------------------------------------------------------------


@cache
def _reader(kind: Any) -> Reader:
    """What turns JSON into a value of the declared type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return _union_reader(arguments)
    if origin is tuple:
        return _tuple_reader(arguments)
    if kind is EngineEvent:
        return _read_event
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_reader(kind)
    return _plain_reader(PLAIN[str if origin is Literal else kind])


def _plain_reader(allowed: tuple[type, ...]) -> Reader:
    kinds = frozenset(allowed)

    def read(data: Any) -> Any:
        if type(data) in kinds:
            return data
        raise WireError(f"{type(data).__name__} where {allowed[0].__name__} was expected")

    return read


def _union_reader(arguments: tuple[Any, ...]) -> Reader:
    rest = [_reader(argument) for argument in arguments if argument is not type(None)]
    optional = len(rest) < len(arguments)

    def read(data: Any) -> Any:
        if data is None and optional:
            return None
        for reader in rest[:-1]:
            try:
                return reader(data)
            except WireError:
                continue
        return rest[-1](data)

    return read


def _tuple_reader(arguments: tuple[Any, ...]) -> Reader:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        one = _reader(arguments[0])
        return lambda data: tuple(one(entry) for entry in _list(data))
    readers = [_reader(argument) for argument in arguments]

    def read(data: Any) -> Any:
        entries = _list(data)
        if len(entries) != len(readers):
            raise WireError(f"{len(entries)} values where {len(readers)} were expected")
        return tuple(reader(entry) for reader, entry in zip(readers, entries, strict=True))

    return read


def _dataclass_reader(kind: type[Any]) -> Reader:
    hints = get_type_hints(kind)
    readers = {entry.name: _reader(hints[entry.name]) for entry in fields(kind)}
    needed = {e.name for e in fields(kind) if e.default is MISSING and e.default_factory is MISSING}

    def read(data: Any) -> Any:
        given = _object(data)
        missing = needed - given.keys()
        if missing:
            raise WireError(f"{kind.__name__} without {', '.join(sorted(missing))}")
        try:
            return kind(**{name: reader(given[name]) for name, reader in readers.items() if name in given})
        except WireError as error:
            raise WireError(f"{kind.__name__}: {error}") from None

    return read


def _read_event(data: Any) -> EngineEvent:
    given = _object(data)
    kind = EVENT_KINDS.get(str(given.get("kind")))
    if kind is not None:
        return cast("EngineEvent", _reader(kind)(given))
    return cast("EngineEvent", _reader(UnknownEvent)({**given, "what": str(given.get("kind"))}))


def _object(data: Any) -> JsonObject:
    if isinstance(data, dict):
        return cast("JsonObject", data)
    raise WireError(f"{type(data).__name__} where an object was expected")


def _list(data: Any) -> list[Any]:
    if isinstance(data, list):
        return cast("list[Any]", data)
    raise WireError(f"{type(data).__name__} where a list was expected")
