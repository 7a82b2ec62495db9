"""Where things stand in JSON text: line and column of every member, and of the first fault. Slow and exact; used when something is wrong.

A place is found by *ordinals*: (2, 0) is the first element of the third member of the outermost object. Names are never carried about,
because a name in somebody's file may itself be about a patient.
"""
from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from itertools import takewhile

from adapter.faults import Fault

Steps = tuple[int, ...]
Place = tuple[Steps, int, int]  # ordinals, where its name begins (or its value, if it has none), where its value begins

SPACE = re.compile(r"[ \t\r\n]*+")
STRING = re.compile(r'"((?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+)"')
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?([eE][+-]?[0-9]++)?(?![0-9A-Za-z.+-])")
NOT_NUMBER = re.compile(r"[+-]?(?:nan|inf(?:inity)?)(?![0-9A-Za-z])", re.IGNORECASE)
WORD = re.compile(r"(?:true|false|null)(?![0-9A-Za-z])")
SURROGATE = re.compile("[\ud800-\udfff]")
CUT = "ends here, in the middle of a record: the file is not whole"
INTEGER_DIGITS = 4300  # Python reads no longer integer


class Stop(Exception):
    """Here the text stops being JSON."""

    def __init__(self, rule: str, says: str, offset: int) -> None:
        self.rule, self.says, self.offset = rule, says, offset


class Walk:
    """One pass over one JSON text, an object or a list. Raises Stop at the first fault."""

    def __init__(self, text: str, depth: int, start: str = "{[") -> None:
        self.text, self.depth, self.start, self.at = text, depth, start, 0
        self.path: list[str | int] = []  # where the walk is; names as they stand in the text

    def document(self) -> Iterator[Place]:
        self.skip()
        if self.at == len(self.text):
            raise Stop("empty", "nothing is here: expected one JSON object", self.at)
        if self.text[self.at] not in self.start:
            what = "a JSON list, beginning with [" if self.start == "[" else "one JSON object, beginning with {"
            raise Stop("not-an-object", f"expected {what}", self.at)
        yield from self.value((), self.at)
        if self.skip() < len(self.text):
            raise Stop("not-json", "something follows the end: expected one record, one a line, or a list of them in [ ]", self.at)

    def skip(self) -> int:
        self.at = SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]  # it matches everywhere
        return self.at

    def take(self, mark: str) -> bool:
        self.skip()
        if not self.text.startswith(mark, self.at):
            return False
        self.at += 1
        return True

    def value(self, steps: Steps, name_at: int) -> Iterator[Place]:
        yield steps, name_at, self.at
        mark = self.text[self.at:self.at + 1]
        if mark in ("{", "[") and len(steps) >= self.depth:
            raise Stop("too-deep", f"objects and lists are nested more than {self.depth} deep", self.at)
        if mark == "{":
            yield from self.members(steps)
        elif mark == "[":
            yield from self.elements(steps)
        elif mark == '"':
            self.string()
        else:
            self.scalar()

    def members(self, steps: Steps) -> Iterator[Place]:
        names: set[str] = set()
        self.at += 1
        while not (not names and self.take("}")):
            name_at = self.skip()
            name = self.string("expected the name of a member, in double quotes")
            self.path.append(name)
            if name in names:
                raise Stop("duplicate-key", "this name stands twice in one object; which of the two is meant cannot be known", name_at)
            names.add(name)
            if not self.take(":"):
                raise Stop("not-json", "expected a colon after the name of a member", self.at)
            self.skip()
            yield from self.value((*steps, len(names) - 1), name_at)
            self.path.pop()
            if self.closes("}"):
                return

    def elements(self, steps: Steps) -> Iterator[Place]:
        count = 0
        self.at += 1
        while not (not count and self.take("]")):
            self.path.append(count)
            yield from self.value((*steps, count), self.skip())
            self.path.pop()
            count += 1
            if self.closes("]"):
                return

    def closes(self, mark: str) -> bool:
        if self.take(mark):
            return True
        if not self.take(","):
            raise Stop("not-json", f"expected a comma or {mark}", self.at)
        return False

    def string(self, expected: str = "a text is not closed, or holds a raw line break, or \\ before a wrong letter") -> str:
        found = STRING.match(self.text, self.at)
        if not found:
            raise Stop("not-json", expected, self.at)
        said: str = json.loads(found[0]) if "\\" in found[1] else found[1]
        if SURROGATE.search(said):
            raise Stop("lone-surrogate", "a text holds half of a character (\\ud800 to \\udfff without its partner)", self.at)
        self.at = found.end()
        return said

    def scalar(self) -> None:
        if number := NUMBER.match(self.text, self.at):
            self.representable(number)
        elif NOT_NUMBER.match(self.text, self.at):
            raise Stop("not-a-number", "NaN and Infinity are not JSON; leave the member out if the number is not known", self.at)
        elif not WORD.match(self.text, self.at):
            raise Stop("not-json", "expected a JSON value", self.at)
        self.at = (number or WORD.match(self.text, self.at)).end()  # type: ignore[union-attr]  # one of them has matched

    def representable(self, number: re.Match[str]) -> None:
        try:
            fine = bool(Decimal(number[0]).is_finite() if number[1] or number[2] else len(number[0]) <= INTEGER_DIGITS)
        except InvalidOperation:
            fine = False
        if not fine:
            raise Stop("number-out-of-range", "a number is too large or too small to be meant", self.at)


def fault(text: str, depth: int, line: int = 1, start: str = "{", known: Container[str] = ()) -> Fault | None:
    """The first thing that keeps this text from being one JSON object, or None. `line` is the number of its first line.
    Its path is told as far as the names in it are `known` ones: any other may itself be about a patient."""
    walk = Walk(text, depth, start)
    try:
        for _ in walk.document():
            pass
    except Stop as stop:
        says = CUT if stop.rule == "not-json" and _cut(text, stop.offset) else stop.says
        path = "" if stop.rule == "too-deep" else _told(walk.path, known)
        return Fault(stop.rule, says, path, *position(text, stop.offset, line))
    return None


def _told(path: Iterable[str | int], known: Container[str]) -> str:
    told = ""
    for step in takewhile(lambda step: step.__class__ is int or step in known, path):
        told += f"[{step}]" if step.__class__ is int else f".{step}"
    return told.lstrip(".")


def _cut(text: str, offset: int) -> bool:
    """Is there nothing more, or a text that is never closed?"""
    return not text[offset:].strip() or text[offset] == '"' and '"' not in text[offset + 1:] and "\n" not in text[offset + 1:].strip()


def locate(text: str, wanted: Iterable[Steps], depth: int, line: int = 1) -> dict[Steps, tuple[int, int]]:
    """Line and column where the named member, or the element, begins."""
    left, found = set(wanted), dict[Steps, tuple[int, int]]()
    counted = start = 0  # how far lines are counted, and where the last of them starts: each is counted once, however many are wanted
    for steps, name_at, _ in Walk(text, depth).document() if left else ():
        if steps in left:
            line, start = line + text.count("\n", counted, name_at), text.rfind("\n", counted, name_at) + 1 or start
            counted, found[steps] = name_at, (line, name_at - start + 1)
    return found


def position(text: str, offset: int, line: int = 1) -> tuple[int, int]:
    return line + text.count("\n", 0, offset), offset - text.rfind("\n", 0, offset)
