"""Estimates, once calibrated, against the counts of a real server; `token_accuracy` prints the whole table."""

from __future__ import annotations

from statistics import median

import pytest

from tests.real.texts import KINDS
from tests.real.token_accuracy import at_share, errors
from tests.realserver.server import LlamaServer


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, list[float]]]:
    with LlamaServer("tiny", window=65_536) as server:
        return errors(server.count)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["calibrated", "next turn"])
def test_calibrated_estimates_are_near(found: dict[str, dict[str, list[float]]], kind: str, way: str) -> None:
    assert median(found[kind][way]) <= 0.10
    assert at_share(found[kind][way], 0.95) <= 0.25


@pytest.mark.parametrize("kind", KINDS)
def test_calibration_is_what_makes_them_so(found: dict[str, dict[str, list[float]]], kind: str) -> None:
    """The test server's vocabulary of 992 tokens is far from what the estimate was fitted to."""
    assert median(found[kind]["bare"]) > 0.25
