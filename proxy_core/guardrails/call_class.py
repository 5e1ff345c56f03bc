"""What kind of act a tool call is: does it read, change something, run something, wait, or only keep notes?"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from proxy_core.translate.types import JsonObject

CallClass: TypeAlias = Literal["read", "write", "exec", "wait", "meta"]

SHELLS = frozenset(
    {"bash", "shell", "sh", "run", "exec", "terminal", "run_shell_command", "shell_command", "exec_command",
     "execute_command", "run_command", "run_terminal_cmd", "local_shell", "cmd", "powershell"}
)  # fmt: skip
_READ = frozenset(
    {"read", "grep", "glob", "ls", "view", "cat", "find", "search", "open", "list", "list_dir", "list_directory",
     "list_files", "read_file", "read_many_files", "search_files", "search_file", "find_file", "search_dir",
     "file_search", "grep_search", "codebase_search", "search_file_content", "webfetch", "web_fetch", "websearch",
     "web_search", "goto", "scroll_up", "scroll_down", "notebookread", "list_code_definition_names", "think"}
)  # fmt: skip
_WRITE = frozenset(
    {"edit", "write", "multiedit", "multi_edit", "create", "insert", "replace", "patch", "apply_patch", "str_replace",
     "write_file", "edit_file", "write_to_file", "replace_in_file", "notebookedit", "create_file", "delete_file",
     "apply_diff", "insert_content", "append", "undo_edit", "search_replace"}
)  # fmt: skip
_META = frozenset(
    {"todowrite", "todoread", "todo_write", "todo_read", "writetodos", "write_todos", "update_plan", "plan", "skill",
     "exitplanmode", "toolsearch", "save_memory", "memory", "task_create", "taskcreate", "taskupdate", "tasklist"}
)  # fmt: skip
_WAIT = frozenset(
    {"bashoutput", "bash_output", "monitor", "wait", "sleep", "taskoutput", "task_output", "wait_for", "poll",
     "write_stdin", "read_terminal", "check_status", "get_status"}
)  # fmt: skip
_READING_COMMANDS = frozenset(
    {"cat", "ls", "grep", "rg", "egrep", "fgrep", "find", "head", "tail", "less", "more", "wc", "sort", "uniq", "cut",
     "awk", "sed", "nl", "tree", "pwd", "echo", "printf", "file", "stat", "du", "df", "which", "type", "diff", "cmp",
     "jq", "xxd", "od", "strings", "basename", "dirname", "realpath", "readlink", "cd", "true", "test", "env", "date",
     "ps", "whoami", "id", "uname", "column", "tr", "xargs", "fd", "bat", "ag", "hexdump", "md5sum", "sha256sum"}
)  # fmt: skip
_READING_GIT = frozenset(
    {"log", "status", "diff", "show", "branch", "blame", "ls-files", "rev-parse", "remote", "grep", "describe"}
)
_WRITING = re.compile(
    r"(?<![<>=0-9&-])>{1,2}(?![&>=])\s*(?!/dev/null)\S|<<|\bsed\b[^|;&]*\s-\w*i|\bperl\b[^|;&]*\s-\w*i"
    r"|(?:^|[|;&(]\s*|\bsudo\s+)(?:rm|mv|cp|mkdir|rmdir|touch|ln|chmod|chown|tee|truncate|dd|install|patch|unzip|tar)\b"
    r"|\bgit\s+(?:-\S+\s+)*(?:add|commit|checkout|switch|reset|restore|stash|merge|rebase|apply|rm|mv|clean|pull|push"
    r"|clone|init|cherry-pick|revert|tag)\b"
    r"|\b(?:pip3?|npm|pnpm|yarn|apt|apt-get|brew|cargo|go|gem|uv|poetry|conda)\s+(?:\S+\s+)?(?:install|add|remove|uninstall"
    r"|update|upgrade|get|i)\b"
)
_WAITING = re.compile(r"(?:^|[|;&(]\s*|\bdo\s+)(?:sleep|wait|timeout\s+\d+\s+tail\s+-f)\b")
_PARTS = re.compile(r"\|\||&&|[|;&\n]")
_QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"")
_TARGET_KEYS = ("file_path", "path", "notebook_path", "filename", "file", "target_file", "url", "pattern", "query")


def class_and_target(name: str, arguments: JsonObject) -> tuple[CallClass, str]:
    """The class of a call, and what it is about: its path, address or pattern; the first words of a command.

    A tool that nobody knows runs something.
    """
    if is_shell(name):
        command = _command(arguments)
        return _class_of_command(command), " ".join(command.split(maxsplit=3)[:3])
    target = ""
    for key in _TARGET_KEYS:
        value: Any = arguments.get(key)
        if isinstance(value, str):
            target = value
            break
    kind = _class_of_tool(name)
    if kind == "write" and arguments.get("command") == "view" and _bare(name).startswith("str_replace"):
        kind = "read"
    return kind, target


def class_of(name: str, arguments: JsonObject) -> CallClass:
    """The class of a call."""
    return class_and_target(name, arguments)[0]


@lru_cache(maxsize=512)
def _class_of_tool(name: str) -> CallClass:
    tool = _bare(name)
    if tool in _READ:
        return "read"
    if tool in _WRITE or tool.startswith("str_replace"):
        return "write"
    if tool in _META:
        return "meta"
    return "wait" if tool in _WAIT else "exec"


@lru_cache(maxsize=512)
def _bare(name: str) -> str:
    """A tool's name in lower case, without the server that it comes from."""
    return name.lower().rsplit("__", 1)[-1]


@lru_cache(maxsize=512)
def is_shell(name: str) -> bool:
    """Whether the tool runs shell commands."""
    return _bare(name) in SHELLS


def _command(arguments: JsonObject) -> str:
    """The command of a shell's call."""
    for key in ("command", "cmd", "script", "code", "input"):
        value: Any = arguments.get(key)
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            return " ".join(str(word) for word in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return ""


def _class_of_command(command: str) -> CallClass:
    bare = _QUOTED.sub("''", command)
    if _WAITING.search(bare):
        return "wait"
    if _WRITING.search(bare):
        return "write"
    parts = [part.split() for part in _PARTS.split(bare)]
    return "read" if all(_reads(words) for words in parts if words) else "exec"


def _reads(words: list[str]) -> bool:
    while words and (re.fullmatch(r"\w+=\S*", words[0]) or words[0] in {"sudo", "time", "command", "then", "do"}):
        words = words[1:]
    if not words:
        return True
    program = words[0].rsplit("/", 1)[-1].strip("()")
    if program == "git":
        sub = next((word for before, word in pairwise(words) if word[0] != "-" and before not in {"-c", "-C"}), "")
        return sub in _READING_GIT
    return program in _READING_COMMANDS or program.startswith("#") or program in {"done", "fi", "for", "if", "while"}
