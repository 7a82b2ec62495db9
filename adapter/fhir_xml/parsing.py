"""XML text -> tree, with everything off that has made XML parsers dangerous: DTDs, entities, the network, trees without limits.

A document type declaration is refused before anything is read, and with it every entity but XML's own five. libxml2 keeps its limits
(nesting 256, one value 10 MB). Its own messages quote the text, so none of them is ever repeated: each becomes a sentence of ours.
Comments and processing instructions are not content, and are not kept.
"""
from __future__ import annotations

import codecs
import re

from lxml import etree

from adapter.faults import Fault
from adapter.scan import position

_DTD = re.compile(rb"(?:\s++|<\?.*?\?>|<!--.*?-->)*+<!(?!--)", re.DOTALL)
_ENCODING = re.compile(rb"""<\?xml[^?>]*?\sencoding\s*=\s*["'](?!utf-?8["'])""", re.IGNORECASE)
_ERRORS = etree.ErrorTypes
_LIMIT = ("too-large", "elements are nested more than 256 deep, or one value is longer than 10 million bytes")
_BAD = ("not-xml", "is not well-formed XML here")
_CUT = ("not-xml", "ends here, in the middle of an element: the file is not whole")
_SAYS = {
    _ERRORS.ERR_DOCUMENT_EMPTY: ("empty", "expected an XML document, beginning with <"),
    _ERRORS.ERR_UNDECLARED_ENTITY: ("entity", "stands an entity that is not one of XML's own five: write the character itself"),
    _ERRORS.ERR_INVALID_CHAR: ("not-a-character", "stands a character that XML 1.0 does not have"),
    _ERRORS.ERR_TAG_NAME_MISMATCH: ("not-xml", "an element is closed by the name of another"),
    _ERRORS.ERR_TAG_NOT_FINISHED: _CUT,
    _ERRORS.ERR_ATTRIBUTE_NOT_FINISHED: ("not-xml", "a value is not closed, or is longer than 10 million bytes"),
    _ERRORS.ERR_ATTRIBUTE_REDEFINED: ("duplicate-attribute", "an attribute stands twice on one element"),
    _ERRORS.ERR_DOCUMENT_END: ("not-xml", "something follows the end: expected one document"),
    _ERRORS.NS_ERR_UNDEFINED_NAMESPACE: ("not-xml", "a prefix stands here whose namespace is not said"),
    _ERRORS.ERR_INTERNAL_ERROR: _LIMIT, _ERRORS.ERR_NO_MEMORY: _LIMIT, _ERRORS.ERR_NAME_TOO_LONG: _LIMIT,
    114: _LIMIT,  # XML_ERR_RESOURCE_LIMIT, which newer releases of libxml2 say instead of the three above
}


class NotXml(Exception):
    """These bytes are not read as XML."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def parsed(body: bytes) -> etree._Element:
    """The outermost element. Raises NotXml."""
    if early := _forbidden(body):
        raise NotXml(early)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, recover=False,
        remove_comments=True, remove_pis=True, collect_ids=False, encoding="utf-8")
    try:
        root = etree.fromstring(body, parser)
        if root.getroottree().docinfo.internalDTD is None:  # what finds one before reading, and what reads, are not of one mind for ever
            return root
        why = _dtd(1, 1)
    except etree.XMLSyntaxError as error:
        why = _explained(error, body)
    raise NotXml(why)


def _forbidden(body: bytes) -> Fault | None:
    """What must not even begin to be read."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or body[:2].count(0) == 1:
        return Fault("bad-utf-8", "is UTF-16; save it as UTF-8", "", 1, 1)
    if body.startswith(codecs.BOM_UTF8):
        return Fault("not-xml", "a second byte order mark stands here; one is enough", "", 1, 1)
    try:
        body.decode()
    except UnicodeDecodeError as bad:
        before = body[:bad.start].decode()
        return Fault("bad-utf-8", "is not UTF-8 from here on; save it as UTF-8", "", *position(before, len(before)))
    if _ENCODING.match(body):
        return Fault("bad-utf-8", "says that it is not UTF-8; FHIR is always UTF-8", "", 1, 1)
    if found := _DTD.match(body):
        before = found[0].decode()
        return _dtd(*position(before, len(before) - 2))
    return None


def _dtd(line: int, column: int) -> Fault:
    return Fault("dtd", "a document type declaration stands here; FHIR has none", "", line, column)


def _explained(error: etree.XMLSyntaxError, body: bytes) -> Fault:
    """Ours for what libxml2 says, whose words may quote a patient."""
    line, column = error.position
    at_the_end = line > body.count(b"\n") and column >= len(body) - body.rfind(b"\n") - 1
    rule, says = _SAYS.get(error.code) or (_CUT if at_the_end else _BAD)
    return Fault(rule, says, "", max(line, 1), max(column, 1))
