"""What changes of settings did, in words: the letter that marks one in charts, and the medians around it."""

from __future__ import annotations

from collections.abc import Iterable

from console.format import counted, elapsed, rate, seconds
from proxy_core.effects import ENOUGH
from proxy_core.snapshot import ChangeView, Medians


def letter(change: ChangeView) -> str:
    """Its mark: a, b, c ... and after z from a again."""
    return chr(ord("a") + (change.number - 1) % 26)


def effect(change: ChangeView) -> str:
    """The medians before and after; or why there are none; "" right after the change."""
    earlier, later = change.earlier, change.later
    figures = [
        f"{name} {before} → {after}{unit}"
        for name, unit, before, after in (
            ("decode", " tok/s", _rate(earlier), _rate(later)),
            ("TTFT", "", _ttft(earlier), _ttft(later)),
        )
        if before and after
    ]
    if figures:
        basis = f"medians of {earlier.answers} and {counted(later.answers, 'answer')}, {elapsed(change.span)} each"
        return f"{', '.join(figures)} ({basis})"
    if not change.span:
        return ""
    return f"too few answers to compare ({earlier.answers} before, {later.answers} after, {ENOUGH} are needed)"


def brief_effect(change: ChangeView) -> tuple[str, ...]:
    """The same in a few words and in parts, empty while there is nothing to compare; `n`: so many answers."""
    earlier, later = change.earlier, change.later
    parts = [
        f"{before} → {after} {unit}"
        for unit, before, after in (("tok/s", _rate(earlier), _rate(later)), ("TTFT", _ttft(earlier), _ttft(later)))
        if before and after
    ]
    return (*parts, f"n {earlier.answers}, {later.answers}") if parts else ()


def last_of(changes: Iterable[ChangeView], name: str) -> ChangeView | None:
    """The last change of a setting that holds everywhere."""
    return next((change for change in reversed(tuple(changes)) if change.name == name and not change.session), None)


def _rate(medians: Medians) -> str:
    return "" if medians.decode_rate is None else rate(medians.decode_rate)


def _ttft(medians: Medians) -> str:
    return "" if medians.ttft is None else seconds(medians.ttft)
