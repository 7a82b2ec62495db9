"""A tree of FHIRPath -> closures. What cannot be evaluated is refused here, by name, and not when a resource comes."""
from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from adapter.conformance.fhirpath import functions, texts
from adapter.conformance.fhirpath.budget import take
from adapter.conformance.fhirpath.criteria import CRITERIA
from adapter.conformance.fhirpath.items import Focus, Item, ancestry, resource_item, step
from adapter.conformance.fhirpath.narrative import html_checks, says_something
from adapter.conformance.fhirpath.operators import OPERATORS
from adapter.conformance.fhirpath.parse import Call, Index, Literal, Member, Minus, Node, NotEvaluated, Nothing, Operation, Variable
from adapter.conformance.fhirpath.resolving import resolved
from adapter.conformance.fhirpath.scope import (
    Collection,
    Compiled,
    Items,
    Scope,
    gone_through,
    last,
    of_collection,
    of_kept,
    of_truth,
    single,
)
from adapter.conformance.fhirpath.values import Unevaluable, is_number, is_primitive

TRUTHS = functions.TRUTHS | texts.TRUTHS | {"htmlChecks": html_checks, "htmlChecks2": says_something}
AT_ONCE = frozenset({"empty", "count", "first", "last", "single", "hasValue", "not"})      # they go through nothing
PATTERNS: dict[str, Callable[[str], object]] = {"matches": texts.pattern, "matchesFull": texts.pattern, "replaceMatches": texts.replacing}
COLLECTIONS = functions.COLLECTIONS | texts.COLLECTIONS
CONSTANTS = {"%ucum": "http://unitsofmeasure.org", "%sct": "http://snomed.info/sct", "%loinc": "http://loinc.org"}
FAMILIES = {"%vs-": "http://hl7.org/fhir/ValueSet/", "%ext-": "http://hl7.org/fhir/StructureDefinition/"}
SYSTEM = frozenset({"Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time"})     # FHIR has none that is called so


def compile_(node: Node) -> Compiled:
    return BY_NODE[type(node)](node)


def literal(node: Literal) -> Compiled:
    value = (node.value, node.unit) if node.type == "System.Quantity" else node.value
    constant = [Item(value, node.type)]
    return of_collection(lambda here, scope: constant)


def nothing(_node: Nothing) -> Compiled:
    return of_collection(lambda here, scope: [])


def variable(node: Variable) -> Compiled:
    name = node.name
    if name in VARIABLES:
        return of_collection(VARIABLES[name])
    said = CONSTANTS.get(name) or next((to + name.removeprefix(of) for of, to in FAMILIES.items() if name.startswith(of)), None)
    if said is None:
        raise NotEvaluated(name)
    constant = [Item(said, "System.String")]
    return of_collection(lambda here, scope: constant)


VARIABLES: dict[str, Collection] = {
    "$this": lambda here, scope: [scope.this],
    "$index": lambda here, scope: [Item(scope.place, "System.Integer")],
    "$total": lambda here, scope: scope.total or [],
    "%context": lambda here, scope: [Item(*scope.focus[:3])],
    "%resource": lambda here, scope: [resource_item(scope.focus.resource)],
    "%rootResource": lambda here, scope: [resource_item(scope.focus.root)],
}


def member(node: Member) -> Compiled:
    name = node.name
    if node.of is None:
        return of_collection(_at_entry(name) if name[:1].isupper() else lambda here, scope: step(here, name))
    of = compile_(node.of).collection
    if _is_rooted(node.of):
        def found(focus: Focus) -> Items:
            items = step(of([], Scope(Item(*focus[:3]), focus)), name)
            take(len(items))
            return items
        once = last(found)
        return of_kept(lambda here, scope: once(scope.focus))
    return of_collection(lambda here, scope: step(of(here, scope), name))


def _is_rooted(node: Node) -> bool:
    """A path that is the same wherever in the expression it stands: %resource.snapshot.element."""
    while isinstance(node, Member) and node.of is not None:
        node = node.of
    return isinstance(node, Variable) and node.name in ROOTS


ROOTS = frozenset({"%context", "%resource", "%rootResource"})


def _at_entry(name: str) -> Collection:
    """An expression may begin with the type that it is about: `Patient.contact`."""
    return lambda here, scope: [item for item in here if name in ancestry(item.type)] or step(here, name)


def index(node: Index) -> Compiled:
    of, place = compile_(node.of).collection, compile_(node.place).collection

    def collection(here: Items, scope: Scope) -> Items:
        items, at = of(here, scope), place([scope.this], scope)
        return items[wanted:wanted + 1] if at and (wanted := functions.whole(at)) >= 0 else []
    return of_collection(collection)


