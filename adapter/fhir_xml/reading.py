"""XML -> plain dict: a walk down the tree and the tables side by side. What FHIR R4 does not have is refused, by path and line.

The order of elements with different names is not insisted on, as it says nothing; writing restores it. Neither content nor names that
are not FHIR's are ever told: a name in somebody's file may itself be about a patient.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

from adapter.faults import Fault
from adapter.fhir_xml import narrative
from adapter.fhir_xml.narrative import NotNarrative
from adapter.fhir_xml.parsing import NotXml, parsed
from adapter.fhir_xml.places import positions
from adapter.fhir_xml.tables import FHIR, VALUES, Element, Kind, Type, closest, elements_of, fhir_names, is_resource_type
from adapter.fhir_xml.values import EXPECTED, Unfit, value

Object = dict[str, Any]
SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"  # where somebody has the schema: says nothing of the resource
_SPACE = f"{{{FHIR}}}"
_STRAY = etree.XPath("(//f:*[text()[normalize-space()]])[1]", namespaces={"f": FHIR})


class _Stop(Exception):
    """Here the document stops being FHIR."""

    def __init__(self, element: etree._Element, rule: str, says: str) -> None:
        self.element, self.rule, self.says = element, rule, says


def read(body: bytes, depth: int) -> Object | Fault:
    """The one resource in these bytes. `depth` counts objects and lists as they are in JSON."""
    try:
        root = parsed(body)
    except NotXml as bad:
        return bad.fault
    try:
        return _document(root, depth)
    except _Stop as stop:
        return Fault(stop.rule, stop.says, _path(stop.element), *positions(body, root, [stop.element])[stop.element])


def disorder(body: bytes) -> Fault | None:
    """The first element that stands behind one that FHIR has after it. `body` was read without a fault: reading takes any order, so that
    nothing of what a server sends is lost. Source: FHIR R4, page XML Representation ("elements must always appear in the order")."""
    root = parsed(body)
    if (found := _disorder(root)) is None:
        return None
    says = "stands behind an element that FHIR has after it; in XML elements keep FHIR's order"
    return Fault("out-of-order", says, _path(found), *positions(body, root, [found])[found])


def _disorder(root: etree._Element) -> etree._Element | None:
    waiting = [(root, root.tag.removeprefix(_SPACE))]
    while waiting:
        element, type_ = waiting.pop()
        known, before, inside = elements_of(type_), 0, []
        for child in element:
            what = known.tags[child.tag]
            if (place := known.places[what.name]) < before:
                return child
            before = place
            if what.kind is Kind.RESOURCE:
                inside.append((child[0], child[0].tag.removeprefix(_SPACE)))
            elif what.kind is not Kind.NARRATIVE:
                inside.append((child, "Element" if what.kind in VALUES else what.type))
        waiting += reversed(inside)
    return None


def _document(root: etree._Element, depth: int) -> Object:
    for stray in _STRAY(root):
        raise _Stop(stray, "stray-text", "text stands between elements, and a value stands in an attribute: value=\"…\"")
    return _resource(root, depth)


def _resource(element: etree._Element, depth: int) -> Object:
    name = element.tag.removeprefix(_SPACE)
    if name == element.tag or not is_resource_type(name):
        raise _Stop(element, "not-a-resource", f"expected a resource of FHIR R4, in the namespace {FHIR}")
    attributes = {name: said for name, said in element.items() if name != SCHEMA_LOCATION}
    return {"resourceType": name, **_object(element, name, attributes, depth)}


def _object(element: etree._Element, type_: str, attributes: Mapping[str, str], depth: int) -> Object:
    """The elements inside this one; `depth` is how much deeper it may go, itself included."""
    _fits(element, depth - 1)
    known = elements_of(type_)
    if not known.attributes.issuperset(attributes):
        raise _Stop(element, "unknown-attribute", "has an attribute that FHIR R4 does not have here")
    found: Object = dict(attributes)
    for child in element:
        if (what := known.tags.get(child.tag)) is None:
            raise _Stop(child, "unknown-element", _unknown(child, known))
        _put(found, what, child, depth - 1 - what.many)
    _tidy(found)
    return found


def _unknown(child: etree._Element, known: Type) -> str:
    """Its name is told only where it is one of FHIR's."""
    name = child.tag.removeprefix(_SPACE)
    if name == child.tag:
        return f"holds an element that is not in the namespace {FHIR}"
    called = f"the element {name}" if name in fhir_names() else "an element"
    meant = closest(name, known.elements)
    return f"holds {called} that FHIR R4 does not have here" + f"; did you mean {meant}?" * bool(meant)


