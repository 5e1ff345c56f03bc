"""Write what the declarations of the settings say into README.md and .env.example: `python scripts/refresh_docs.py`."""

from __future__ import annotations

from pathlib import Path

from console.settings_docs import env_example, settings_table

ROOT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- settings:begin -->\n"
END = "<!-- settings:end -->"


def with_settings(readme: str) -> str:
    """The README with the present table between its two marks. Raises ValueError when a mark is missing."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md needs the lines {BEGIN.strip()} and {END}")
    return f"{before}{begin}{settings_table()}{end}{after}"


def documents() -> dict[Path, str]:
    """Each file that is made, with what it should hold."""
    readme = ROOT / "README.md"
    return {readme: with_settings(readme.read_text(encoding="utf-8")), ROOT / ".env.example": env_example()}


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
