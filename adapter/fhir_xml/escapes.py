"""How a text stands in XML so that every parser gives it back: in an attribute, between tags. And what no XML can hold.

Source: W3C XML 1.0, 2.2 Characters, 2.11 End-of-Line Handling, 3.3.3 Attribute-Value Normalization.
"""
from __future__ import annotations

import re

_PLAIN = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_BETWEEN = str.maketrans(_PLAIN)
_WITHIN = str.maketrans({**_PLAIN, '"': "&quot;", "\t": "&#9;", "\n": "&#10;"})
_SPECIAL = re.compile(r'[&<>"\t\n\r]')
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def attribute(text: str) -> str:
    return text.translate(_WITHIN) if _SPECIAL.search(text) else text


def plain(text: str) -> str:
    return text.translate(_BETWEEN) if _SPECIAL.search(text) else text
