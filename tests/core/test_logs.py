"""The log file, and warnings as events."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy_core import logs
from proxy_core.event_ring import EventRing
from proxy_core.events import LogRecorded, SettingChanged


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hooks = root.handlers[:], root.level, (threading.excepthook, sys.unraisablehook)
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(capture=False)


def told(events: EventRing) -> list[tuple[str, str]]:
    return [(event.level, event.text) for event in events.since(0).events if isinstance(event, LogRecorded)]


def test_the_file_has_everything_and_events_have_warnings(tmp_path: Path) -> None:
    events = EventRing()
    path = tmp_path / "deep" / "interlock.log"
    assert logs.configure(path, "info", events) == path
    log = logging.getLogger("somewhere")
    log.debug("too fine")
    log.info("ordinary")
    log.warning("odd: %s", 3)
    text = path.read_text()
    assert "INFO somewhere: ordinary" in text
    assert "WARNING somewhere: odd: 3" in text
    assert "too fine" not in text
    assert told(events) == [("warning", "odd: 3")]
    assert path.stat().st_mode & 0o077 == 0


def test_nothing_logs_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure(tmp_path / "x.log", "debug", EventRing())
    logging.getLogger("uvicorn.error").error("loud")
    logging.getLogger("any").critical("louder")
    warnings.warn("a deprecation", DeprecationWarning, stacklevel=1)
    thread = threading.Thread(target=lambda: 1 // 0)
    thread.start()
    thread.join()
    assert capfd.readouterr() == ("", "")
    assert "ZeroDivisionError" in (tmp_path / "x.log").read_text()


def test_secrets_reach_neither_file_nor_events(tmp_path: Path) -> None:
    events, path = EventRing(), tmp_path / "x.log"
    logs.configure(path, "info", events, ["tok3n-of-mine", ""])
    log = logging.getLogger("x")
    log.warning("sent %s and Bearer abc.def and x-api-key: sk-123 to http://me:pass@host/", "tok3n-of-mine")
    try:
        raise ValueError("tok3n-of-mine is wrong")
    except ValueError:
        log.exception("failed")
    everything = path.read_text() + str(told(events))
    for secret in ("tok3n-of-mine", "abc.def", "sk-123", "me:pass"):
        assert secret not in everything
    assert "ValueError: *** is wrong" in path.read_text()
    assert ("error", "failed (ValueError; the log has the details)") in told(events)


@pytest.mark.parametrize("kind", ["a file in the way", "a folder in its place"])
def test_a_log_that_cannot_be_written_is_one_warning(tmp_path: Path, kind: str) -> None:
    if kind == "a file in the way":
        (tmp_path / "state").write_text("")
        path = tmp_path / "state" / "interlock.log"
    else:
        path = tmp_path / "interlock.log"
        path.mkdir()
    events = EventRing()
    assert logs.configure(path, "info", events) is None
    logging.getLogger("x").info("goes nowhere")
    ((level, text),) = told(events)
    assert level == "warning"
    assert str(path) in text


def test_a_full_disk_is_one_warning(capfd: pytest.CaptureFixture[str]) -> None:
    events = EventRing()
    ring = logs.RingHandler(events, logs.MaskingFormatter([]))
    file = logs.LogFile.__new__(logs.LogFile)
    full = Path("/dev/full").open("w")  # noqa: SIM115 - the handler closes it
    logging.StreamHandler.__init__(file, full)
    file._ring, file._failed, file.baseFilename, file.maxBytes = ring, False, "/dev/full", 0  # type: ignore[attr-defined]
    log = logging.getLogger("full")
    log.addHandler(file)
    log.warning("x")
    log.warning("y")
    log.removeHandler(file)
    assert told(events) == [("warning", "the log file /dev/full cannot be written: No space left on device")]
    assert capfd.readouterr().err == ""


def test_the_level_follows_the_setting(tmp_path: Path) -> None:
    events = EventRing()
    logs.configure(tmp_path / "x.log", "info", events)
    events.publish(SettingChanged(at=0, name="PROXY_LOG_LEVEL", before="info", after="debug", by="console"))
    logging.getLogger("x").debug("now it is heard")
    logging.getLogger("httpx").info("still not")
    text = (tmp_path / "x.log").read_text()
    assert "now it is heard" in text
    assert "still not" not in text


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({"XDG_STATE_HOME": "/var/state"}, "/var/state/interlock/interlock.log"),
        ({"XDG_STATE_HOME": "relative"}, str(Path.home() / ".local/state/interlock/interlock.log")),
        ({}, str(Path.home() / ".local/state/interlock/interlock.log")),
    ],
)
def test_where_the_file_is(environment: dict[str, str], path: str) -> None:
    assert str(logs.default_path(environment)) == path


def test_a_traceback_shows_no_local_values() -> None:
    def fails() -> None:
        password = "hunter2 and more"
        raise ValueError(len(password))

    with pytest.raises(ValueError, match="16") as caught:
        fails()
    text = logs.traceback_without_locals(caught.value)
    assert "ValueError: 16" in text
    assert "in fails" in text
