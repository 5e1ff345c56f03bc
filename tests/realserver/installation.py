"""Where the llama.cpp server lives: an environment of its own and the models, made once in the user's cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import venv
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
PINS = ("xllamacpp==2026.10.11549", "gguf==0.19.0", "numpy==2.4.6")
MODEL_SOURCES = ("make_model.py", "vocabulary.py", "words.txt", "chat_template.jinja")


def home() -> Path:
    """The folder for everything that is made; INTERLOCK_TEST_CACHE moves it."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get("INTERLOCK_TEST_CACHE") or Path(cache) / "interlock-tests")


def python() -> Path:
    """The interpreter of the environment with the server; installs it when it is missing."""
    place = home()
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        environment = place / "venv"
        interpreter = environment / "bin" / "python"
        stamp = environment / "pins"
        if not stamp.exists() or stamp.read_text().split() != list(PINS):
            venv.create(environment, with_pip=True, clear=True)
            pip = [str(interpreter), "-m", "pip", "install", "-qq", "--no-compile", "--only-binary", ":all:"]
            subprocess.run([*pip, *PINS], check=True)
            stamp.write_text("\n".join(PINS))
        return interpreter


def model(name: str) -> Path:
    """The file of a model; makes it when it is missing or the code that makes it has changed."""
    interpreter = python()
    digest = hashlib.sha256(b"".join((HERE / source).read_bytes() for source in MODEL_SOURCES)).hexdigest()
    path = home() / f"{name}-{digest[:12]}.gguf"
    with (home() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            for stale in home().glob(f"{name}-*"):
                stale.unlink()
            unfinished = path.with_suffix(".part")
            command = [str(interpreter), "-m", "tests.realserver.make_model", str(unfinished), name]
            subprocess.run(command, check=True, cwd=PROJECT)
            unfinished.rename(path)
    return path
