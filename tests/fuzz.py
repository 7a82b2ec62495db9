"""Bytes as they should not be: cut, flipped, repeated, nested without end; a time within which everything must answer; and the canary.

The canary is a word that stands in every text of a record that may be any text. Whatever is said about the record must not hold it.
"""
from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from adapter.faults import Refused
from adapter.records.stream import care_records
from mappings.bag import findings
from tests.mutate import Json, Steps, nodes

CANARY = "Quetzalcoatl"
PATIENCE = 10  # seconds; a hang is one that nobody waits for, and the machine may be busy


@contextmanager
def within(seconds: int = PATIENCE) -> Iterator[None]:
    """Whatever takes longer is stopped, wherever it is, and the test fails."""

    def stop(*_: Any) -> None:
        raise AssertionError(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# ---- the canary -------------------------------------------------------------------------------------------------------------------
def with_canaries(record: dict[str, Json]) -> dict[str, Json]:
    """The care record with the canary in place of every text that may be anything. The same text gets the same canary: keys stay keys."""
    for said in sorted({value for _, value in nodes(record) if isinstance(value, str)}):
        changed = replaced(record, said, f"{CANARY} {len(said)}-{sum(said.encode()) % 997}")
        if may_travel(changed):
            record = changed
    return record


def replaced(value: Json, old: str, new: str) -> Json:
    if isinstance(value, dict):
        return {key: replaced(inner, old, new) for key, inner in value.items()}
    return [replaced(inner, old, new) for inner in value] if isinstance(value, list) else new if value == old else value


def may_travel(record: dict[str, Json]) -> bool:
    try:
        return all(finding.level == "warning" for finding in findings(care_records().decode(record)))
    except Refused:
        return False


# ---- damage ---------------------------------------------------------------------------------------------------------------------------
TOKENS = (
    b"", b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b'"":', b'"a":1,', b"{}", b"[]", b"null", b"true", b"NaN", b"-Infinity",
    b"1e999999999", b"-", b"0.", b"00", b"9" * 5000, b"\n", b"\r\n", b"\x00", b"\x1f", b"\xff", b"\xed\xa0\x80", b"\xc3",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\\ud83d", b"\\u0000", b"\\u005", b"//", b"/*", b"'", b"[" * 70, b'{"a":' * 70,
    b"<xml>", b"\xe2\x80\xa8", f'"{CANARY}"'.encode(),
    f'"{CANARY}":'.encode())


def cut(rnd: Random, data: bytes) -> bytes:
    return data[:rnd.randrange(len(data) + 1)]


def behead(rnd: Random, data: bytes) -> bytes:
    return data[rnd.randrange(len(data) + 1):]


def flip(rnd: Random, data: bytes) -> bytes:
    place = rnd.randrange(len(data) + 1)
    return data[:place] + bytes(b ^ 1 << rnd.randrange(8) for b in data[place:place + 1]) + data[place + 1:]


def insert(rnd: Random, data: bytes) -> bytes:
    place = rnd.randrange(len(data) + 1)
    return data[:place] + rnd.choice(TOKENS) + data[place + rnd.choice([0, 0, 1, 5]):]


def drop(rnd: Random, data: bytes) -> bytes:
    start, length = rnd.randrange(len(data) + 1), rnd.choice([1, 2, 10, 200])
    return data[:start] + data[start + length:]


def again(rnd: Random, data: bytes) -> bytes:
    start, length, place = rnd.randrange(len(data) + 1), rnd.choice([1, 10, 300]), rnd.randrange(len(data) + 1)
    return data[:place] + data[start:start + length] * rnd.choice([1, 1, 3]) + data[place:]


def scramble(rnd: Random, data: bytes) -> bytes:
    a, b = sorted((rnd.randrange(len(data) + 1), rnd.randrange(len(data) + 1)))
    return data[b:] + data[a:b] + data[:a]


DAMAGES: dict[str, Callable[[Random, bytes], bytes]] = {
    damage.__name__: damage for damage in (cut, behead, flip, insert, drop, again, scramble)}
USUAL = ("cut", "flip", "flip", "insert", "insert", "insert", "drop", "again", "behead", "scramble")


def damaged(data: bytes, steps: Steps) -> bytes:
    for name, number in steps:
        data = DAMAGES[name](Random(number), data)  # noqa: S311 - not for secrets
    return data


def as_bytes(value: Json) -> bytes:
    """JSON as others write it: also what our own writer would refuse, such as half a character."""
    return json.dumps(value, default=float).encode()


# ---- bombs ----------------------------------------------------------------------------------------------------------------------------
BOMBS: dict[str, Callable[[], bytes]] = {
    "a million lists": lambda: b'{"a":' + b"[" * 1_000_000,
    "a million objects": lambda: b'{"a":' * 1_000_000,
    "a million lists, closed": lambda: b'{"a":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}",
    "three hundred thousand texts": lambda: b'{"a":[' + b'"x",' * 300_000 + b"1]}",
    "a hundred and fifty thousand names": lambda: b"{" + b",".join(b'"n%d":1' % i for i in range(150_000)) + b"}",
    "one name a million times": lambda: b"{" + b'"a":1,' * 500_000 + b'"a":1}',
    "a text that does not end": lambda: b'{"a":"' + b"x" * 5_000_000,
    "backslashes": lambda: b'{"a":"' + b"\\" * 3_000_001 + b'"}',
    "escaped quotes": lambda: b'{"a":"' + b'\\"' * 2_000_000 + b"}",
    "quotes": lambda: b'"' * 2_000_000,
    "colons, escaped": lambda: b'{"a":"' + b"\\u003a" * 500_000 + b'","a":1}',
    "digits": lambda: b'{"a":' + b"9" * 2_000_000 + b"}",
    "an exponent": lambda: b'{"a":1e' + b"9" * 1_000_000 + b"}",
    "decimals": lambda: b'{"a":0.' + b"1" * 2_000_000 + b"}",
    "spaces": lambda: b"{" + b" " * 5_000_000 + b"}",
    "empty lines": lambda: b"\n" * 1_000_000,
    "commas": lambda: b"{" + b"," * 2_000_000 + b"}",
    "nothing but zero": lambda: b"\x00" * 3_000_000,
    "half characters": lambda: b'{"a":"' + b"\\ud83d" * 500_000 + b'"}',
    "many thousand fields that are none": lambda: (
        b'{"resident":{' + b",".join(b'"birth_dat%d":1' % i for i in range(50_000)) + b"}}"),
    "many thousand medicines that are none": lambda: b'{"medicines":[' + b",".join([b"{}"] * 20_000) + b"]}",
    "many thousand lines that are none": lambda: b"{}\n" * 20_000,
}
