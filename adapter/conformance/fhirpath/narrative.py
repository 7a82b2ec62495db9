"""htmlChecks(): whether a narrative's div is XHTML of the kind that FHIR allows; htmlChecks2(): whether it says or shows anything.

Source: FHIR R4, page Narrative: the elements of HTML 4.0 chapters 7 to 11 and 15, links and images; no scripts, forms, frames, objects.
"""
from __future__ import annotations

import re
from html.entities import html5

from lxml import etree

from adapter.conformance.fhirpath.budget import take
from adapter.conformance.fhirpath.scope import Items
from adapter.fhir_xml.parsing import NotXml, parsed

BLANK = " \t\r\n"      # XML's; a space that does not break is content, as HL7's engine has it
XML_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
_ENTITY = re.compile(r"&(\w+);", re.ASCII)


def _words(said: str) -> frozenset[str]:
    return frozenset(said.split())


ELEMENTS = _words("""
    p br div h1 h2 h3 h4 h5 h6 a span b em i strong small big tt dfn q var abbr acronym cite blockquote hr address bdo kbd sub sup
    ul ol li dl dt dd pre table caption colgroup col thead tr tfoot tbody th td code samp img map area
""")
ATTRIBUTES = _words("""
    title style class id lang xml:lang dir accesskey tabindex
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
    return div is not None and (bool("".join(div.itertext(etree.Element)).strip(BLANK)) or div.find(".//{*}img") is not None)


def _div(items: Items) -> etree._Element | None:
    """None where there is no one element of well-formed XML. Which one it is, and its namespace, is asked elsewhere."""
    said = items[0].value if len(items) == 1 else None
    take(len(said) if isinstance(said, str) else 0)
    try:
        return parsed(_ENTITY.sub(_character, said).encode()) if isinstance(said, str) else None
    except (NotXml, UnicodeEncodeError):
        return None


def _character(entity: re.Match[str]) -> str:
    """What HTML calls by a name and XML does not; XML's own five stay."""
    return entity[0] if entity[1] in XML_OWN else html5.get(f"{entity[1]};", entity[0])


def _allowed(element: etree._Element) -> bool:
    name = etree.QName(element).localname
    more: frozenset[str] = OF_ONE.get(name, frozenset())
    said = (str(key).replace("{http://www.w3.org/XML/1998/namespace}", "xml:") for key in element.keys())      # noqa: SIM118
    return name in ELEMENTS and all(key in ATTRIBUTES or key in more for key in said)
