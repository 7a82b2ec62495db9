"""What is neither FHIR nor care records, by its beginning: most often a vendor's export, and --layout was forgotten."""
from __future__ import annotations

import codecs
import re
from typing import NamedTuple

UTF_16 = re.compile(rb"\xff\xfe|\xfe\xff|\0|.\0", re.DOTALL)  # is told where it is read
JSON_LINE = re.compile(rb"^\s*[{\[]", re.MULTILINE)
BEGINNINGS = {  # the first that fits
    re.compile(rb"PK\x03\x04"): "a zip",
    re.compile(rb"\x1f\x8b"): "packed by gzip",
    re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE): "HTML, a page for people",
    re.compile(rb"\s*<"): "XML, whose elements are not in FHIR's namespace http://hl7.org/fhir",
    re.compile(rb"\s*\S"): "no JSON",
}
WHAT_TO_DO = {
    "packed by gzip": "unpack it first",
    "HTML, a page for people": "look at it in a browser: a server's sign-in or error page looks so"}
EXPORT = "a vendor's export is read with --layout"


class Said(NamedTuple):
    """What it is, and what to do."""

    says: str
    fix: str


def foreign(head: bytes) -> Said | None:
    """`head`: the first bytes of what is not FHIR. None where it may be care records, whole or broken, or is empty.

    >>> foreign(b"NHS_NO;NAME\\n"), foreign(b"oops\\n{}"), foreign(b" \\n")
    (Said(says='is no JSON: neither FHIR nor care records', fix="a vendor's export is read with --layout"), None, None)
    """
    head = head.removeprefix(codecs.BOM_UTF8)
    if UTF_16.match(head) or JSON_LINE.search(head):
        return None
    what = next((what for beginning, what in BEGINNINGS.items() if beginning.match(head)), None)
    return Said(f"is {what}: neither FHIR nor care records", WHAT_TO_DO.get(what, EXPORT)) if what else None
