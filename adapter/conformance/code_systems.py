"""A CodeSystem as it is kept, and what the filters of value sets keep of it.

    system_of(definition)              a CodeSystem that is complete, else nothing
    filtered(system, RawFilter(...))   the codes that a filter keeps; None where that cannot be said

Source: HL7 FHIR R4, pages CodeSystem (hierarchy, concept properties) and ValueSet (filters).
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from adapter.conformance.fhirpath.texts import pattern
from adapter.conformance.fhirpath.values import Unevaluable
from adapter.conformance.model import CodeSystem, Json
from adapter.conformance.raw import Raw, read_as

# said otherwise (the hierarchy, what is abstract), or of no use to a filter
NOT_KEPT = frozenset(
    ["status", "deprecationDate", "retirementDate", "internalId", "notSelectable", "abstract", "child", "parent", "subsumedBy"],
)


class RawProperty(Raw):
    code: str
    value_code: str | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None

    @property
    def value(self) -> str:
        """As a filter writes it."""
        if self.value_boolean is not None:
            return "true" if self.value_boolean else "false"
        return self.value_code or self.value_string or ("" if self.value_integer is None else str(self.value_integer))


class RawDesignation(Raw):
    value: str


class RawConcept(Raw):
    code: str
    display: str = ""
    designation: tuple[RawDesignation, ...] = ()
    property: tuple[RawProperty, ...] = ()
    concept: tuple[RawConcept, ...] = ()


class RawSystem(Raw):
    url: str
    version: str = ""
    content: str = ""
    case_sensitive: bool = False
    concept: tuple[RawConcept, ...] = ()


class RawFilter(Raw):
    property: str
    op: str
    value: str


def system_of(definition: Json) -> CodeSystem | None:
    """Nothing for one that is not there whole: a fragment, an example, one that stands elsewhere."""
    raw = read_as(RawSystem, definition, "a CodeSystem")
    if raw.content != "complete":
        return None
    found = list(_concepts(raw.concept, ()))
    return CodeSystem(
        raw.url, raw.version, {each.code: _displays(each) for each, _ in found}, any_case=not raw.case_sensitive,
        abstract=frozenset(each.code for each, _ in found if any(_is_abstract(every) for every in each.property)),
        parents=_parents(found), properties=_properties(each for each, _ in found),
    )


def _concepts(concepts: Iterable[RawConcept], above: tuple[str, ...]) -> Iterator[tuple[RawConcept, tuple[str, ...]]]:
    for each in concepts:
        yield each, above
        yield from _concepts(each.concept, (each.code,))


def _displays(concept: RawConcept) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in (concept.display, *(each.value for each in concept.designation)) if text))


def _is_abstract(each: RawProperty) -> bool:
    return each.code in ("notSelectable", "abstract") and each.value == "true"


def _parents(found: Iterable[tuple[RawConcept, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    """Nesting says it, or a property does, from either end."""
    parents: dict[str, dict[str, None]] = {}
    for concept, above in found:
        for each in (*above, *(said.value for said in concept.property if said.code in ("parent", "subsumedBy"))):
            parents.setdefault(concept.code, {})[each] = None
        for said in concept.property:
            if said.code == "child":
                parents.setdefault(said.value, {})[concept.code] = None
    return {code: tuple(each) for code, each in parents.items()}


def _properties(concepts: Iterable[RawConcept]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for concept in concepts:
        for each in concept.property:
            if each.code not in NOT_KEPT:
                found.setdefault(each.code, {})[concept.code] = each.value
    return found


def filtered(system: CodeSystem, asked: RawFilter) -> frozenset[str] | None:
    """The codes that a filter keeps; None for a filter that we do not know, or that this code system has nothing for."""
    if asked.op in ("is-a", "descendent-of", "is-not-a", "generalizes"):
        return _by_kind(system, asked.op, asked.value) if asked.property in ("concept", "code") else None
    values = _values(system, asked.property)
    keeps = _keeps(asked)
    if keeps is None or values is None:
        return None
    return frozenset(code for code in system.codes if keeps(values.get(code)))


def _by_kind(system: CodeSystem, op: str, value: str) -> frozenset[str]:
    if op == "generalizes":
        return _reached(value, system.parents)
    kinds: dict[str, list[str]] = {}
    for code, parents in system.parents.items():
        for each in parents:
            kinds.setdefault(each, []).append(code)
    below = _reached(value, kinds) & system.codes.keys()
    if op == "is-not-a":
        return frozenset(system.codes) - below
    return below - {value} if op == "descendent-of" else below


def _reached(code: str, steps: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """It and everything that can be reached from it; a code system that runs in a circle ends here too."""
    found: set[str] = set()
    todo = [code]
    while todo:
        if (each := todo.pop()) not in found:
            found.add(each)
            todo.extend(steps.get(each, ()))
    return frozenset(found)


def _values(system: CodeSystem, name: str) -> Mapping[str, str] | None:
    if name in ("code", "concept"):
        return {code: code for code in system.codes}
    if name == "display":
        return {code: displays[0] for code, displays in system.codes.items() if displays}
    return system.properties.get(name)


def _keeps(asked: RawFilter) -> Callable[[str | None], bool] | None:
    wanted, several = asked.value, frozenset(asked.value.split(","))
    match asked.op:
        case "=":
            return lambda value: value == wanted
        case "in":
            return lambda value: value in several
        case "not-in":
            return lambda value: value not in several
        case "exists":
            return lambda value: (value is not None) == (wanted == "true")
        case "regex":
            matches = _pattern(wanted)
            return (lambda value: value is not None and matches(value)) if matches else None
        case _:
            return None


def _pattern(expression: str) -> Callable[[str], bool] | None:
    """Whether it matches a whole text; nothing for one that is none here, or that takes long over every character."""
    try:
        found, steps = pattern(f"^(?:{expression})$")
    except Unevaluable:
        return None
    return found if steps == 1 else None
