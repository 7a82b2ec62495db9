"""Plain dict -> XML: elements in FHIR's order, whatever order the dict has. What XML has no place for is refused, by path.

The document is one line: line breaks inside texts and narratives are written `&#10;`, so that nothing on the way rewrites them.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from adapter.faults import Fault
from adapter.fhir_xml import escapes, narrative
from adapter.fhir_xml.narrative import NotNarrative
from adapter.fhir_xml.tables import FHIR, VALUES, Element, Kind, elements_of, is_resource_type
from adapter.fhir_xml.values import EXPECTED, Unfit, text

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
Object = dict[str, Any]
T = TypeVar("T")


class _Stop(Exception):
    """Here the dict has something that XML cannot say. `steps` lead there, from the outside in."""

    def __init__(self, rule: str, says: str, steps: Iterable[str | int] = ()) -> None:
        self.rule, self.says, self.steps = rule, says, list(steps)


def write(resource: Object) -> bytes | Fault:
    out = [DECLARATION]
    try:
        _resource(out, resource, f' xmlns="{FHIR}"')
    except _Stop as stop:
        return Fault(stop.rule, stop.says, _path(resource, stop.steps))
    except RecursionError:
        return Fault("too-deep", "objects are nested deeper than is meant")
    document = "".join(out)
    if escapes.NOT_XML.search(document):
        return Fault("not-a-character", "a text holds a character that XML 1.0 does not have", _path(resource, _unwritable(resource) or []))
    return document.encode()


def _resource(out: list[str], resource: Any, namespace: str = "") -> None:
    if not isinstance(resource, dict) or not is_resource_type(name := resource.get("resourceType")):
        raise _Stop("not-a-resource", "expected a resource, with a resourceType that FHIR R4 has")
    _object(out, name, name, {key: said for key, said in resource.items() if key != "resourceType"}, namespace)


def _object(out: list[str], tag: str, type_: str, said: Any, value: str = "") -> None:
    """An element with its attributes, of which `value` is written already, and its elements."""
    known = elements_of(type_)
    if not isinstance(said, dict):
        raise _Stop("wrong-kind", "expected an object")
    if not said.keys() <= known.properties.keys():
        raise _Stop("unknown-property", "holds a property that FHIR R4 does not have here")
    names = sorted(said, key=known.places.__getitem__) if len(said) > 1 else list(said)
    out.append(f"<{tag}{value}")
    if not known.attributes.isdisjoint(said):
        out += [f' {name}="{_at(name, _text, Kind.TEXT, said[name])}"' for name in names if name in known.attributes]
        names = [name for name in names if name not in known.attributes]
    if not names:
        out.append("/>")
        return
    out.append(">")
    for name in names:
        _at(name, _property, out, known.properties[name], name, said)
    out.append(f"</{tag}>")


def _property(out: list[str], what: Element, name: str, said: Object) -> None:
    """One property of an object. What is about a primitive is written with it: _given with given."""
    if said[name] is None:
        raise _Stop("null", "is null: leave it out if there is no value")
    if what.kind in VALUES:
        if name == what.name or what.name not in said:
            _primitives(out, what, said.get(what.name), said.get(f"_{what.name}"))
    elif what.many:
        for index, each in enumerate(_listed(said[name])):
            _at(index, _content, out, what, each)
    else:
        _content(out, what, said[name])


def _content(out: list[str], what: Element, said: Any) -> None:
    match what.kind:
        case Kind.OBJECT:
            _object(out, what.name, what.type, said)
        case Kind.RESOURCE:
            out.append(f"<{what.name}>")
            _resource(out, said)
            out.append(f"</{what.name}>")
        case Kind.NARRATIVE:
            out.append(_div(said))


def _div(said: Any) -> str:
    try:
        return narrative.canonical(said).replace("\n", "&#10;")
    except (NotNarrative, AttributeError):
        raise _Stop("not-a-narrative", narrative.EXPECTED) from None


def _primitives(out: list[str], what: Element, values: Any, abouts: Any) -> None:
    if not what.many:
        _primitive(out, what, values, abouts)
        return
    values, abouts = (None if each is None else _listed(each) for each in (values, abouts))
    count = len(abouts if values is None else values)
    if abouts is not None and len(abouts) != count:
        raise _Stop("uneven-lists", "the values, and what is said about them (_…), are not equally many")
    for index, pair in enumerate(zip(values or [None] * count, abouts or [None] * count, strict=True)):
        _at(index, _primitive, out, what, *pair)


def _primitive(out: list[str], what: Element, value: Any, about: Any) -> None:
    said = "" if value is None else f' value="{_text(what.kind, value)}"'
    if about is None and said:
        out.append(f"<{what.name}{said}/>")
    elif not about:
        raise _Stop("no-value", "has neither a value nor anything about it: leave it out")
    else:
        _object(out, what.name, "Element", about, said)


def _text(kind: Kind, value: Any) -> str:
    try:
        return escapes.attribute(text(kind, value))
    except Unfit:
        raise _Stop("wrong-kind", f"expected {EXPECTED[kind]}") from None


def _listed(said: Any) -> list[Any]:
    if not isinstance(said, list):
        raise _Stop("wrong-kind", "expected a list")
    if not said:
        raise _Stop("empty-list", "is an empty list: leave it out")
    return said


def _at(step: str | int, write: Callable[..., T], *arguments: Any) -> T:
    """What `write` does; where it stops, the step that led there is told."""
    try:
        return write(*arguments)
    except _Stop as stop:
        stop.steps.insert(0, step)
        raise


def _unwritable(said: Any) -> list[str | int] | None:
    """The steps to the first text with a character that XML does not have."""
    if isinstance(said, str):
        return [] if escapes.NOT_XML.search(said) else None
    for step, each in said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ():
        if (steps := _unwritable(each)) is not None:
            return [step, *steps]
    return None


def _path(resource: Object, steps: list[str | int]) -> str:
    """As FHIR tells it: Bundle.entry[2].resource.birthDate. Every step is a name that FHIR has."""
    kind = resource.get("resourceType")
    told = "".join(f"[{step}]" if isinstance(step, int) else f".{step.removeprefix('_')}" for step in steps)
    return f"{kind}{told}" if is_resource_type(kind) else ""
