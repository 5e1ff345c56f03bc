"""The documents say what is true of this tree."""

from __future__ import annotations

import itertools
import re
import runpy
from pathlib import Path

import pytest

from console.cli import ALL_FLAGS
from console.settings_docs import env_example
from console.verbs import FLAGS
from proxy_core.settings import SPECS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
VERBS = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
INTERLOCKS_OWN = ("PROXY_", "LLAMA_CPP_", "UPSTREAM_")

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def test_readme_and_env_example_show_the_declared_settings() -> None:
    """`make docs` brings them up to date."""
    for path, text in runpy.run_path(str(ROOT / "scripts" / "refresh_docs.py"))["documents"]().items():
        assert path.read_text(encoding="utf-8") == text


def test_env_example_is_a_valid_env_file() -> None:
    """Taking every comment sign away gives the defaults."""
    lines = re.findall(r"^#([A-Z_]+)=(.*)$", env_example(), re.MULTILINE)
    assert {name: spec.parse(value) for spec in SPECS for name, value in lines if name == spec.name} == {
        spec.name: spec.default for spec in SPECS
    }


@every_document
def test_links_lead_to_files(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    assert [target for target in targets if not (document.parent / target.partition("#")[0]).exists()] == []


@every_document
def test_verbs_exist(document: Path) -> None:
    named = set(re.findall(r"\bmake ([a-z]+)", "\n".join(_code(document))))
    assert named <= VERBS


@every_document
def test_flags_exist(document: Path) -> None:
    own = [line for line in _code(document) if line.startswith(("interlock", "--"))]
    named = set(re.findall(r"(?:^|\s)(--[a-z][a-z-]+)", "\n".join(own)))
    assert named <= {*ALL_FLAGS, *itertools.chain.from_iterable(FLAGS.values())}


@every_document
def test_settings_exist(document: Path) -> None:
    named = {
        name
        for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", document.read_text(encoding="utf-8"))
        if name.startswith(INTERLOCKS_OWN)
    }
    assert named <= {spec.name for spec in SPECS} | {"PROXY_CMD"}


def _code(document: Path) -> list[str]:
    """The lines of code blocks, and the pieces of code within sentences."""
    text = document.read_text(encoding="utf-8")
    blocks = re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return lines + re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
