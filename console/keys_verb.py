"""`interlock keys`: the keys in force as a file to start from, and what is wrong with the file that is there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from console.keys_file import default_file, keys_text, load_keys
from console.verbs import USAGE_ERROR


def print_keys(explicit: Path | None) -> int:
    """Print them; 0, or 2 when something of the file was left out."""
    read = load_keys(explicit, os.environ)
    for sentence in read.said:
        print(f"interlock keys: {read.path}, {sentence}", file=sys.stderr)
    print(f"# A copy belongs in {default_file(os.environ)}, or name it with --keys.")
    print(keys_text(read.table), end="")
    return USAGE_ERROR if read.problems else 0
