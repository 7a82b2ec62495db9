"""A profile, compiled: what may stand where, as plain frozen values without FHIR's own nesting.

Made of a StructureDefinition (HL7 FHIR R4, pages ElementDefinition and Profiling) by compiling.py; read by the explaining check, and by
the gate that says quickly that nothing is wrong. An element has only what was said about it *there*: what its type says is the type's.

A profile is checked *beside* the type it narrows, never instead of it. So a profile, at every depth, names only the elements of which it
says more than the type does (all fields of such an element are filled; only invariants of the type's are left out), and what it does not
name is as the type has it: an element that a profile does not mention is not unknown. So it is with the profile that an element has to meet
(`Type.profiles`: of an extension, SimpleQuantity): what that says is not repeated. Types name all their elements.
"""
from __future__ import annotations

from typing import Any, Literal

import msgspec

Json = Any


class Type(msgspec.Struct, frozen=True, omit_defaults=True):
    """A type that an element may have. `code`: FHIR's name (`Coding`, `Reference`, `string`, of an id `string`).

    `profiles`: the canonical URLs of definitions of which the value must meet one (an extension's own definition stands here).
    `targets`: of a Reference or canonical, the canonical URLs of what it may lead to; none: to anything. `aggregation`: where
    that may stand (contained, bundled, referenced); none: anywhere. `versioning`: whether a version is named (independent, specific).
    """

    code: str
    profiles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    aggregation: tuple[str, ...] = ()
    versioning: str = ""


class Binding(msgspec.Struct, frozen=True, omit_defaults=True):
    """`value_set`: canonical URL without version; none: the binding is told in words only. Example bindings are left out: they ask for
    nothing. `within`: the value set that no code may leave, whatever the strength (extension elementdefinition-maxValueSet)."""

    strength: Literal["required", "extensible", "preferred"]
    value_set: str
    within: str = ""


class Constraint(msgspec.Struct, frozen=True, omit_defaults=True):
    """An invariant in FHIRPath, said of the element that carries it. No `expression`: it is told in words only."""

    key: str
    severity: Literal["error", "warning"]
    human: str
    expression: str
    source: str = ""


class Discriminator(msgspec.Struct, frozen=True, omit_defaults=True):
    type: Literal["value", "pattern", "exists", "type", "profile"]
    path: str


class Slicing(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the elements of a list (or the types of a choice) are told apart. No discriminator: only a person can tell."""

    rules: Literal["open", "closed", "openAtEnd"]
    discriminators: tuple[Discriminator, ...] = ()
    ordered: bool = False


class Element(msgspec.Struct, frozen=True, omit_defaults=True):
    """`name`: the key in JSON, of a choice with its mark (`value[x]`); of the root, the type. `most`: None is *.

    `many`: it is a list in JSON, whatever `most` was narrowed to. `fixed`/`pattern`: JSON; None where nothing is said. `content`: the id of
    the element whose children are its children (ElementDefinition.contentReference), in this definition or else in the type's. `children`:
    only where something was said of them here; else the type's. `slices` carry their name in `slice` (a slice of a slice: `a/b`, in the
    `slices` of `a`), and are said in addition to what this element says.
    `constraints`: those that its type does not carry already (`ele-1` is said of every element, and nowhere written). `suggested`: the
    value set of an example binding, which asks for nothing, but a profile may ask for it with no more than a word.
    """

    id: str
    name: str
    least: int = 0
    most: int | None = None
    many: bool = False
    types: tuple[Type, ...] = ()
    content: str = ""
    fixed: Json = None
    pattern: Json = None
    binding: Binding | None = None
    constraints: tuple[Constraint, ...] = ()
    slicing: Slicing | None = None
    slices: tuple[Element, ...] = ()
    slice: str = ""
    children: tuple[Element, ...] = ()
    modifier: bool = False
    must_support: bool = False
    longest: int | None = None
    suggested: str = ""
    lowest: Json = None
    highest: Json = None


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an extension may stand: `element` with an element path or type, `extension` with a URL, `fhirpath` with an expression."""

    type: str
    expression: str


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """A StructureDefinition. `type`: of what it is one (`Patient`, `Extension`, `string`). `kind`: as FHIR has it.

    `derivation`: `specialization` defines a type, `constraint` narrows one. `regex`: of a primitive type, its whole form; the children of
    its root are those of its `_name` sibling (`id`, `extension`).
    """

    url: str
    type: str
    kind: str
    root: Element
    name: str = ""
    version: str = ""
    base: str = ""
    status: str = ""
    abstract: bool = False
    derivation: str = ""
    contexts: tuple[Context, ...] = ()
    context_invariants: tuple[str, ...] = ()
    regex: str = ""


class Codes(msgspec.Struct, frozen=True, omit_defaults=True):
    """The codes of a value set. `codes`: system -> its codes, as Definitions.codes() gives it: all of them. `whole`: the systems of which
    every code belongs to it.

    `unlisted`: systems of which codes belong to it that nobody may list here, or that no list can hold (SNOMED CT, dm+d, BCP 47, UCUM): of
    a code of these the answer is *not checked*.
    """

    url: str
    codes: dict[str, frozenset[str]] = {}
    whole: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()


class CodeSystem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A code system of which all codes are known: code -> its displays, the preferred first (designations after it).

    `abstract`: codes that only stand for what is below them, and belong to no value set. `parents`: code -> those it is a kind of.
    `properties`: property -> code -> its value as text. Both for the filters of value sets.
    """

    url: str
    version: str = ""
    codes: dict[str, tuple[str, ...]] = {}
    any_case: bool = False
    abstract: frozenset[str] = frozenset()
    parents: dict[str, tuple[str, ...]] = {}
    properties: dict[str, dict[str, str]] = {}
