"""Narratives: XHTML of the kind that FHIR allows, and something to read in it.

Source: HL7 FHIR R4, page Narrative (invariants txt-1 and txt-2); which element may stand in which, and links, as HL7's validator refuses
them. That reads nothing in a CDATA section, which every reader of XML does: there the two may differ.
"""
from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from adapter.conformance.fhirpath.narrative import ATTRIBUTES, BLANK, ELEMENTS, OF_ONE
from adapter.conformance.model import Json
from adapter.conformance.primitives import fault
from adapter.fhir_xml.parsing import NotXml, parsed
from adapter.fhir_xml.tables import XHTML

if TYPE_CHECKING:
    from adapter.conformance.structure import Here, Walk

SOURCE = "http://hl7.org/fhir/StructureDefinition/Narrative"
WRITE = 'write <div xmlns="http://www.w3.org/1999/xhtml">…</div>, well-formed XML, with &#160; instead of &nbsp;'
ACTIVE = ("javascript:", "vbscript:")
BLOCKS = frozenset({"p", "div", "ul", "ol", "table", "pre", "blockquote"})      # of HTML's, those that HL7's validator refuses
LISTS = frozenset({"div", "pre", "table", "ul", "ol"})      # what may stand in no text
EMPTY = frozenset({"br", "hr", "img", "area"})
INLINE = frozenset({      # never in itself
    "a", "b", "em", "i", "strong", "small", "big", "sub", "sup", "code", "tt", "dfn", "q", "var", "abbr", "acronym", "cite", "bdo", "kbd",
    "samp"})
TEXTS = INLINE | {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "address", "span", "caption", "dd", "dt"}
ROWS = frozenset({"tr"})
ONLY = {      # an element that holds these and no text -> what may stand in it
    "table": frozenset({"caption", "col", "colgroup", "thead", "tfoot", "tbody", "tr"}), "thead": ROWS, "tfoot": ROWS, "tbody": ROWS,
    "tr": frozenset({"th", "td"}), "ul": frozenset({"li"}), "ol": frozenset({"li"}), "dl": frozenset({"dt", "dd"}),
    "map": frozenset({"area"}),
}
WITHIN = {"col": frozenset({"table", "colgroup"})} | {      # an element that stands in these only
    inner: frozenset(outer for outer, inside in ONLY.items() if inner in inside)
    for inner in ("caption", "colgroup", "thead", "tfoot", "tbody", "tr", "th", "td", "li", "dt", "dd")}
NO_URL = re.compile(r"""[ \t\r\n<>"{}\\^`]""")
NOT_FOLLOWED = ("urn:", "cid:")
BASE64 = re.compile(r"data:[^,]*;base64,(.*)", re.DOTALL | re.IGNORECASE)


def check(walk: Walk, value: Json, path: str, here: Here) -> bool:
    """The text of a `div`, which is a text already. Its links lead to places in it, or to what is contained: an image, as a Binary."""
    try:
        root = parsed(value.encode())
    except (NotXml, UnicodeEncodeError):
        root = None
    if root is None or root.tag != f"{{{XHTML}}}div":
        walk.error("fhir-narrative", path, "is no div of XHTML", WRITE, SOURCE)
        return False
    named = {name for each in root.iter(etree.Element) for name in (each.get("id"), each.get("name")) if name}
    names = frozenset({*named, *here.contained})
    for element in root.iter(etree.Element):
        _element(walk, element, names, path)
    if not "".join(root.itertext(etree.Element)).strip(BLANK) and root.find(f".//{{{XHTML}}}img") is None:
        walk.error("txt-2", path, "has nothing to read; leave text out where there is nothing", "", SOURCE)
    return True


def _element(walk: Walk, element: etree._Element, names: frozenset[str], path: str) -> None:
    space, _, name = str(element.tag).removeprefix("{").partition("}")
    if space != XHTML or name not in ELEMENTS:
        walk.error("txt-1", path, "has an element that FHIR does not allow in a narrative", "use text, lists, tables, links", SOURCE)
        return
    for attribute, said in element.items():
        key = str(attribute).replace("{http://www.w3.org/XML/1998/namespace}", "xml:")
        if key == "target" or not (key in ATTRIBUTES or key in OF_ONE.get(name, ())):
            walk.error("txt-1", path, f"has an attribute on <{name}> that FHIR does not allow in a narrative", "", SOURCE)
        elif key in ("href", "src"):
            _link(walk, name, str(said), names, path)
    if says := _misplaced(element, name):
        walk.error("fhir-narrative", path, says, "", SOURCE)


def _misplaced(element: etree._Element, name: str) -> str:
    """What is wrong with where an element stands, or with what stands in it."""
    above = [_name(each) for each in element.iterancestors()]
    if name in BLOCKS and "p" in above:
        return f"has <{name}> within a paragraph, where only text may stand"
    if name in LISTS and (text := next((each for each in above if each in TEXTS), "")):
        return f"has <{name}> within <{text}>, where only text may stand"
    if name in INLINE and name in above:
        return f"has <{name}> within <{name}>"
    if name in WITHIN and (not above or above[0] not in WITHIN[name]):
        return f"has <{name}> that does not stand in {_either(WITHIN[name])}"
    if name in EMPTY and (len(element) or element.text):
        return f"has something within <{name}>, which holds nothing"
    if name in ONLY and _holds_another(element, ONLY[name]):
        return f"has something else than {_either(ONLY[name])} straight within <{name}>"
    return ""


def _holds_another(element: etree._Element, only: frozenset[str]) -> bool:
    texts = [element.text, *(each.tail for each in element)]
    return any((text or "").strip(BLANK) for text in texts) or any(_name(each) not in only for each in element.iterchildren(etree.Element))


def _either(names: frozenset[str]) -> str:
    return " or ".join(f"<{name}>" for name in sorted(names))


def _link(walk: Walk, name: str, link: str, names: frozenset[str], path: str) -> None:
    if link.strip().lower().startswith(ACTIVE):
        walk.error("fhir-narrative", path, "has a link that runs a script", "", SOURCE)
    elif link.startswith("#") and len(link) > 1 and link[1:] not in names:
        walk.error("fhir-narrative", path, "has a link to a place in itself that is not there", "", SOURCE)
    elif name != "area" and (not link or (NO_URL.search(link) and not link.startswith("data:")) or _no_base64(link)):
        walk.error("fhir-narrative", path, f"has <{name}> whose link is no URL", "take blanks out: tel:01632960123", SOURCE)
    elif name == "a" and link.startswith(NOT_FOLLOWED):
        walk.error("fhir-narrative", path, "has a link that no reader can follow", "link to https:, mailto: or tel:, or write text", SOURCE)


def _no_base64(link: str) -> bool:
    found = BASE64.fullmatch(link)
    return found is not None and fault("base64Binary", "".join(found[1].split())) is not None


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]
