"""What the console knows of live settings beyond their declaration: the keys of some, and the value that comes next."""

from __future__ import annotations

from dataclasses import dataclass

from proxy_core.declaration import BadSetting, Setting
from proxy_core.live_settings import SettingsView
from proxy_core.settings import SPEC_BY_NAME


@dataclass(frozen=True, slots=True)
class Quick:
    """A setting with a key of its own on the dashboard, and the word it goes by there."""

    key: str
    """The id of its key."""
    name: str
    word: str


QUICK = (
    Quick("everywhere.reasoning", "PROXY_STREAM_REASONING_FALLBACK", "reasoning"),
    Quick("everywhere.retry", "PROXY_GUARDRAIL_RETRY", "retry"),
    Quick("everywhere.loop-breaker", "PROXY_LOOP_BREAKER", "loop breaker"),
)


def word_of(name: str) -> str:
    """What a setting is called where room is short: PROXY_LOOP_NOTE is `loop note`."""
    for quick in QUICK:
        if quick.name == name:
            return quick.word
    return name.removeprefix("PROXY_").lower().replace("_", " ")


def steps(spec: Setting) -> tuple[str, ...]:
    """The values that a key can go through, in order; none for what must be typed."""
    return ("on", "off") if spec.kind == "switch" else spec.choices


def next_text(view: SettingsView, name: str) -> str:
    """The value after the one in force, as a person writes it. The setting has `steps`."""
    spec = SPEC_BY_NAME[name]
    values = steps(spec)
    return values[(values.index(spec.show(view.settings.value(name))) + 1) % len(values)]


def changed(view: SettingsView) -> list[Setting]:
    """The live settings that differ from their default, in the order of their declaration."""
    return [spec for spec in view.specs if spec.live and view.settings.value(spec.name) != spec.default]


def problem_of(spec: Setting, text: str) -> str:
    """Why a text is no value of a setting, in words; "" when it is one."""
    try:
        spec.parse(text)
    except BadSetting as error:
        return str(error)
    return ""
