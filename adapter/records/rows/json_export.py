"""A JSON export, open: one document with a list of residents in it, or NDJSON with one resident a line."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from adapter import wire
from adapter.faults import Fault, Refused
from adapter.records.rows.cleaned import cleaned, ordinals
from adapter.records.rows.files import unreadable
from adapter.records.rows.hanging import Hanging, names
from adapter.records.rows.lines import lines_of
from adapter.records.rows.row import TOP, Node, OneFile, Place, Settings, Steps
from adapter.records.rows.spots import Document, Line, Spots
from adapter.wire import Limits

DOCUMENT = Limits(size=256 << 20)
LINE = Limits(size=16 << 20)


@dataclass(frozen=True)
class JsonRows:
    """`value` as it stands in the text, `document` what it stands in; `spots` knows where."""

    number: int
    tree: Node
    top: Node
    faults: tuple[Fault, ...]
    value: Any
    document: Any
    hanging: Hanging
    spots: Spots
    orphaned: frozenset[str] = frozenset()      # rows stand in the resident they belong to

    def place(self, steps: Steps) -> Place:
        home = self.hanging.home(self.tree, steps)
        if home[:1] == (TOP,):
            return Place("", *self.spots.top(tuple(ordinals(self.document, home[1:]))), "/".join(map(str, home[1:])))
        name = "/".join(map(str, steps))
        if self.value is None:      # a line that could not be read
            return Place("", self.number, None, name)
        return Place("", *self.spots.resident(self.number - 1, tuple(ordinals(self.value, home))), name)


class JsonExport(OneFile):
    """One document, held in memory."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path, self.says, steps = path, ("read as UTF-8",), names(settings.residents)
        self.document = _document(path, bool(steps))
        self.people = _people(self.document, steps, settings.residents)
        self.spots = Document(path, tuple(ordinals(self.document, steps)))
        self.top = cleaned(_without(self.document, steps)) or Node()
        self.hanging = Hanging(settings.lookups, self.top)

    def __iter__(self) -> Iterator[JsonRows]:
        for i, value in enumerate(self.people):
            yield self._resident(i + 1, value)

    def _resident(self, number: int, value: Any) -> JsonRows:
        said, faults = cleaned(value), tuple[Fault, ...]()
        if isinstance(value, dict):
            tree = said or Node()
            faults = tuple(self.hanging.hang(tree))
        else:
            tree = Node({} if said is None else {".": said})
            faults = (Fault("not-an-object", "expected an object for each resident", "", *self.spots.resident(number - 1, ())),)
        return JsonRows(number, tree, self.top, faults, value, self.document, self.hanging, self.spots)


class NdjsonExport(OneFile):
    """One resident a line. A line that cannot be read is the only one that is refused."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path, self.says, self.top, self.hanging = path, ("read as UTF-8",), Node(), Hanging((), Node())
        try:
            self.file: BinaryIO = path.open("rb")
        except OSError as error:
            raise unreadable(error) from None

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def __iter__(self) -> Iterator[JsonRows]:
        self.file.seek(0)
        for number, line in lines_of(self.file, LINE.size):
            try:
                value = wire.loads(line, LINE, number)
            except Refused as refused:
                yield JsonRows(number, Node(line=number), self.top, refused.found, None, None, self.hanging, Line(line, number))
                continue
            yield JsonRows(number, cleaned(value) or Node(), self.top, (), value, value, self.hanging, Line(line, number))


def _document(path: Path, is_object: bool) -> Any:
    """An object; or a list, if the document itself may be the list of residents."""
    try:
        with path.open("rb") as file:
            data = file.read(DOCUMENT.size + 1)
    except OSError as error:
        raise unreadable(error) from None
    is_list = not is_object and data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
    return wire.loads_list(data, DOCUMENT) if is_list else wire.loads(data, DOCUMENT)


def _people(document: Any, steps: list[str], path: str) -> list[Any]:
    value = document
    for name in steps:
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        raise Refused([Fault("no-residents", "nothing stands there, and the layout says that the residents do: check residents in [export]",
                             "export.residents", name=path)])
    return value if isinstance(value, list) else [value]


def _without(document: Any, steps: list[str]) -> Any:
    """The document but for the list of residents."""
    if not steps:
        return {}
    inner = _without(document[steps[0]], steps[1:]) if steps[1:] else None
    return document | {steps[0]: inner}
