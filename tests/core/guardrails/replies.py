"""Replies in ten languages, by whether they stop before the work that they announce."""

from __future__ import annotations

import json
from pathlib import Path

_TEXTS = json.loads((Path(__file__).parents[2] / "fixtures" / "replies.json").read_text("utf-8"))

ANNOUNCING: dict[str, list[str]] = _TEXTS["announcing"]
FINAL: dict[str, list[str]] = _TEXTS["final"]
