"""Whose request it is, by what real clients send."""

import orjson
import pytest

from proxy_core.sessions.identity import client_of, identify, short

UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER = "9b2d61e4-1111-4222-8333-444455556666"
METADATA = {"user_id": orjson.dumps({"device_id": "d" * 64, "account_uuid": "", "session_id": UUID}).decode()}
OLD_METADATA = {"user_id": f"user_{'a' * 64}_account__session_{UUID}"}
CLAUDE = {"user-agent": "claude-cli/2.1.197 (external, sdk-cli)"}


def ask(*texts, **more):
    return {"messages": [{"role": "user", "content": text} for text in texts], **more}


@pytest.mark.parametrize(
    ("headers", "body", "session", "source"),
    [
        ({"x-claude-code-session-id": UUID}, ask("hi"), UUID, "claude-code header"),
        ({"x-claude-code-session-id": UUID}, ask("hi", metadata={"user_id": "u"}), UUID, "claude-code header"),
        ({}, ask("hi", metadata=METADATA), UUID, "metadata"),
        ({}, ask("hi", metadata=OLD_METADATA), UUID, "metadata (old form)"),
        ({"x-session-id": "ses_1"}, ask("hi", metadata=METADATA), UUID, "metadata"),
        ({"x-session-id": "ses_1", "x-session-affinity": "ses_2"}, ask("hi"), "ses_1", "session header"),
        ({"x-session-affinity": "ses_2"}, ask("hi"), "ses_2", "session header"),
        ({"x-session-id": "  "}, ask("hi", metadata={"user_id": "{broken"}), None, "first message"),
        ({}, ask("hi", metadata={"user_id": "[1]"}), None, "first message"),
        ({}, ask("hi", metadata={"user_id": '{"session_id": 5}'}), None, "first message"),
        ({}, ask("hi", metadata="none"), None, "first message"),
        ({}, {}, None, "first message"),
        ({}, {"messages": [None, 5, {"role": "user", "content": [None, {"text": 5}]}]}, None, "first message"),
    ],
)
def test_session_is_found_by_the_first_rule_that_applies(headers, body, session, source):
    identity = identify(headers, body)
    assert identity.source == source
    assert session is None or identity.session == session
    assert identity.session


def test_sub_agents_live_under_their_session():
    headers = {"x-claude-code-session-id": UUID}
    main = identify(headers, ask("hi"))
    sub = identify({**headers, "x-claude-code-agent-id": "a1b2"}, ask("other words"))
    nested = identify(
        {**headers, "x-claude-code-agent-id": "c3", "x-claude-code-parent-agent-id": "a1b2"}, ask("other words")
    )
    assert (main.session, main.agent, main.key) == (UUID, "", UUID)
    assert (sub.session, sub.agent, sub.key) == (UUID, "a1b2", f"{UUID}/a1b2")
    assert (nested.agent, nested.parent_agent) == ("c3", "a1b2")


def test_a_derived_session_stays_while_the_conversation_grows():
    first = [{"role": "user", "content": "fix the parser"}]
    later = [*first, {"role": "assistant", "content": "done"}, {"role": "user", "content": "thanks"}]
    assert identify(CLAUDE, {"messages": first}) == identify(CLAUDE, {"messages": later})


def test_a_derived_session_ignores_billing_line_system_prompt_and_reminders():
    def body(cch, reminder):
        system = [{"type": "text", "text": f"x-anthropic-billing-header: cc_version=2.1.197; cch={cch};"}]
        blocks = [
            {"type": "text", "text": f"<system-reminder>{reminder}</system-reminder>"},
            {"type": "text", "text": "fix the parser", "cache_control": {"type": "ephemeral"}},
        ]
        return {"system": system, "messages": [{"role": "user", "content": blocks}]}

    assert identify(CLAUDE, body("aa1", "today is Monday")) == identify(CLAUDE, body("bb2", "today is Tuesday"))


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (CLAUDE, ask("another task")),
        ({"user-agent": "curl/8.5.0"}, ask("fix the parser")),
        (CLAUDE, ask("fix the parser", metadata={"user_id": "somebody"})),
    ],
)
def test_derived_sessions_differ_by_words_program_and_user(headers, body):
    assert identify(headers, body).session != identify(CLAUDE, ask("fix the parser")).session


@pytest.mark.parametrize("wild", ["a b", "x" * 500, "tab\there", "naïve", "\x1b[31mred"])
def test_ids_that_are_long_or_not_plain_are_kept_as_a_digest(wild):
    identity = identify({"x-claude-code-session-id": wild, "x-claude-code-agent-id": wild}, {})
    assert identity.session == identity.agent
    assert identity.session.isascii()
    assert identity.session.isprintable()
    assert len(identity.session) < 30
    assert identity.session != identify({"x-claude-code-session-id": wild + "!"}, {}).session


@pytest.mark.parametrize(
    ("user_agent", "client", "version"),
    [
        ("claude-cli/2.1.197 (external, sdk-cli)", "claude-code", "2.1.197"),
        ("claude-code/2.1.197", "claude-code", "2.1.197"),
        ("Anthropic/Python 2.12.0", "anthropic-sdk-python", "2.12.0"),
        ("AsyncAnthropic/Python 2.12.0", "anthropic-sdk-python", "2.12.0"),
        ("Anthropic/JS 1.12.0", "anthropic-sdk-ts", "1.12.0"),
        ("opencode/1.18.33 ai-sdk/provider-utils/3.0.9 runtime/bun/1.3", "opencode", "1.18.33"),
        ("curl/8.5.0", "curl", "8.5.0"),
        ("python-httpx/0.28.1", "python-httpx", "0.28.1"),
        ("MyAgent", "myagent", ""),
        ("((", "unknown", ""),
        ("", "unknown", ""),
    ],
)
def test_the_client_program_is_read_from_its_user_agent(user_agent, client, version):
    assert client_of(user_agent) == (client, version)


def test_short_names_are_for_people():
    assert short(UUID) == "0f8fad"
    assert short("ses_4a9f0c1b2ffeKJhgf12Q") == "hgf12Q"
    assert short("first-0123456789abcdef") == "abcdef"
    assert short("a1") == "a1"
    assert short("--") == ""
    assert short(UUID) != short(OTHER)
