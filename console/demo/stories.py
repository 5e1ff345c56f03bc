"""What the sample agents work on: invented projects, each with its files, tasks and things to find."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Story:
    """One project. `fill` is the share of the context window that its agent has used when the demo begins.

    In the task `stubborn` the model runs the same tests again and again, as small models do.
    """

    label: str
    directory: str
    fill: float
    files: tuple[str, ...]
    words: tuple[str, ...]
    tasks: tuple[str, ...]
    test_command: str
    agent_id: str = ""
    stubborn: str = ""

    @property
    def system(self) -> str:
        """The system prompt of its agent."""
        return (
            "You are a coding agent. You work in small steps: look before you change, run the tests after a change, "
            "and say in two or three sentences what you did.\n\n"
            f"<env>\nWorking directory: {self.directory}\nIs directory a git repo: Yes\nPlatform: linux\n</env>\n"
        )


STORIES: tuple[Story, ...] = (
    Story(
        label="webapp",
        directory="/home/dev/webapp",
        fill=0.62,
        files=("src/settings/Theme.tsx", "src/settings/Page.tsx", "src/api/client.ts", "src/state/store.ts"),
        words=("theme", "toggle", "session", "locale", "avatar", "route", "cache", "payload", "widget", "modal"),
        tasks=(
            "Add a dark theme switch to the settings page and keep the choice over reloads.",
            "The avatar upload fails for pictures above 2 MB. Find out why and repair it.",
            "Show a notice when the session is about to expire, with a button that renews it.",
            "The route guard flickers on a slow network. Make it wait for the first answer.",
        ),
        test_command="npm test -- --run",
    ),
    Story(
        label="refactor",
        directory="/home/dev/ledger",
        fill=0.40,
        files=("ledger/posting.py", "ledger/accounts.py", "ledger/report.py", "tests/test_posting.py"),
        words=(
            "account",
            "posting",
            "balance",
            "currency",
            "period",
            "entry",
            "journal",
            "rounding",
            "amount",
            "total",
        ),
        tasks=(
            "Split posting.py: validation and booking do not belong into one class.",
            "Replace the float amounts by Decimal everywhere and prove with the tests that no total changes.",
            "report.py reads the whole journal for each account. Read it once.",
            "Remove the circular import between accounts and posting.",
        ),
        test_command="pytest -q",
    ),
    Story(
        label="explore",
        directory="/home/dev/ledger",
        fill=0.08,
        files=("ledger/importers/bank_csv.py", "ledger/importers/mt940.py", "docs/formats.md"),
        words=("importer", "statement", "encoding", "column", "header", "date", "separator", "booking"),
        tasks=(
            "Find every place that parses a bank statement and list the date formats they accept.",
            "Which importers ignore the encoding of the file? Give file and line.",
        ),
        test_command="pytest -q tests/importers",
        agent_id="a17c0ffee5",
    ),
    Story(
        label="docs",
        directory="/home/dev/handbook",
        fill=0.18,
        files=("docs/install.md", "docs/backup.md", "docs/upgrade.md", "mkdocs.yml"),
        words=("chapter", "backup", "upgrade", "snapshot", "restore", "schedule", "retention", "volume", "mirror"),
        tasks=(
            "Rewrite the backup chapter so that a beginner can follow it step by step.",
            "Check all links of the handbook and repair those that are dead.",
            "Write an upgrade guide from 3.2 to 4.0 from the change log.",
        ),
        test_command="mkdocs build --strict",
    ),
    Story(
        label="firmware",
        directory="/home/dev/firmware",
        fill=0.05,
        files=("src/main.c", "src/sensor_bus.c", "include/sensor_bus.h", "CMakeLists.txt"),
        words=("sensor", "register", "interrupt", "buffer", "timeout", "channel", "sample", "driver", "offset"),
        tasks=(
            "The second sensor stops after about an hour. I suspect the ring buffer.",
            "Add a watchdog that resets the bus when no sample came for two seconds.",
            "Measure how long the interrupt handler runs and print it on the console.",
        ),
        test_command="ctest --output-on-failure",
        stubborn="The second sensor stops after about an hour. I suspect the ring buffer.",
    ),
)


def story_in(text: str) -> Story | None:
    """The story whose agent wrote `text` (its prompt names the directory and, for a sub-agent, the task)."""
    here = [story for story in STORIES if f"Working directory: {story.directory}\n" in text]
    return next((story for story in here if any(task in text for task in story.tasks)), here[0] if here else None)