def minus(node: Minus) -> Compiled:
    of = compile_(node.of).collection

    def collection(here: Items, scope: Scope) -> Items:
        items = of(here, scope)
        if items and not is_number(single(items).value):
            raise Unevaluable("a number is asked for")
        return [Item(-item.value, item.type) for item in items]
    return of_collection(collection)


def operation(node: Operation) -> Compiled:
    if node.sign in ("is", "as"):
        return typed(node.sign, compile_(node.left).collection, node.right)
    if node.sign in ("+", "-") and any(isinstance(side, Literal) and side.type == "System.Quantity" for side in (node.left, node.right)):
        raise NotEvaluated("arithmetic with quantities")
    return OPERATORS[node.sign](compile_(node.left), compile_(node.right))


def typed(how: str, of: Collection, named: Node) -> Compiled:
    """`is`, `as`, `ofType`. `is` knows that a code is a string; `as` and `ofType` take of primitives just the type that is named.

    Of several items `as` takes those that fit, as ofType does: R4 was written so (dom-3).
    """
    name = _type_name(named)

    every = gone_through(of)

    def is_(here: Items, scope: Scope) -> bool | None:
        items = of(here, scope)
        return (len(items) == 1 and name in ancestry(items[0].type)) if items else None

    def fits(item: Item) -> bool:
        return item.type == name or (name in ancestry(item.type) and not is_primitive(item))
    return of_truth(is_) if how == "is" else of_collection(lambda here, scope: [item for item in every(here, scope) if fits(item)])


def _type_name(named: Node) -> str:
    """As items have it: System's with their space, FHIR's without."""
    if not isinstance(named, Member) or not (named.of is None or isinstance(named.of, Member)):
        raise NotEvaluated("a type that is no name")
    space = named.of.name if named.of is not None else "System" if named.name in SYSTEM else "FHIR"
    if space not in ("System", "FHIR"):
        raise NotEvaluated(f"types of {space}")
    return named.name if space == "FHIR" else f"System.{named.name}"


def call(node: Call) -> Compiled:
    of: Collection = compile_(node.of).collection if node.of is not None else lambda here, scope: here
    if node.name in ("is", "as", "ofType") and len(node.arguments) == 1:
        return typed(node.name, of, node.arguments[0])
    if node.name == "memberOf" and node.arguments != (Literal(functions.RESOURCE_TYPES, "System.String"),):
        raise NotEvaluated("memberOf()")
    if node.name == "resolve" and not node.arguments:
        every = gone_through(of)
        return of_collection(lambda here, scope: resolved(every(here, scope), scope.focus))
    if node.name in PATTERNS and node.arguments and isinstance(node.arguments[0], Literal):
        _compiles(PATTERNS[node.name], node.arguments[0].value)
    arguments = [compile_(argument) for argument in node.arguments]
    if node.name in CRITERIA:
        return CRITERIA[node.name](of, *_fitting(CRITERIA[node.name], node.name, arguments))
    gives = TRUTHS.get(node.name) or COLLECTIONS.get(node.name)
    if gives is None:
        raise NotEvaluated(f"{node.name}()")
    _fitting(gives, node.name, arguments)
    over = _over(gives, of if node.name in AT_ONCE else gone_through(of), [argument.collection for argument in arguments])
    return of_truth(over) if node.name in TRUTHS else of_collection(over)


def _compiles(pattern: Callable[[str], object], expression: object) -> None:
    try:
        pattern(str(expression))
    except Unevaluable as why:
        raise NotEvaluated(str(why)) from None


def _fitting(function: Callable[..., object], name: str, arguments: list[Compiled]) -> list[Compiled]:
    try:
        inspect.signature(function).bind(None, *arguments)
    except TypeError:
        raise NotEvaluated(f"{name}() with {len(arguments)} arguments") from None
    return arguments


def _over(gives: Callable[..., Any], of: Collection, arguments: list[Collection]) -> Callable[[Items, Scope], Any]:
    """Arguments are values: they are asked of what the expression around them is about, not of what is before the dot."""
    if not arguments:
        return lambda here, scope: gives(of(here, scope))
    if len(arguments) == 1:
        only = arguments[0]
        return lambda here, scope: gives(of(here, scope), only([scope.this], scope))
    return lambda here, scope: gives(of(here, scope), *(argument([scope.this], scope) for argument in arguments))


BY_NODE: dict[type, Callable[..., Compiled]] = {
    Literal: literal, Nothing: nothing, Variable: variable, Member: member, Index: index, Minus: minus, Operation: operation, Call: call,
}
