"""Extensions: known, where they may stand, and what their own definition asks of them.

Source: HL7 FHIR R4, pages Extensibility and Defining Extensions. As with HL7's validator an extension that is not known is an error:
whoever brings its definition (`--package`), or tolerates `fhir-extension` by name, may send it.
"""
from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from adapter.conformance.fhirpath import Focus, TooMuch
from adapter.conformance.forms import Form, Said
from adapter.conformance.invariants import Costly, focus_of, holding, selecting_of
from adapter.conformance.model import Context, Json, Profile

if TYPE_CHECKING:
    from adapter.conformance.gathering import Item
    from adapter.conformance.structure import Here, Walk

INDEX = re.compile(r"\[\d+\]")
# FHIR says where it may stand, and writes it elsewhere itself: beside the code, in every snapshot. HL7's validator takes it there.
ALSO = {"http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type": "ElementDefinition.type"}


class Around(NamedTuple):
    """The object that an extension stands on: an element, or what stands beside the primitive value `beside`."""

    form: Form
    value: Json
    beside: Json = None

    def focus(self, here: Here) -> Focus:
        plain = self.form.kind == "primitive-type"
        return focus_of(self.form, self.beside if plain else self.value, self.value if plain else None, here)


def check(walk: Walk, form: Form, item: Item, modifier: bool, around: Around, here: Here) -> bool:
    """An extension; what its definition says is laid over the form."""
    url = item.value.get("url") if isinstance(item.value, dict) else None
    if not isinstance(url, str) or not url:
        return walk.object(form, item.value, item.path, here)
    definition = walk.forms.definitions.profile(url) if "|" not in url else None
    if definition is None or definition.type != "Extension":
        return _undefined(walk, form, item, url, modifier, around.form, here)
    walk.met[definition.url] += 1
    if definition.root.modifier != modifier:
        where = "modifierExtension: it changes what things mean" if definition.root.modifier else "extension: it changes nothing"
        walk.error("fhir-modifier", item.path, f"the extension {definition.url} belongs in {where}", "", definition.url)
    _placed(walk, definition, item.path, around, here)
    return walk.object(walk.forms.of("Extension", (*form.said, Said(definition.root, definition))), item.value, item.path, here)


def _undefined(walk: Walk, form: Form, item: Item, url: str, modifier: bool, around: Form, here: Here) -> bool:
    """The parts of a complex extension are named in its definition; anything else is not known."""
    inside = around.type == "Extension"
    if inside and any(each.element.slice for each in form.said):
        return walk.object(form, item.value, item.path, here)
    if ":" not in url and not inside:
        walk.error("fhir-extension", f"{item.path}.url", "must be an absolute URL: the one under which the extension is defined")
    elif inside and ":" not in url:
        parts = f"is no part of the extension around it; its parts are: {_parts(around)}"
        walk.error("fhir-extension", f"{item.path}.url", parts, "", _defined(around))
    elif modifier:
        walk.error("fhir-extension", item.path, "is a modifierExtension that none of the definitions loaded knows", PACKAGE)
    elif "|" in url:
        walk.error("fhir-extension", f"{item.path}.url", "holds a version behind |; the URL of an extension has none")
    else:
        walk.error("fhir-extension", item.path, "is an extension that none of the definitions loaded knows", PACKAGE)
    return walk.object(form, item.value, item.path, here)


PACKAGE = "correct its url, leave the extension out, or load the package that defines it"


def _parts(around: Form) -> str:
    spot, _ = around.keys["extension"]
    urls = [each.said.element.slice for sliced in spot.sliced for each in sliced.slices]
    return ", ".join(dict.fromkeys(urls)) or "none"


def _defined(around: Form) -> str:
    return next((each.source for each in reversed(around.said) if each.owner.type == "Extension"), "")


# Where it may stand -----------------------------------------------------------------------------------------------------------------

def _placed(walk: Walk, definition: Profile, path: str, around: Around, here: Here) -> None:
    on = path.rpartition(".")[0]
    names = around.form.names | _paths(around.form, on, here)
    try:
        fits = any(_fits(context, names, around, here) for context in definition.contexts)
        broken = [each for each in definition.context_invariants if (holds := holding(each)) and not holds(around.focus(here))]
    except TooMuch:
        raise Costly(definition.url, path) from None
    if definition.contexts and not fits and ALSO.get(definition.url) not in names:
        where = ", ".join(context.expression for context in definition.contexts)
        walk.error("fhir-extension", path, f"the extension {definition.url} may not stand here, only on: {where}", "", definition.url)
    for each in broken:
        walk.error("fhir-extension", path, f"the extension {definition.url} may stand only where this holds: {each}", "", definition.url)


def _paths(around: Form, on: str, here: Here) -> frozenset[str]:
    """The element by its path in the resource, without places in lists: Patient.name.family."""
    plain = INDEX.sub("", on[len(here.path):]).replace("._", ".")
    return frozenset({f"{here.kind}{plain}", *(said.element.id for said in around.said)})


def _fits(context: Context, names: frozenset[str], around: Around, here: Here) -> bool:
    if context.type == "extension":
        return any(context.expression.partition("#")[0] == said.source for said in around.form.said)
    if context.type == "fhirpath":
        return _is_selected(context.expression, around.value, here)
    return context.expression == "Element" or context.expression in names


def _is_selected(expression: str, value: Json, here: Here) -> bool:
    """Whether it is one of the elements that an expression gives of its resource; of one that cannot be evaluated, it is believed."""
    selecting = selecting_of(expression)
    whole = Focus(here.resource, here.kind, None, here.resource, here.root, here.bundle.resource if here.bundle else None, here.contained)
    return selecting is None or any(value is each.value or value is each.extra for each in selecting(whole))


def contexts_not_checked(definition: Profile) -> list[str]:
    """The contexts and the invariants of contexts that cannot be evaluated."""
    contexts = [each.expression for each in definition.contexts if each.type == "fhirpath" and selecting_of(each.expression) is None]
    return [*contexts, *(each for each in definition.context_invariants if holding(each) is None)]
