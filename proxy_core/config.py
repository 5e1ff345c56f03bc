"""Where settings come from: command line, environment, `.env` file, default, in this order.

Every error is collected, so that a person repairs a configuration in one go.
"""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from proxy_core.declaration import BadSetting, Value
from proxy_core.env_file import EnvFile, UnreadableEnvFile, read_env_file
from proxy_core.live_settings import DEFAULT_ENV_FILE, SettingsView, Source
from proxy_core.settings import SPEC_BY_NAME, SPECS, Settings

OWN_PREFIXES = ("PROXY_", "LLAMA_CPP_", "UPSTREAM_API")
"""Names that begin like this are meant for Interlock, so an unknown one is worth a warning."""


class BadConfiguration(Exception):
    """The settings cannot be used; `problems` says all that is wrong, one plain sentence each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings with the source of each, and what a person should know although it does not stop the start."""

    view: SettingsView
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    """What was found so far. The first source that names a setting wins; later ones are still checked."""

    values: dict[str, Value] = field(default_factory=dict[str, Value])
    sources: dict[str, Source] = field(default_factory=dict[str, Source])
    problems: list[str] = field(default_factory=list[str])
    warnings: list[str] = field(default_factory=list[str])

    def take(self, given: Mapping[str, str], source: Source, where: str) -> None:
        """Read one source; values with a wrong form are problems, names that do not exist are warnings."""
        for name, text in given.items():
            spec = SPEC_BY_NAME.get(name)
            if spec is None:
                if name.startswith(OWN_PREFIXES):
                    self.warnings.append(_unknown(name, where))
                continue
            if name in self.values or (not text.strip() and source != "command line"):
                continue
            try:
                self.values[name] = spec.parse(text)
                self.sources[name] = source
            except BadSetting as error:
                self.problems.append(f"{error} ({where})")


def load(
    flags: Mapping[str, str],
    environment: Mapping[str, str],
    *,
    env_file: Path | None = None,
    insecure_no_auth: bool = False,
) -> Configuration:
    """The settings in force at the start.

    `flags` maps environment names to what the command line gave. Without `env_file`, a `.env` in the working
    directory is read when there is one. An empty value in the environment or the file is like none.
    Raises `BadConfiguration`.
    """
    reading = _Reading()
    reading.take(flags, "command line", "on the command line")
    reading.take(environment, "environment", "in the environment")
    found = _find_env_file(env_file, reading.problems)
    if found is not None:
        reading.problems += [f"{found.path} line {number} is not NAME=value" for number in found.bad_lines]
        reading.take(found.values, "env file", f"in {found.path}")
    settings = Settings().changed(reading.values)
    reading.problems += _cross_checks(settings, insecure_no_auth=insecure_no_auth)
    if reading.problems:
        raise BadConfiguration(tuple(reading.problems))
    sources: dict[str, Source] = {spec.name: reading.sources.get(spec.name, "default") for spec in SPECS}
    return Configuration(SettingsView(settings, sources), tuple(reading.warnings))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was most likely meant to be, if any is near."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.75)), None)


def _find_env_file(explicit: Path | None, problems: list[str]) -> EnvFile | None:
    path = explicit or DEFAULT_ENV_FILE
    if explicit is None and not path.is_file():
        return None
    try:
        return read_env_file(path)
    except UnreadableEnvFile as error:
        problems.append(str(error))
        return None


def _unknown(name: str, where: str) -> str:
    near = nearest(name, SPEC_BY_NAME)
    hint = f"; did you mean {near}?" if near else ""
    return f"{name} ({where}) is not a setting of Interlock and has no effect{hint}"


def _cross_checks(settings: Settings, *, insecure_no_auth: bool) -> Iterator[str]:
    if not (is_loopback(settings.host) or settings.auth_token or insecure_no_auth):
        yield (
            f"PROXY_HOST: {settings.host} can be reached from other machines; set PROXY_AUTH_TOKEN, "
            "or pass --insecure-no-auth to serve anybody"
        )
