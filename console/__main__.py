"""The command `interlock`, also `python -m console`: print a text, or serve."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.verbs import USAGE_ERROR, VERBS, run_verb

if TYPE_CHECKING:
    from console.cli import CommandLine
    from proxy_core.config import Configuration


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    if words and words[0] in VERBS:
        return run_verb(words[0], words[1:])
    return _main(words)


def _main(words: Sequence[str]) -> int:
    from console.cli import UsageError, parse  # late: `status` runs every few seconds and needs none of it
    from proxy_core.config import BadConfiguration, load

    try:
        line = parse(words)
        if line.report in {"help", "version", "settings-table", "env-example"}:
            return _print(_text(line.report))
        configuration = load(line.settings, os.environ, env_file=line.env_file, insecure_no_auth=line.insecure_no_auth)
    except (UsageError, BadConfiguration) as error:
        return _refuse(error.problems)
    for warning in configuration.warnings:
        print(f"interlock: {warning}", file=sys.stderr)
    if line.report is not None:
        return _print(_settings(line, configuration))
    return _serve(line, configuration)


def _serve(line: CommandLine, configuration: Configuration) -> int:
    from console.terminal import console_fits

    if line.face == "tui" and not console_fits(os.environ):
        return _refuse(["--tui needs a terminal on stdin and stdout (and TERM set to more than dumb)"])
    from console import collector

    collector.pause()
    from console.runner import run  # late: --help and --version need none of the server

    return run(line, configuration.view)


def _text(report: str) -> str:
    from console import settings_docs
    from proxy_core import __version__

    texts = {
        "help": settings_docs.help_text,
        "version": lambda: f"interlock {__version__}\n",
        "settings-table": settings_docs.settings_table,
        "env-example": settings_docs.env_example,
    }
    return texts[report]()


def _settings(line: CommandLine, configuration: Configuration) -> str:
    from console import settings_docs

    make = settings_docs.show_settings_json if line.json else settings_docs.show_settings
    return make(configuration.view)


def _print(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


def _refuse(problems: Sequence[str]) -> int:
    for problem in problems:
        print(f"interlock: {problem}", file=sys.stderr)
    print("interlock --help lists every flag and setting", file=sys.stderr)
    return USAGE_ERROR


if __name__ == "__main__":
    sys.exit(main())
