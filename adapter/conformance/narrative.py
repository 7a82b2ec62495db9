"""Narratives: XHTML of the kind that FHIR allows, and something to read in it.

Source: HL7 FHIR R4, page Narrative (invariants txt-1 and txt-2); paragraphs in paragraphs and active links as HL7's validator refuses them.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from adapter.conformance.fhirpath.narrative import ATTRIBUTES, BLANK, ELEMENTS, OF_ONE
from adapter.conformance.model import Json
from adapter.fhir_xml.parsing import NotXml, parsed
from adapter.fhir_xml.tables import XHTML

if TYPE_CHECKING:
    from adapter.conformance.structure import Walk

SOURCE = "http://hl7.org/fhir/StructureDefinition/Narrative"
WRITE = 'write <div xmlns="http://www.w3.org/1999/xhtml">…</div>, well-formed XML, with &#160; instead of &nbsp;'
ACTIVE = ("javascript:", "vbscript:")
BLOCKS = frozenset({"p", "div", "ul", "ol", "table", "pre", "blockquote"})      # of HTML's, those that HL7's validator refuses


def check(walk: Walk, value: Json, path: str) -> bool:
    """The text of a `div`, which is a text already."""
    try:
        root = parsed(value.encode())
    except (NotXml, UnicodeEncodeError):
        root = None
    if root is None or root.tag != f"{{{XHTML}}}div":
        walk.error("fhir-narrative", path, "is no div of XHTML", WRITE, SOURCE)
        return False
    names = frozenset(name for each in root.iter(etree.Element) for name in (each.get("id"), each.get("name")) if name)
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
            _link(walk, str(said), names, path)
    if name in BLOCKS and any(_name(above) == "p" for above in element.iterancestors()):
        walk.error("fhir-narrative", path, f"has <{name}> within a paragraph, where only text may stand", "", SOURCE)


def _link(walk: Walk, link: str, names: frozenset[str], path: str) -> None:
    if link.strip().lower().startswith(ACTIVE):
        walk.error("fhir-narrative", path, "has a link that runs a script", "", SOURCE)
    elif link.startswith("#") and len(link) > 1 and link[1:] not in names:
        walk.error("fhir-narrative", path, "has a link to a place in itself that is not there", "", SOURCE)


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]
