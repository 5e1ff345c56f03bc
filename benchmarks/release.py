"""The program as it was at its last release, or at any other commit, to be measured beside the one of now."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = ("console", "proxy_core")


def last_release() -> str:
    """The newest tag `v...` before now; empty when there is none."""
    found = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0", "--match", "v*"],  # noqa: S607 - the git that made the checkout
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip()


@contextmanager
def checked_out(commit: str) -> Generator[Path]:
    """A folder with the packages of that commit, as long as it is needed. Raises `SystemExit` for an unknown one."""
    packed = subprocess.run(  # noqa: S603 - the commit is an argument of git's, not a command
        ["git", "archive", "--end-of-options", commit, *PACKAGES],  # noqa: S607 - as above
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )
    if packed.returncode:
        raise SystemExit(f"git knows no {commit!r}: {packed.stderr.decode().strip()}")
    with tempfile.TemporaryDirectory(prefix="interlock-bench-") as place:
        with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
            archive.extractall(place, filter="data")
        yield Path(place)