def _fits(element: etree._Element, room: int) -> None:
    if room < 0:
        raise _Stop(element, "too-deep", "elements are nested deeper than is meant")


def _put(found: Object, what: Element, child: etree._Element, depth: int) -> None:
    """One element into its object. Of a primitive, id and extensions go beside the value: _given beside given."""
    name = what.name
    said, about = _value(child, what.kind, depth) if what.kind in VALUES else (_content(child, what, depth), None)
    if what.many:
        _fits(child, depth)
        _append(found, name, said, about)
        return
    if name in found or f"_{name}" in found:
        raise _Stop(child, "duplicate-element", "stands twice where FHIR R4 has one element; which of the two is meant cannot be known")
    if said is not None:
        found[name] = said
    if about is not None:
        found[f"_{name}"] = about


def _content(child: etree._Element, what: Element, depth: int) -> Object | str:
    if what.kind is Kind.OBJECT:
        return _object(child, what.type, dict(child.items()), depth)
    if what.kind is Kind.RESOURCE:
        if len(child) != 1 or child.attrib:
            raise _Stop(child, "not-a-resource", "expected exactly one resource inside, and no attribute")
        return _resource(child[0], depth)
    try:
        return narrative.text(child)
    except NotNarrative:
        raise _Stop(child, "not-a-narrative", narrative.EXPECTED) from None


def _value(child: etree._Element, kind: Kind, depth: int) -> tuple[Any, Object | None]:
    """(its value, its id and extensions), of which one may be None."""
    attributes = dict(child.items())
    said = attributes.pop("value", None)
    about = _object(child, "Element", attributes, depth) if attributes or len(child) else None
    if said is None and about is None:
        raise _Stop(child, "no-value", "expected a value or an extension")
    try:
        return (None if said is None else value(kind, said)), about
    except Unfit:
        raise _Stop(child, "wrong-value", f"expected {EXPECTED[kind]}") from None


def _append(found: Object, name: str, said: Any, about: Object | None) -> None:
    values = found.setdefault(name, [])
    if about is not None or f"_{name}" in found:
        found.setdefault(f"_{name}", [None] * len(values)).append(about)
    values.append(said)


def _tidy(found: Object) -> None:
    """A list of nothing but nulls is left out, where id and extensions are all there is."""
    for name in [name[1:] for name in found if name.startswith("_")]:
        if isinstance(values := found.get(name), list) and not any(said is not None for said in values):
            del found[name]


def _path(element: etree._Element) -> str:
    """As FHIR tells it, Bundle.entry[2].resource.birthDate, as far as FHIR has it."""
    told, type_ = "", ""
    for node in reversed([element, *element.iterancestors()]):
        if type_ in ("", "Resource"):
            type_ = node.tag.removeprefix(_SPACE)
            if type_ == node.tag or not is_resource_type(type_):
                break
            told = told or type_
        elif (what := elements_of(type_).tags.get(node.tag)) is not None:
            place = f"[{sum(1 for _ in node.itersiblings(node.tag, preceding=True))}]" if what.many else ""
            told, type_ = f"{told}.{what.name}{place}", "Element" if what.kind in VALUES else what.type
        else:
            break
    return told
