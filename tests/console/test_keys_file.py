"""Other keys from a file: what a file may say, what is told about a wrong one, and that the console starts anyway."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.__main__ import main
from console.key_names import CHARACTERS, NAMED, TAKEN, UnknownKey, doubt_about, file_name, spelled, textual_name
from console.key_table import AS_DECLARED, KeyTable
from console.keymap import HELP, KEY_BY_ID, SCOPES
from console.keys_file import KeysRead, clashes, default_file, keys_text, load_keys, parse
from tests.console.screen import opened

# -- what is declared -------------------------------------------------------------------------------------------------


def test_every_key_has_an_id_of_its_own_that_can_be_written_in_toml() -> None:
    keys = [key for scope in SCOPES for key in scope]
    assert len(KEY_BY_ID) == len(keys)
    for key in keys:
        scope, _, name = key.id.partition(".")
        assert scope == key.scope
        assert name.replace("-", "").isalpha(), key.id


def test_no_key_has_two_meanings_on_one_screen_and_none_is_taken_by_a_multiplexer() -> None:
    assert list(clashes(AS_DECLARED)) == []
    for key in KEY_BY_ID.values():
        for name in key.keys.split(","):
            assert doubt_about(name) == "", f"{key.id}: {name}"
            assert name not in TAKEN


def test_the_map_in_force_reads_back_as_itself() -> None:
    read = parse(keys_text(AS_DECLARED))
    assert read.said == ()
    assert all(read.table.keys(key) == AS_DECLARED.keys(key) for key in KEY_BY_ID.values())


# -- how keys are written ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "name", "shown", "in_ascii"),
    [
        ("?", "question_mark", "?", "?"),
        ("Ctrl+K", "ctrl+k", "^k", "^k"),
        ("shift+r", "R", "R", "R"),
        ("R", "R", "R", "R"),
        ("F5", "f5", "f5", "f5"),
        ("esc", "escape", "esc", "esc"),
        ("return", "enter", "⏎", "enter"),
        ("PageDown", "pagedown", "pgdn", "pgdn"),
        ("+", "plus", "+", "+"),
        ("ctrl++", "ctrl+plus", "^+", "^+"),
        ("alt+enter", "alt+enter", "alt+⏎", "alt+enter"),
        ("shift+alt+f1", "alt+shift+f1", "alt+shift+f1", "alt+shift+f1"),
        (" ", "space", "space", "space"),
        ("é", "é", "é", "é"),
        ("left", "left", "←", "left"),
    ],
)
def test_keys_as_people_write_them(written: str, name: str, shown: str, in_ascii: str) -> None:
    assert textual_name(written) == name
    assert spelled([name]) == shown
    assert spelled([name], ascii_only=True) == in_ascii


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("foo", "is no key"),
        ("entr", "is no key; did you mean enter?"),
        ("ctl+k", "has no modifier ctl; did you mean ctrl?"),
        ("ctrl+", "is no key"),
        ("", "is no key"),
        ("\x1b", "is no key that can be typed"),
    ],
)
def test_what_is_no_key(written: str, reason: str) -> None:
    with pytest.raises(UnknownKey, match=reason.replace("?", r"\?").replace("+", r"\+")):
        textual_name(written)


@given(
    st.sampled_from([*"abcXYZ019", *CHARACTERS, *sorted(NAMED)]), st.sampled_from(["", "ctrl+", "alt+", "alt+ctrl+"])
)
def test_every_key_is_read_as_it_is_written_out(key: str, held: str) -> None:
    name = textual_name(held + key)
    assert textual_name(file_name(name)) == name


@given(st.text(max_size=12))
def test_whatever_is_written_is_a_key_or_refused_in_words(written: str) -> None:
    with suppress(UnknownKey):
        name = textual_name(written)
        assert name == textual_name(file_name(name))


# -- what is wrong with a file ----------------------------------------------------------------------------------------

WRONG = """\
[dashboard]
srt = "x"
sort = "s"
cancel = 3
events = "spce"
open = ["f2", "entr"]

[session]
export = "x"

[evrywhere]
help = "x"

