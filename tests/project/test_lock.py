"""constraints.txt pins what pyproject.toml asks for, and names nothing of the machine that wrote it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = dict(line.split("==") for line in LINES if "==" in line)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ASKED = [Requirement(text) for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]]


def _same(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.name)
def test_every_dependency_is_pinned_within_its_bounds(asked: Requirement) -> None:
    """`make lock` writes the pins anew."""
    pins = {_same(name): version for name, version in PINS.items()}
    assert pins[_same(asked.name)] in asked.specifier


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.name)
def test_every_dependency_has_both_bounds(asked: Requirement) -> None:
    assert {clause.operator for clause in asked.specifier} == {">=", "<"}


def test_the_lock_holds_pins_alone() -> None:
    assert [line for line in LINES if not re.fullmatch(r"#.*|[\w.-]+==[\w.+!-]+", line)] == []
