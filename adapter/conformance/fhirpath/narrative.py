"""htmlChecks(): whether a narrative's div is XHTML of the kind that FHIR allows; htmlChecks2(): whether it says or shows anything.

Source: FHIR R4, page Narrative: the elements of HTML 4.0 chapters 7 to 11 and 15, links and images; no scripts, forms, frames, objects.
"""
from __future__ import annotations

from lxml import etree

from adapter.conformance.fhirpath.scope import Items
from adapter.fhir_xml.parsing import NotXml, parsed
from adapter.fhir_xml.tables import XHTML


def _words(said: str) -> frozenset[str]:
    return frozenset(said.split())


ELEMENTS = _words("""
    p br div h1 h2 h3 h4 h5 h6 a span b em i strong small big tt dfn q var abbr acronym cite blockquote hr address bdo kbd sub sup
    ul ol li dl dt dd pre table caption colgroup col thead tr tfoot tbody th td code samp img map area
""")
ATTRIBUTES = _words("""
    title style class id idref lang xml:lang dir accesskey tabindex
    span width align valign char charoff abbr axis headers scope rowspan colspan
""")
OF_ONE = {
    "a": _words("charset type name href hreflang rel rev shape coords target"),
    "img": _words("src alt longdesc height width usemap ismap border"),
    "area": _words("shape coords href nohref alt"), "map": _words("name"),
    "table": _words("summary width border frame rules cellspacing cellpadding"),
    "blockquote": _words("cite"), "q": _words("cite"), "pre": _words("xml:space"), "td": _words("nowrap"),
}


def html_checks(items: Items) -> bool:
    div = _div(items)
    return div is not None and all(_allowed(element) for element in div.iter(etree.Element))


def says_something(items: Items) -> bool:
    div = _div(items)
    return div is not None and (bool("".join(div.itertext(etree.Element)).strip()) or div.find(f".//{{{XHTML}}}img") is not None)


def _div(items: Items) -> etree._Element | None:
    """None where there is no one div in the namespace of XHTML."""
    said = items[0].value if len(items) == 1 else None
    try:
        root = parsed(said.encode()) if isinstance(said, str) else None
    except (NotXml, UnicodeEncodeError):
        return None
    return root if root is not None and root.tag == f"{{{XHTML}}}div" else None


def _allowed(element: etree._Element) -> bool:
    space, _, name = str(element.tag).removeprefix("{").partition("}")
    more: frozenset[str] = OF_ONE.get(name, frozenset())
    said = (str(key).replace("{http://www.w3.org/XML/1998/namespace}", "xml:") for key in element.keys())      # noqa: SIM118
    return space == XHTML and name in ELEMENTS and all(key in ATTRIBUTES or key in more for key in said)
