"""Where extensions may stand, and which."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from adapter.conformance.forms import Form, Forms, Said
from adapter.conformance.gate.asking import INNERMOST, shallow
from adapter.conformance.model import Context, Profile
from adapter.conformance.ways import extension_url

Json = Any
Valid = Callable[[Json], bool]
is_shallow = shallow(INNERMOST)


class Place:
    """On the values of one form. The extensions that its definitions name are in the schema, others are looked up when first met."""

    def __init__(self, number: int, forms: Forms, form: Form, compiled: Callable[[Form], Valid]) -> None:
        self.number, self.forms, self.form, self.compiled = number, forms, form, compiled
        self.known: dict[str, Valid] = {}
        spot, _ = form.keys["extension"]
        self.said = spot.said
        self.named = {extension_url(forms, each.said): each.said for sliced in spot.sliced for each in sliced.slices}
        self.limits = [(url, said.element.least, said.element.most) for url, said in self.named.items()
                       if said.element.least or said.element.most is not None]

    def forms_named(self) -> Iterator[tuple[str, Form]]:
        return ((url, form) for url in self.named if (form := self._form(url)))

    def holds(self, extension: Json) -> bool:
        """Whether one extension is known, may stand here, and is as its definition asks."""
        url = extension["url"]
        valid = self.known.get(url)
        if valid is None:
            if (form := self._form(url)) is None:      # not kept: anybody may write any URL
                return False
            valid = self.known[url] = self.compiled(form)
        return is_shallow(extension) and valid(extension)

    def are_not_too_many(self, extensions: Json) -> bool:
        urls = [each["url"] for each in extensions]
        return all(least <= urls.count(url) and (most is None or urls.count(url) <= most) for url, least, most in self.limits)

    def _form(self, url: str) -> Form | None:
        named = (self.named[url],) if url in self.named else ()
        definition = self.forms.definitions.profile(url) if "|" not in url else None
        if definition is not None and definition.type == "Extension":
            if definition.root.modifier or not self._may_have(definition):
                return None
            return self.forms.of("Extension", (*self.said, *named, Said(definition.root, definition)))
        return self.forms.of("Extension", (*self.said, *named)) if named and ":" not in url else None

    def _may_have(self, definition: Profile) -> bool:
        return not definition.context_invariants and (not definition.contexts or any(map(self._fits, definition.contexts)))

    def _fits(self, context: Context) -> bool:
        if context.type == "extension":
            return any(context.expression.partition("#")[0] == said.source for said in self.form.said)
        return context.type == "element" and (context.expression == "Element" or context.expression in self.form.names)


def no(_: Json) -> bool:
    return False
