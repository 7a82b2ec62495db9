"""A narrative's div: a text in JSON, elements in XML. One canonical form, which is what comes back after a change of format.

The form: the XHTML namespace is named once, on the div, without a prefix; no comments, processing instructions or CDATA; characters as
they are, escaped only where XML must; double quotes; attributes in their order; an element without content closes itself if HTML has it
so (`<br/>`), and else has two tags (`<td></td>`), so that a browser reads it as XML does. W3C's Canonical XML says the same but for the
order of attributes and for `<br></br>`, which browsers take for two.

Sources: FHIR R4 "Narrative" (well-formed XHTML, no entities but XML's own); W3C Canonical XML 1.1.
"""
from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from adapter.fhir_xml.escapes import attribute, plain
from adapter.fhir_xml.parsing import NotXml, parsed
from adapter.fhir_xml.tables import XHTML

XML = "{http://www.w3.org/XML/1998/namespace}"
SPACE = f"{{{XHTML}}}"
DIV = f"{SPACE}div"
VOID = frozenset(SPACE + name for name in ("area", "br", "col", "hr", "img"))
EXPECTED = "expected one well-formed XHTML div, in the namespace of XHTML, with nothing of another"


class NotNarrative(Exception):
    """This is not one XHTML div."""


def canonical(said: str) -> str:
    """Raises NotNarrative."""
    try:
        div = parsed(said.encode())
    except (NotXml, UnicodeEncodeError):
        raise NotNarrative from None
    return text(div)


def text(div: etree._Element) -> str:
    """The canonical form of a div that was parsed. Raises NotNarrative."""
    if div.tag != DIV:
        raise NotNarrative
    return "".join(_pieces(div, f' xmlns="{XHTML}"'))


def _pieces(element: etree._Element, namespace: str = "") -> Iterator[str]:
    name = _local(element.tag)
    yield f"<{name}{namespace}" + "".join(f' {_attribute(key)}="{attribute(value)}"' for key, value in element.items())
    if element.tag in VOID and not len(element) and not element.text:
        yield "/>"
        return
    yield f">{plain(element.text or '')}"
    for child in element:
        yield from _pieces(child)
        yield plain(child.tail or "")
    yield f"</{name}>"


def _local(tag: object) -> str:
    if not isinstance(tag, str) or not tag.startswith(SPACE):
        raise NotNarrative
    return tag.removeprefix(SPACE)


def _attribute(name: str) -> str:
    if name.startswith("{") and not name.startswith(XML):
        raise NotNarrative
    return name.replace(XML, "xml:")