[everywhere]
interrupt = []
"""


def test_each_mistake_is_told_with_its_line_and_what_was_meant_and_the_rest_holds() -> None:
    read = parse(WRONG + 'mute = "B"\n')
    assert read.problems == (
        "line 2: there is no dashboard.srt; did you mean dashboard.sort?",
        f"line 3: dashboard.sort cannot have s, which is everywhere.settings ({KEY_BY_ID['everywhere.settings'].help})",
        'line 4: dashboard.cancel takes a key in quotation marks, or a list of them: "x" or ["x", "f2"]',
        "line 5: dashboard.events: 'spce' is no key; did you mean space?",
        "line 6: dashboard.open: 'entr' is no key; did you mean enter?",
        "line 9: there is no session.export; did you mean request.export?",
        "line 12: there is no evrywhere.help; did you mean everywhere.help?",
        "line 15: everywhere.interrupt must have a key",
    )
    assert read.table.changed == {"everywhere.mute": ("B",)}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[dashboard\n", "line 1: this is no TOML"),
        ("[dashboard]\nsort = x\n", "line 2: this is no TOML"),
        ('sort = "x"\n', "line 1: there is no sort; did you mean dashboard.sort?"),
        ('[dashboard.more]\nsort = "x"\n', "there is no dashboard.more"),
        (
            '[dashboard]\nsort = "x"\nreverse = "x"\n',
            "line 3: dashboard.reverse cannot have x, which is dashboard.sort",
        ),
        ('[dashboard]\n"so\\u001brt" = "x"\n', "there is no dashboard.so␛rt"),
    ],
)
def test_one_mistake(text: str, problem: str) -> None:
    (said,) = parse(text).problems
    assert problem in said


def test_two_keys_may_change_places() -> None:
    read = parse('[dashboard]\nreverse = "o"\nsort = "O"\n')
    assert read.problems == ()
    assert read.table.changed == {"dashboard.reverse": ("o",), "dashboard.sort": ("O",)}


def test_a_key_may_mean_different_things_on_different_screens() -> None:
    assert parse('[dashboard]\ncancel = "x"\n[session]\ncancel = "x"\n').said == ()


def test_whoever_gives_way_to_a_clash_may_clash_no_more() -> None:
    """`sort` falls back to `o`, which `reverse` wanted: it falls back too."""
    read = parse('[dashboard]\nreverse = "o"\nsort = "s"\n')
    assert read.table.changed == {}
    assert [problem.partition(" cannot")[0] for problem in read.problems] == [
        "line 2: dashboard.reverse",
        "line 3: dashboard.sort",
    ]


@pytest.mark.parametrize("key", sorted(TAKEN))
def test_keys_that_do_not_always_arrive_hold_with_a_warning(key: str) -> None:
    read = parse(f'[dashboard]\nsort = "{key}"\n')
    assert read.table.changed == {"dashboard.sort": (key,)}
    assert read.warnings == (f"line 2: dashboard.sort may not hear {file_name(key)}: {TAKEN[key]}",)


@pytest.mark.parametrize("key", ["ctrl+shift+x", "super+k", "hyper+f1"])
def test_keys_that_few_terminals_send_are_warned_about(key: str) -> None:
    assert len(parse(f'[dashboard]\nsort = "{key}"\n').warnings) == 1


@given(
    st.dictionaries(
        st.sampled_from(sorted(KEY_BY_ID)), st.lists(st.sampled_from([*"aceghjkoqstuxyGLNOPR", "f2"]), max_size=2)
    )
)
def test_whatever_a_file_asks_for_no_clash_is_left(wanted: dict[str, list[str]]) -> None:
    lines = [f"{name} = {keys!r}".replace("'", '"') for name, keys in wanted.items()]
    read = parse("\n".join(lines))
    assert list(clashes(read.table)) == []
    assert set(read.table.changed) | {problem.split()[2] for problem in read.problems} >= set(wanted)


# -- where it lies ----------------------------------------------------------------------------------------------------


def test_the_usual_place(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    assert default_file(home) == tmp_path / ".config/interlock/keys.toml"
    assert default_file({**home, "XDG_CONFIG_HOME": "/elsewhere"}) == Path("/elsewhere/interlock/keys.toml")
    assert default_file({**home, "XDG_CONFIG_HOME": "relative"}) == tmp_path / ".config/interlock/keys.toml"
    assert load_keys(None, home) == KeysRead()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, "No such file or directory"),
        (b"\xff\xfe", "this is no text in UTF-8"),
        (b"#" * 200_000, "this is too long for a file of keys"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, data: bytes | None, problem: str) -> None:
    path = tmp_path / "keys.toml"
    if data is not None:
        path.write_bytes(data)
    assert load_keys(path, {}) == KeysRead(problems=(problem,), path=path)


def test_the_verb_prints_the_map_and_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert main(["keys"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    path = tmp_path / "interlock/keys.toml"
    assert str(path) in printed.out
    path.parent.mkdir()
    path.write_text(printed.out.replace('sort = "o"', 'sort = "x"'))
    assert main(["keys"]) == 0
    assert 'sort = "x"' in capsys.readouterr().out
    other = tmp_path / "other.toml"
    other.write_text('[dashboard]\nsrt = "x"\n')
    assert main(["keys", "--keys", str(other)]) == 2
    printed = capsys.readouterr()
    assert printed.err == (
        f"interlock keys: {other}, line 2: there is no dashboard.srt; did you mean dashboard.sort?\n"
    )
    assert 'sort = "o"' in printed.out
    assert main(["keys", "http://h:1"]) == 2


# -- in the console ---------------------------------------------------------------------------------------------------

OWN = """\
[everywhere]
help = "f1"
undo = "U"
loop-breaker = []
settings = "S"
[dashboard]
sort = "ctrl+k"
cancel = ["x", "delete"]
back = "backspace"
[session]
hold = "H"
[list]
down = ["v", "down"]
"""


async def test_other_keys_act_and_are_shown_everywhere() -> None:
    async with opened((140, 40), keys=parse(OWN)) as console:
        last = console.lines[-1]
        assert "^k Sort" in last
        assert "f1 Help" in last
        assert "S Settings" in last
        assert "S " in console.line("more at their default")
        await console.type("o")
        assert "CONTEXT▼" in console.text, "the old key is gone"
        await console.type("<ctrl+k>")
        assert "TURNS▼" in console.text
        await console.type("R")
        assert "U undoes" in console.text
        await console.type("UL")
        assert "loop breaker on → off" not in console.text, "a key that was taken away"
        await console.type("v<enter>")
        assert "session 5d10e2 refactor billing" in console.text
        await console.type("H")
        assert "released with H" in console.text
        await console.type("<escape><escape><f1>")
        assert console.line("sort sessions by the next column").split()[0] == "^k"
        assert console.line("cancel what the chosen session").split()[:2] == ["x", "del"]
        assert console.line("loop breaker: on, off").split()[:2] == ["(no", "key)"]


async def test_a_click_in_the_key_line_presses_the_key_that_is_there() -> None:
    async with opened((140, 40), keys=parse(OWN)) as console:
        last = console.lines[-1]
        await console.pilot.click(offset=(last.index("Sort"), len(console.lines) - 1))
        await console.tick()
        assert "TURNS▼" in console.text


async def test_a_wrong_file_is_told_in_the_console_and_the_rest_of_it_holds() -> None:
    read = parse(WRONG + 'mute = "B"\n')
    async with opened((100, 30), keys=KeysRead(read.table, read.problems, path=Path("/home/x/keys.toml"))) as console:
        assert "keys.toml" in console.text
        assert "line 2: there is no dashboard.srt" in " ".join(console.text.split())
        assert "4 more: interlock keys" in console.text
        await console.type("B")
        assert "bell and notifications are off" in console.text


async def test_hostile_ids_do_nothing() -> None:
    async with opened((100, 30), keys=parse('[dashboard]\n"[red]\\u001b[2J" = "x"\n')) as console:
        assert "[red]␛[2J" in " ".join(console.text.split())


def test_help_needs_no_second_key_to_be_left() -> None:
    table = KeyTable({"everywhere.help": ("f1",)})
    assert list(clashes(table)) == []
    assert table.keys(HELP.keys[0]) == ("escape", "question_mark")
