"""Announcements of an action, and sentences that look like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.guardrails import announcement
from proxy_core.guardrails.announcement import announces_action
from proxy_core.guardrails.end_turn import is_premature

from .replies import ANNOUNCING, FINAL


@pytest.mark.parametrize("text", [text for texts in ANNOUNCING.values() for text in texts])
def test_an_announcement_is_premature(text: str) -> None:
    assert is_premature(text)
    assert is_premature(f"I read the file; the lock is taken twice. {text}")


@pytest.mark.parametrize("text", [text for texts in FINAL.values() for text in texts])
def test_an_answer_is_final(text: str) -> None:
    assert not is_premature(text)
    assert not is_premature(f"I'll do that now: done, see below.\n\n{text}")


@pytest.mark.parametrize(
    "sentence",
    ["Let me know if that helps.", "Once you confirm, I'll delete it.", "I'll wait for your answer.",
     "If you tell me the version, I will prepare it.", "I need you to run it.", "Updating the cache fixed it.",
     "Adding an index would help.", "Adding an index made the query fast.", "Running the linter reports no problems."],
)  # fmt: skip
def test_conditions_and_offers_leave_the_next_step_to_the_other_side(sentence: str) -> None:
    assert not announces_action(sentence)


@given(st.text(st.characters(codec="ascii")))
def test_other_scripts_announce_nothing_in_ascii(sentence: str) -> None:
    others = set(announcement._OTHERS) - set(announcement._LATIN)  # pyright: ignore[reportPrivateUsage] - the split itself
    assert len(others) == 4
    assert not any(language.announces(sentence) for language in others)
