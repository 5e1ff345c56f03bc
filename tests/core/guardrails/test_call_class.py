"""What kind of act a call is."""

from __future__ import annotations

from typing import Any

import pytest

from proxy_core.guardrails.call_class import class_and_target, class_of, is_shell


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("cat a | grep b | head", "read"), ("git -c x=y log --oneline", "read"), ("ls -la /srv 2>/dev/null", "read"),
        ("cd /srv && rg 'a > b' src", "read"), ("FOO=1 sudo ls", "read"), ("for f in *; do cat $f; done", "read"),
        ("echo x > a", "write"), ("cat >> a <<'E'\nx\nE", "write"), ("sed -i s/a/b/ f", "write"), ("rm -rf x", "write"),
        ("git commit -m x", "write"), ("pip install x", "write"), ("mkdir -p a && cd a", "write"),
        ("sleep 5; tail log", "wait"), ("while true; do sleep 1; done", "wait"), ("wait 12", "wait"),
        ("pytest -q", "exec"), ("make x 2>&1 | tail", "exec"), ("python -c 'print(1)'", "exec"), ("./run.sh", "exec"),
        ("", "read"),
    ],
)  # fmt: skip
def test_shell_commands(command: str, kind: str) -> None:
    assert class_of("Bash", {"command": command}) == kind
    assert class_of("mcp__box__run_command", {"cmd": command}) == kind


@pytest.mark.parametrize(
    ("name", "arguments", "kind"),
    [
        ("Read", {}, "read"), ("Grep", {}, "read"), ("mcp__fs__list_directory", {}, "read"), ("Edit", {}, "write"),
        ("write_file", {}, "write"), ("TodoWrite", {}, "meta"), ("BashOutput", {}, "wait"), ("teleport", {}, "exec"),
        ("str_replace_based_edit_tool", {"command": "view"}, "read"),
        ("str_replace_based_edit_tool", {"command": "create"}, "write"),
    ],
)  # fmt: skip
def test_tools(name: str, arguments: dict[str, Any], kind: str) -> None:
    assert class_of(name, arguments) == kind


@pytest.mark.parametrize(
    ("name", "arguments", "target"),
    [("Read", {"file_path": "/a"}, "/a"), ("Grep", {"pattern": "x", "path": "/b"}, "/b"),
     ("Bash", {"command": "make -C src test --all"}, "make -C src"), ("x", {}, ""), ("x", {"path": 3}, "")],
)  # fmt: skip
def test_targets(name: str, arguments: dict[str, Any], target: str) -> None:
    assert class_and_target(name, arguments)[1] == target


def test_shells() -> None:
    assert is_shell("Bash")
    assert is_shell("mcp__x__shell")
    assert not is_shell("Read")
