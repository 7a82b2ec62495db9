"""Names of XML elements and attributes, as layouts write them: family, x:family, {uri}family.

A bare name is in the namespace of the empty prefix; a bare attribute is in none, as XML has it. {}name is an element in none, where there
is one of the empty prefix.
"""
from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

XML = "http://www.w3.org/XML/1998/namespace"      # its prefix needs no declaration
FEW = 4096      # names in a document


class Names:
    """`namespaces`: prefix -> URI."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self.uris = {"xml": XML} | dict(namespaces)
        self.prefixes = {uri: prefix for prefix, uri in self.uris.items() if prefix}
        self.main = namespaces.get("", "")
        self.element, self.attribute = lru_cache(FEW)(self._element), lru_cache(FEW)(self._attribute)

    def _element(self, tag: str) -> str:
        """{uri}name -> as it is written in a path."""
        uri, name = split(tag)
        if uri == self.main:
            return name
        return f"{self.prefixes[uri]}:{name}" if uri in self.prefixes else f"{{{uri}}}{name}"

    def _attribute(self, tag: str) -> str:
        uri, name = split(tag)
        return "@" + (name if not uri else f"{self.prefixes[uri]}:{name}" if uri in self.prefixes else tag)

    def tag(self, name: str, attribute: bool = False) -> str:
        """The way back, for a name without its @."""
        if name.startswith("{"):
            return name.removeprefix("{}")
        prefix, _, local = name.rpartition(":")
        uri = self.uris.get(prefix, "") if prefix else "" if attribute else self.main
        return f"{{{uri}}}{local}" if uri else local


def split(tag: str) -> tuple[str, str]:
    uri, mark, name = tag.rpartition("}")
    return (uri[1:], name) if mark else ("", tag)
