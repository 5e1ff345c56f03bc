"""Texts of four kinds to count tokens of, the same on every machine with the same Python."""

from __future__ import annotations

import inspect
import json
import random
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODULE_NAMES = """
argparse ast asyncio.base_events bdb calendar cmd codecs configparser csv dataclasses datetime decimal difflib dis
doctest email.message enum fractions ftplib functools gettext glob gzip heapq http.client http.cookies imaplib
inspect ipaddress json.decoder locale logging mailbox mimetypes optparse pathlib pdb pickle pickletools plistlib
poplib pprint profile random reprlib sched selectors shelve shlex shutil smtplib socket socketserver sqlite3.dump
ssl statistics string subprocess tarfile tempfile textwrap threading timeit tokenize trace traceback types typing
unittest.case unittest.mock urllib.parse urllib.request uuid warnings wave weakref zipfile
"""
MODULES = MODULE_NAMES.split()

CHINESE = """这个函数读取配置文件，并把每一行转换成一个对象。如果文件不存在，程序会返回默认值，而不是抛出异常。
我们在昨天的会议上决定先修复登录页面的错误，然后再考虑新的功能。用户希望界面更简单，速度更快，内存占用更少。
数据库的连接数已经达到上限，所以新的请求必须等待。请检查日志，看看是否有长时间没有关闭的事务。
春天来了，山上的花都开了，孩子们在河边跑来跑去，老人坐在树下喝茶聊天。
测试没有通过，因为时区的处理有问题：服务器使用世界时，而客户端使用北京时间。
为了提高性能，我们把结果保存在缓存里，只有在源代码改变的时候才重新计算。
请把这段说明翻译成英文，并且保留其中的代码示例和变量名称。
天下大势，分久必合，合久必分。学而时习之，不亦说乎？有朋自远方来，不亦乐乎？"""

JAPANESE = """この関数は設定ファイルを読み込み、各行をオブジェクトに変換します。
ファイルが存在しない場合は既定値を返します。
昨日の会議では、まずログイン画面の不具合を直し、その後で新しい機能を検討することに決めました。
データベースの接続数が上限に達したため、新しい要求は待たなければなりません。ログを確認してください。
吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。
テストが失敗した原因は、サーバーとクライアントのタイムゾーンが異なることでした。
性能を上げるために、結果をキャッシュに保存し、ソースコードが変わったときだけ再計算します。"""

KOREAN = """이 함수는 설정 파일을 읽고 각 줄을 객체로 변환합니다. 파일이 없으면 예외를 던지는 대신 기본값을 반환합니다.
어제 회의에서 먼저 로그인 화면의 오류를 고치고 나서 새로운 기능을 검토하기로 했습니다.
데이터베이스 연결 수가 한도에 도달했기 때문에 새로운 요청은 기다려야 합니다. 로그를 확인해 주세요.
테스트가 실패한 이유는 서버와 클라이언트의 시간대가 서로 다르기 때문입니다.
성능을 높이기 위해 결과를 캐시에 저장하고 소스 코드가 바뀔 때만 다시 계산합니다."""


def code(seed: int) -> str:
    """A stretch of a module of the standard library, as a tool that reads files gives it."""
    chosen = random.Random(seed)
    lines = _source(MODULES[seed % len(MODULES)]).splitlines(keepends=True)
    length = chosen.randint(40, 220)
    begin = chosen.randrange(max(len(lines) - length, 1))
    return "".join(lines[begin : begin + length])


def prose(seed: int) -> str:
    """English sentences: what the standard library's modules say about themselves, cleaned of their layout."""
    chosen = random.Random(seed)
    found: list[str] = []
    while sum(map(len, found)) < chosen.randint(1500, 6000):
        found.append(chosen.choice(_paragraphs()))
    return "\n\n".join(found)


def data(seed: int) -> str:
    """JSON of the kinds that tools give back: listings, records with ids and times, nested settings."""
    chosen = random.Random(seed)
    makers: list[Callable[[random.Random], Any]] = [_record, _settings, _entry]
    maker = makers[seed % len(makers)]
    rows = [maker(chosen) for _ in range(chosen.randint(8, 40))]
    return json.dumps(rows, indent=chosen.choice([None, 2]))


def cjk(seed: int) -> str:
    """Sentences in Chinese, Japanese or Korean."""
    chosen = random.Random(seed)
    sentences = (CHINESE, JAPANESE, KOREAN)[seed % 3].splitlines()
    return "\n".join(chosen.choice(sentences) for _ in range(chosen.randint(12, 50)))


KINDS: dict[str, Callable[[int], str]] = {"prose": prose, "code": code, "JSON": data, "CJK": cjk}


def _source(module: str) -> str:
    place = Path(sysconfig.get_paths()["stdlib"]) / module.replace(".", "/")
    return (place.with_suffix(".py") if place.with_suffix(".py").exists() else place / "__init__.py").read_text("utf-8")


_PARAGRAPHS: list[str] = []


def _paragraphs() -> list[str]:
    if not _PARAGRAPHS:
        for module in MODULES:
            parts = _source(module).split('"""')
            for text in parts[1::2]:
                for paragraph in inspect.cleandoc(text).split("\n\n"):
                    words = " ".join(paragraph.split())
                    if len(words) > 150 and words[0].isupper() and ">>>" not in words:
                        _PARAGRAPHS.append(words)
    return _PARAGRAPHS


def _record(chosen: random.Random) -> dict[str, Any]:
    return {
        "id": f"{chosen.getrandbits(64):016x}",
        "created_at": f"2026-{chosen.randint(10, 12)}-{chosen.randint(10, 28)}T{chosen.randint(10, 23)}:14:09Z",
        "user": {"name": chosen.choice(["alice", "bob", "carol"]), "email": f"u{chosen.randint(1, 999)}@example.org"},
        "status": chosen.choice(["open", "closed", "merged"]),
        "amount": round(chosen.uniform(0, 1000), 2),
        "labels": chosen.sample(["bug", "docs", "performance", "help wanted", "good first issue"], 2),
    }


def _settings(chosen: random.Random) -> dict[str, Any]:
    name = chosen.choice(["timeout", "retries", "max_connections", "cache_size", "log_level", "base_url"])
    place = chosen.choice(["client", "server", "worker", "database"])
    return {
        "name": name,
        "type": chosen.choice(["string", "integer", "boolean", "array"]),
        "description": f"The {name.replace('_', ' ')} of the {place}.",
        "default": chosen.choice([None, True, 30, "info", []]),
        "required": chosen.random() < 0.5,
    }


def _entry(chosen: random.Random) -> dict[str, Any]:
    folder = chosen.choice(["src", "tests/unit", "docs/guide", "lib/core/utils"])
    function = chosen.choice(["read_file", "write_list", "parse_name", "merge_files"])
    return {
        "path": f"{folder}/{chosen.choice(MODULES).replace('.', '_')}_{chosen.randint(1, 99)}.py",
        "size": chosen.randint(100, 200_000),
        "mtime": chosen.randint(1_600_000_000, 1_790_000_000),
        "sha": f"{chosen.getrandbits(160):040x}",
        "line": chosen.randint(1, 2000),
        "match": f"def {function}(self):",
    }
