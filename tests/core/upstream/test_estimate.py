"""Token estimates: near the truth for every script, linear, and never of base64."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_core.upstream.estimate import estimate_text
from proxy_core.upstream.tokens import estimate

PROSE = (
    "The proxy reads each request whole, makes it into one that the model server understands and sends it on. While "
    "the server is busy with the prompt nothing comes back, so the client is told every few seconds that all is well."
)
PYTHON = '''def read_lines(path: str, limit: int = 2000) -> list[str]:
    """Return the first lines of a text file."""
    with open(path, encoding="utf-8") as handle:
        return [line.rstrip("\\n") for _, line in zip(range(limit), handle)]
'''
JSON = (
    '{"id":"call_41","type":"function","function":{"name":"read_file","arguments":'
    '"{\\"path\\": \\"src/main.rs\\", \\"offset\\": 120, \\"limit\\": 80}"}}'
)
NUMBERS = "2024-11-24 22:50:38,819533 10108 0x7f3a9c 127.0.0.1:18471 3.14159265 4096 8192 131072"
CHINESE = "机器学习是人工智能的一个分支,它使计算机能够从数据中学习。今天天气很好我们去公园散步吧。"
JAPANESE = "機械学習は人工知能の一分野であり、コンピュータがデータから学習できるようにします。"
KOREAN = "기계 학습은 컴퓨터가 데이터에서 학습할 수 있게 하는 인공지능의 한 분야입니다."
RUSSIAN = "Машинное обучение является разделом искусственного интеллекта, изучающим методы построения алгоритмов."
GERMAN = "Maschinelles Lernen ist ein Teilgebiet der künstlichen Intelligenz und verändert größere Arbeitsabläufe."


@pytest.mark.parametrize(
    ("text", "qwen", "o200k"),
    [
        (PROSE, 46, 46),
        (PYTHON, 64, 62),
        (JSON, 45, 41),
        (NUMBERS, 85, 53),
        (CHINESE, 25, 32),
        (JAPANESE, 26, 31),
        (KOREAN, 27, 24),
        (RUSSIAN, 30, 23),
        (GERMAN, 30, 21),
    ],
)
def test_estimates_lie_between_real_vocabularies(text, qwen, o200k):
    """The numbers are the true counts of Qwen 2.5 and of OpenAI's o200k."""
    assert estimate_text(text) == pytest.approx((qwen + o200k) / 2, rel=0.25)


@pytest.mark.parametrize("kind", ["plain", "0123456789", "{}[]();,", "naïve Größe", "日本語", "한국어", "🚀🔥"])
def test_an_estimate_is_linear_in_length(kind):
    once, often = estimate_text((kind + " ") * 10), estimate_text((kind + " ") * 10_000)
    assert often == pytest.approx(1000 * once)


@given(st.text(max_size=400), st.text(max_size=400))
def test_texts_add_up(first, second):
    """What lies between two texts is at most a word that they make one, or a capital after a small letter."""
    assert estimate_text(first + second) == pytest.approx(estimate_text(first) + estimate_text(second), abs=1.31)


@given(st.text())
def test_every_text_has_an_estimate(text):
    assert 0 <= estimate_text(text) <= 2.5 * len(text)


@pytest.mark.parametrize("text", ["", " ", "\t  "])
def test_nothing_costs_nothing(text):
    assert estimate_text(text) == 0


def test_lone_halves_of_surrogate_pairs_are_no_trouble():
    assert estimate_text("\ud83d broken") > 0


FRAME = estimate({"messages": [{"role": "user", "content": ""}]})


def cost(message, **more):
    """What a message costs beyond an empty one."""
    return estimate({"messages": [message], **more}) - FRAME


def test_a_message_costs_its_text():
    words = pytest.approx(estimate_text(PROSE), abs=1)
    assert cost({"role": "user", "content": PROSE}) == words
    assert cost({"role": "user", "content": [{"type": "text", "text": PROSE}]}) == words
    assert cost({"role": "assistant", "content": "", "reasoning_content": PROSE}) == words
    assert cost({"role": "assistant", "content": None}) == 0
    assert estimate({"messages": []}) < FRAME


def test_an_image_costs_the_same_whatever_its_size():
    small, large = (
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0K" * size}}
        for size in (1, 100_000)
    )
    one = cost({"role": "user", "content": [small]})
    assert 500 <= one <= 2000
    assert cost({"role": "user", "content": [large]}) == one
    assert cost({"role": "user", "content": [small, large]}) == 2 * one


def test_a_tool_call_costs_more_than_its_name_and_arguments():
    call = {"id": "c1", "type": "function", "function": {"name": "Read", "arguments": JSON}}
    framed = cost({"role": "assistant", "content": None, "tool_calls": [call]}) - estimate_text("Read " + JSON)
    assert 5 <= framed <= 20


def test_tools_cost_their_schemas():
    tool = {"type": "function", "function": {"name": "f", "description": PROSE, "parameters": {"type": "object"}}}
    nothing = {"role": "user", "content": ""}
    one, two = cost(nothing, tools=[tool]), cost(nothing, tools=[tool, {**tool}])
    assert one > two - one > estimate_text(PROSE)
    assert cost(nothing, tools=[]) == 0
