"""Care records from files and pipes: one bad line stops nobody, the same resident twice is refused, and memory does not grow."""
from __future__ import annotations

import io
import tracemalloc
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from adapter import wire
from adapter.faults import Refused
from adapter.records import stream as streams
from adapter.records.schema import example
from adapter.records.stream import Found, stream
from adapter.wire import Limits
from mappings.bag import CareRecord

HOME = Path(__file__).parent.parent / "fixtures" / "records" / "home.ndjson"
LINES = HOME.read_bytes().splitlines()
ONE, TWO, THREE = LINES
KEYS = ["resident-0001", "resident-0002", "resident-0003"]


class Pipe(io.BytesIO):
    """Standard input, as far as it matters."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: Any) -> int:
        raise OSError("a pipe")

    tell = seek


BOTH = pytest.mark.parametrize("open_", [io.BytesIO, Pipe], ids=["file", "pipe"])


def told(file: BinaryIO, **limits: Any) -> list[tuple[int, str]]:
    """(number, the resident's key or the rules broken) of each record."""
    return [(number, str(found.resident.key) if isinstance(found, CareRecord) else "+".join(sorted({f.rule for f in found.found})))
            for number, found, *_ in stream(file, **limits)]


def keyed(key: str, more: str = "") -> bytes:
    return f'{{"source": "https://home.example/records", "as_of": "2025-01-14T21:45:00Z", "resident": {{"key": "{key}"}}{more}}}'.encode()


SHAPES: dict[str, tuple[bytes, list[tuple[int, str]]]] = {
    "the fixture": (HOME.read_bytes(), list(zip((1, 2, 3), KEYS, strict=True))),
    "no line end at the end": (b"\n".join(LINES), list(zip((1, 2, 3), KEYS, strict=True))),
    "Windows": (b"\xef\xbb\xbf" + b"\r\n".join([ONE, b"", TWO, b"  ", THREE, b""]), list(zip((1, 3, 5), KEYS, strict=True))),
    "a document": (wire.dumps(example()).replace(b"{", b"{\n"), [(1, KEYS[0])]),
    "a document with a byte order mark": (b"\xef\xbb\xbf\n{\n" + TWO[1:], [(1, KEYS[1])]),
    "a list": (b"[\n" + b",\n".join(LINES) + b"\n]", list(zip((1, 2, 3), KEYS, strict=True))),
    "a list in one line": (b"[" + b",".join(LINES) + b"]", list(zip((1, 2, 3), KEYS, strict=True))),
    "an empty list": (b"[]", []),
    "nothing": (b"", []),
    "only line ends": (b"\n\n", []),
    "one bad line": (b"\n".join([ONE, b'{"a": 1}', b"{", b"}", b"x", TWO]), [
        (1, KEYS[0]), (2, "missing+unknown-field"), (3, "not-json"), (4, "not-an-object"), (5, "not-an-object"), (6, KEYS[1])]),
    "a bad first line": (b'{"source": \n' + TWO, [(1, "not-json"), (2, KEYS[1])]),
    "a bad document": (b'{\n "source": }', [(1, "not-json")]),
    "a document with a medicine a line": (b'{"source": "https://home.example/records", "as_of": "2025-01-14T21:45:00Z", "resident":\n'
                                          b'{"key": "a"}\n, "lists": [\n' + b"{},\n{},\n{}\n]}\n", [(1, "missing")]),
    "a document whose first line ends within a list": (
        keyed("a", ', "medicines": [')[:-1] + b'\n{"status": "active"}\n,{"status": "active"}\n]}\n', [(1, "missing")]),
    "two bad lines": (b'{"a": 1,}\n{"a": 1,}\n{', [(1, "not-json"), (2, "not-json"), (3, "not-json")]),
    "a list with bad ones": (b"[" + ONE + b', {"a": 1}, 5, null]', [
        (1, KEYS[0]), (2, "missing+unknown-field"), (3, "wrong-type"), (4, "wrong-type")]),
    "a bad list": (b"[" + ONE + b",]", [(1, "not-json")]),
    "utf-16": (TWO.decode().encode("utf-16"), [(1, "bad-utf-8")]),
    "utf-16 without a mark": ((TWO + b"\n" + TWO).decode().encode("utf-16-le"), [(1, "bad-utf-8")]),
    "no text at all": (b"\x7fELF\0\0\n\0\n\xff\n", [(1, "bad-utf-8")]),
    "windows-1252": (keyed("\u00f6").decode().encode("cp1252") + b"\n" + TWO, [(1, "bad-utf-8"), (2, KEYS[1])]),
}


@BOTH
@pytest.mark.parametrize(("data", "expected"), SHAPES.values(), ids=SHAPES.keys())
def test_read(data: bytes, expected: list[tuple[int, str]], open_: type[io.BytesIO]) -> None:
    assert told(open_(data)) == expected


def test_faults_have_the_line_of_the_file() -> None:
    (_, first, *_), (_, second, *_) = stream(io.BytesIO(TWO + b"\n\n" + keyed("x", ', "allergies": []')))
    assert isinstance(first, CareRecord)
    assert isinstance(second, Refused)
    assert [(f.line, f.path, f.rule) for f in second.found] == [(3, "allergies", "empty-list")]
    (_, listed) = stream(io.BytesIO(b"[\n" + TWO + b",\n" + keyed("x", ', "allergies": []') + b"]"))
    assert isinstance(listed.record, Refused)
    assert [(f.line, f.path, f.rule) for f in listed.record.found] == [(3, "[1].allergies", "empty-list")]


def places(found: Found, paths: list[str]) -> dict[str, tuple[int | None, int | None]]:
    return {path: (place.line, place.column) for path, place in found.source.places(paths).items()}


def test_a_finding_has_the_place_of_its_field() -> None:
    """Which is looked up after the record was read; what is missing is where it would stand."""
    paths = ["resident.key", "stays[1].period.end", "stays[0].period.end", "allergies", "as_of"]
    text = b"""{
      "source": "https://home.example/records", "as_of": "2025-01-14T21:45:00Z",
      "resident": {"key": "x"}, "stays": [
        {"status": "finished", "encounter_class": "inpatient", "period": {
          "start": "2025-01-01"}},
        {"period": {"start": "2025-01-01",
          "end": "2024-01-01"}, "status": "finished", "encounter_class": "inpatient"}]}"""
    expected = {"resident.key": (3, 20), "stays[1].period.end": (7, 11), "stays[0].period.end": (4, 64),
                "allergies": (1, 1), "as_of": (2, 49)}
    (document,) = stream(io.BytesIO(b"\xef\xbb\xbf" + text))
    assert places(document, paths) == expected
    *_, line = stream(io.BytesIO(TWO + b"\n\n" + text.replace(b"\n", b" ")))
    assert {line for line, _ in places(line, paths).values()} == {3}
    *_, listed = stream(io.BytesIO(b"[" + TWO + b",\n" + text + b"]"))
    assert places(listed, paths) == {path: (line + 1, column) for path, (line, column) in expected.items()}
    assert listed.source.places([]) == {}


def test_a_resident_twice_in_a_list_has_a_place() -> None:
    _, (_, second, *_) = stream(io.BytesIO(b"[" + TWO + b",\n" + TWO + b"]"))
    assert isinstance(second, Refused)
    ((path, line),) = [(f.path, f.line) for f in second.found]
    assert (path, line) == ("[1].resident.key", 2)


# ---- the same resident twice -------------------------------------------------------------------------------------------------------
TWICE = b"\n".join([keyed("a"), keyed("b"), keyed("a"), b"{}", keyed("c"), keyed("a")])
SAME = "same-resident"


def test_in_a_file_each_of_them_is_refused_and_the_others_are_named() -> None:
    assert told(io.BytesIO(TWICE)) == [(1, SAME), (2, "b"), (3, SAME), (4, "missing"), (5, "c"), (6, SAME)]
    says = [found.found[0].says for _, found, *_ in stream(io.BytesIO(TWICE)) if isinstance(found, Refused) and found.found[0].rule == SAME]
    assert says[1] == "is the same resident as line 1 and 6: two rows with one key"


def test_in_a_pipe_the_first_has_gone_by() -> None:
    assert told(Pipe(TWICE)) == [(1, "a"), (2, "b"), (3, SAME), (4, "missing"), (5, "c"), (6, SAME)]
    (*_, (_, last, *_)) = stream(Pipe(TWICE))
    assert isinstance(last, Refused)
    assert last.found[0].says.startswith("is the same resident as line 1, which has gone by already")


def test_in_a_list_each_of_them_is_refused() -> None:
    assert told(io.BytesIO(b"[" + TWICE.replace(b"\n", b",") + b"]")) == told(io.BytesIO(TWICE))


def test_the_same_key_of_another_home_is_another_resident() -> None:
    assert told(io.BytesIO(keyed("a") + b"\n" + keyed("a").replace(b"home", b"oak"))) == [(1, "a"), (2, "a")]


def test_like_fingerprints_are_not_the_same_resident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_fingerprint", lambda person: 7)
    assert told(io.BytesIO(TWICE)) == [(1, SAME), (2, "b"), (3, SAME), (4, "missing"), (5, "c"), (6, SAME)]


def test_a_file_is_read_from_where_it_stands() -> None:
    file = io.BytesIO(keyed("a") + b"\n" + keyed("b") + b"\n" + keyed("c"))
    file.readline()
    assert told(file) == [(1, "b"), (2, "c")]


# ---- limits ------------------------------------------------------------------------------------------------------------------------
class Endless(io.RawIOBase):
    """A pipe whose second line is enormous, and is made as it is read."""

    def __init__(self, size: int) -> None:
        self.left, self.lines = size, [keyed("a") + b"\n", b"", keyed("b") + b"\n", b""]

    def readline(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0, "a line is never read as a whole"
        if len(self.lines) != 3 or self.left < size:
            return self.lines.pop(0) or (b"x\n" if len(self.lines) == 2 else b"")
        self.left -= size
        return b"x" * size

    def seekable(self) -> bool:
        return False


def test_a_line_that_is_too_long_is_refused_without_being_held() -> None:
    tracemalloc.start()
    assert told(Endless(64 << 20), line=Limits(size=1 << 16)) == [(1, "a"), (2, "too-large"), (3, "b")]  # type: ignore[arg-type]
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


@BOTH
def test_limits_of_lines_and_documents(open_: type[io.BytesIO]) -> None:
    long = keyed("a", " " * 1000)
    assert told(open_(TWO + b"\n" + long + b"\n" + THREE), line=Limits(size=1000)) == [(1, KEYS[1]), (2, "too-large"), (3, KEYS[2])]
    assert told(open_(long), line=Limits(size=len(long))) == [(1, "a")]
    assert told(open_(long), line=Limits(size=len(long) - 1)) == [(1, "too-large")]
    assert told(open_(b"[" + long + b"]"), document=Limits(size=len(long) + 2)) == [(1, "a")]
    assert told(open_(b"[" + long + b"]"), document=Limits(size=len(long) + 1)) == [(1, "too-large")]


def test_a_bomb_in_a_line_is_refused_by_name() -> None:
    deep = b'{"source": ' + b"[" * 100_000
    assert told(io.BytesIO(TWO + b"\n" + deep + b"\n" + THREE)) == [(1, KEYS[1]), (2, "too-deep"), (3, KEYS[2])]


def test_memory_does_not_grow_with_the_number_of_lines() -> None:
    def peak(lines: int) -> int:
        file = io.BytesIO(b"\n".join(keyed(f"resident-{i}") for i in range(lines)))
        tracemalloc.start()
        assert sum(isinstance(found, CareRecord) for _, found, *_ in stream(file)) == lines
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held

    assert peak(20_000) - peak(2_000) < 18_000 * 200, "a fingerprint, not a text, for each resident"
