"""Reading a layout file: everything that is wrong with it is told at once, with its line."""
from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path as File
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapter.faults import Fault, Refused
from adapter.records.kinds import Kind, Many, OneOf, Text, Word
from adapter.records.layout import files, toml
from adapter.records.layout.blocks import Ignored
from adapter.records.layout.columns import with_columns
from adapter.records.layout.compiler import Compiler
from adapter.records.layout.elements import Elements
from adapter.records.layout.fields import absolute, entries
from adapter.records.layout.forms import Dates
from adapter.records.layout.layout import Layout
from adapter.records.layout.leaf import Leaf
from adapter.records.layout.leaves import Place, many
from adapter.records.layout.leftout import left_out
from adapter.records.layout.module import Functions
from adapter.records.layout.nodes import Constant, Fields
from adapter.records.layout.options import Options, perhaps
from adapter.records.layout.paths import is_path, parse
from adapter.records.layout.states import LISTED, Listed
from adapter.records.layout.toml import Document
from adapter.records.stream import care_records
from mappings.bag import PERSONAL

SECTIONS = ("export", "files", "lookups", "tables", "absence", "states", "ignored", "ignored_rows")
ABSENT = ("entered-in-error", "unknown")
STOPPED = ("stopped", *ABSENT)


def load(path: File) -> Layout:
    """Raises Refused with file, line and layout path of everything that is wrong."""
    try:
        data = path.read_bytes()
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise Refused([Fault("layout", f"cannot be read ({why}): name the layout's file", file=path.name)]) from None
    document = toml.read(path.name, data)
    layout = build(document, path.parent)
    if document.faults:
        raise Refused(sorted(document.faults, key=lambda f: f.line or 0))
    return layout


def build(document: Document, folder: File) -> Layout:
    settings = files.settings(document)
    export = Options(document, ("export",))
    compiler = Compiler(document, settings, _zone(export), frozenset(export.texts("nothing")), Functions(export, folder), _tables(document))
    compiler.ignored = _ignored_rows(document, compiler)
    raw = {name: value for name, value in document.values.items() if name not in SECTIONS}
    root = compiler.fields(raw, care_records().kind, Place(()), spare=SECTIONS)
    _states(document, compiler, root)
    _both(document, root)
    cut = [entry.path for entry in entries(root) if is_cut(entry.node)]
    says = tuple(f"{path}: a time is cut to its date, because the layout names no zone" for path in cut)
    if settings.format == "csv" and not document.faults:
        settings = with_columns(settings, root, compiler.ignored)
        settings = replace(settings, left_out=partial(left_out, compiler.ignored) if compiler.ignored else None)
    return Layout(document.name, export.text("vendor"), settings, root, _absence(document),
                  _ignored(document), compiler.ignored, compiler.nothing, says)


def _zone(export: Options) -> ZoneInfo | None:
    name = export.text("zone")
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        export.no(("zone",), "is no time zone: it is named as in the IANA database, such as Europe/London")
        return None


def _tables(document: Document) -> dict[str, dict[str, Any]]:
    return {name: options.values for name, options in Options(document, ("tables",)).tables()}


def _absence(document: Document) -> dict[str, str]:
    options = Options(document, ("absence",))
    lists = [section.field for section in PERSONAL]
    options.only(lists, "[absence]")
    for name in lists:
        words = STOPPED if name == "medicines" else ABSENT
        if name in options.values and options.values[name] not in words:
            options.no((name,), f"expected one of: {', '.join(words)}")
    return {name: options.text(name) for name in lists if options.text(name)}


def _ignored(document: Document) -> dict[str, str]:
    options = Options(document, ("ignored",))
    for name in options.values:
        if not is_path(name):
            options.no((name,), "is no path in the resident's tree, nor from the top with / in front")
        if not options.text(name):
            options.no((name,), "needs the reason why it is ignored")
    return {name: options.text(name) for name in options.values}


def _both(document: Document, root: Fields) -> None:
    """What is ignored, and is mapped all the same."""
    mapped = [(where, entry.path) for entry in entries(root) for where in entry.sources()]
    for name in Options(document, ("ignored",)).values:
        ignored = absolute(parse(name), ()) if is_path(name) else ()
        if path := next((path for where, path in mapped if ignored and where[:len(ignored)] == ignored), ""):
            document.no(("ignored", name), f"is mapped to {path}: it is either ignored or mapped")


def _ignored_rows(document: Document, compiler: Compiler) -> tuple[Ignored, ...]:
    raw = document.values.get("ignored_rows", [])
    made = []
    for i in range(len(raw) if isinstance(raw, list) else 0):
        options = Options(document, ("ignored_rows", i))
        options.only(("rows", "only", "because"), "[[ignored_rows]]")
        if not options.text("because") or "rows" not in options.values:
            options.no((), "needs `rows`, the list in the resident's tree, and `because`, why they are ignored")
        elif (where := _ignored_list(options, compiler)) is not None:
            made.append(Ignored(where, compiler.selectors(options, Place(options.at, (), where)), options.text("because")))
    return tuple(made)


def _ignored_list(options: Options, compiler: Compiler) -> tuple[str, ...] | None:
    """The names that lead to the list, none for the list of the residents; None where there is no such list."""
    text, settings = options.text("rows"), compiler.settings
    if text in {settings.residents, *(() if settings.format == "csv" else (f"/{settings.residents}",))}:
        if not options.values.get("only"):
            options.no((), "needs `only`: without it every resident would be left out")
        return ()
    path = compiler.walked(text, Place((*options.at, "rows")))
    return path.names if path else None


def _states(document: Document, compiler: Compiler, root: Fields) -> None:
    """A list that says whether it is whole takes its elements in."""
    slots = care_records().kind.slots
    lists = [name for name, slot in slots.items() if isinstance(slot.kind, OneOf) and many(slot.kind)]
    for name, raw in Options(document, ("states",)).values.items():
        at = ("states", name)
        if name not in lists:
            document.no(at, f"is no list that has states{perhaps(name, lists)}; they are {', '.join(lists)}")
            continue
        kind: Kind = OneOf([member for member in slots[name].kind.members if not isinstance(member, Many)])  # type: ignore[attr-defined]
        constant = isinstance(raw, dict) and "constant" in raw
        state = compiler.value(raw, kind if constant else with_listed(kind), Place(at, (name,)))
        elements = root.members.get(name)
        if elements is not None and not isinstance(elements, Elements):
            document.no(at, f"and the field {name} both say what is in the list: make it of blocks, [[{name}]], or let the function say "
                            "why it is empty, and leave out the state")
        elif state is not None:
            root.members[name] = Listed(name, elements, state)


def with_listed(kind: Kind) -> Kind:
    words = next(member.words for member in kind.members if isinstance(member, Word))  # type: ignore[attr-defined]
    return Text((*words, LISTED))


def is_cut(node: Leaf | Constant) -> bool:
    return isinstance(node, Leaf) and any(isinstance(step, Dates) and step.cut for step in node.steps)
