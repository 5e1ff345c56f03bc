"""Values are changed in the text of a `.env` file, and everything else stays as it stands."""

from __future__ import annotations

import stat
from io import StringIO
from pathlib import Path

import pytest
from dotenv.parser import parse_stream
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.env_edit import edited, write_private


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("", {"A": "1"}, "A=1\n"),
        ("B=2\n", {"A": "1"}, "B=2\nA=1\n"),
        ("B=2", {"A": "1"}, "B=2\nA=1\n"),
        ("A=0\n", {"A": "1"}, "A=1\n"),
        ("A=0", {"A": "1"}, "A=1"),
        ("# why\nA=0 # because\nB=2\n", {"A": "1"}, "# why\nA=1 # because\nB=2\n"),
        ("A= # empty\n", {"A": "1"}, "A=1 # empty\n"),
        ("\n\n  export A = 'x y' # c\n", {"A": "1"}, "\n\n  export A =1 # c\n"),
        ('A="two\nlines"\nB=2\n', {"A": "1"}, "A=1\nB=2\n"),
        ("A=1\nA=2\nB=3\n", {"A": "4"}, "A=1\nA=4\nB=3\n"),
        ("A\nB=2\n", {"A": "1"}, "A=1\nB=2\n"),
        ("#A=0\nB=2\n", {"A": "1"}, "#A=0\nA=1\nB=2\n"),
        ("# A: what it does\n# A=0\n\nB=2\n", {"A": "1"}, "# A: what it does\n# A=0\nA=1\n\nB=2\n"),
        ("A=0\r\nB=2\r\n", {"A": "1", "C": "3"}, "A=1\r\nB=2\r\nC=3\r\n"),
        ("not an assignment!\nA=0\n", {"A": "1"}, "not an assignment!\nA=1\n"),
        ("A=0\n", {"A": "with space"}, "A='with space'\n"),
        ("A=0\n", {"A": "it's #1 $HOME"}, "A='it\\'s #1 $HOME'\n"),
        ("A=0\n", {"A": ""}, "A=\n"),
        ("AA=0\n", {"A": "1"}, "AA=0\nA=1\n"),
    ],
)
def test_what_is_changed_and_what_is_not(text: str, values: dict[str, str], expected: str) -> None:
    assert edited(text, values) == expected


NAMES = st.sampled_from(["A", "B", "PROXY_X"])
VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(str.strip)
LINES = st.one_of(
    st.builds(
        "{}={}".format, NAMES, st.sampled_from(["", "1", "'x y'", '"a\\"b"', "on # note", "  2  ", "#no", "it's"])
    ),
    st.builds("# {}={}".format, NAMES, st.just("old")),
    st.sampled_from(["", "# a comment", "export B=7", "OTHER=kept # really", "what is this", "C"]),
)


def holding(text: str) -> dict[str, str]:
    return {b.key: b.value for b in parse_stream(StringIO(text)) if b.key and b.value is not None and not b.error}


@given(st.lists(LINES, max_size=8).map("\n".join), st.dictionaries(NAMES, VALUES))
def test_each_name_has_its_value_and_the_others_keep_theirs(text: str, values: dict[str, str]) -> None:
    new = edited(text, values)
    assert holding(new) == holding(text) | values
    assert [line.rstrip() for line in edited(new, values).split("\n")] == [line.rstrip() for line in new.split("\n")]
    kept = [line for line in text.splitlines() if line.startswith(("#", "OTHER"))]
    assert [line for line in new.splitlines() if line.startswith(("#", "OTHER"))] == kept


def test_the_file_is_private_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=0\n")
    path.chmod(0o644)
    before = path.stat().st_ino
    write_private(path, "A=ü\r\n")
    assert path.read_bytes() == "A=ü\r\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_ino != before
    assert [entry.name for entry in tmp_path.iterdir()] == [".env"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("A=0\n")
    (tmp_path / ".env").symlink_to("real")
    write_private(tmp_path / ".env", "A=1\n")
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "real").read_text() == "A=1\n"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=0\n")
    with pytest.raises(UnicodeEncodeError):
        write_private(path, "A=\ud800\n")
    assert path.read_text() == "A=0\n"
    assert [entry.name for entry in tmp_path.iterdir()] == [".env"]
