"""docs/rules.md: every rule of the conformance check, with its source and its examples. Pure."""
from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from types import ModuleType

from adapter.conformance.definitions import Definitions
from adapter.conformance.invariants import level_of
from adapter.conformance.rules import RULES, THEMES, Rule
from adapter.conformance.rules.explaining import Said, invariants, shown
from adapter.conformance.rules.inputs import INPUTS
from adapter.conformance.rules.structural import FIXES, STRUCTURAL
from adapter.docs.markdown import table
from mappings.catalogue import SHAPES

INTRODUCTION = """<!-- Printed from the rules by `redbag docs`: change the rules, not this page. -->
# Rules

What `redbag check` can find, by the id in brackets behind every finding. `redbag check --explain ID` prints one of them.

    error: Patient.identifier[0].value: is no NHS number: it is ten digits … [rb-nhs-number]

- An **error** is wrong, and what has one does not travel unless the endpoint says so by the rule's name. A **warning** may be right, and
  travels. **Information** is for whoever asks.
- *Structural rules* hold because it is FHIR. What they ask for stands in the definitions: HL7's of the resource types and data types, UK
  Core's profiles, and those of a package that is named with `--package`.
- *Invariants* are written in these definitions too, in FHIRPath, and keep their own keys (`pat-1`).
- *Product rules* are ours (`rb-…`). UK Core leaves nearly everything open; these say what a receiver in the NHS still stumbles over. Each
  looks at one object and never at the network. The level is not the SHALL of a page alone: an error keeps a resident's bag at home, so it
  is only what is wrong whatever was meant and can be said without knowing more. What asks for something that the sender may not know, or
  can only be guessed at, is a warning, SHALL or not; what depends on the receiver is information.

- *Rules of what is read* are asked before anybody can ask whether it is FHIR: of bytes, of records, of a vendor's export and of packages.

No sentence of a finding holds a value of a patient.
"""
READ = """## Rules of what is read

Each is an error. Where one is broken, what is behind it cannot be looked at: what else is wrong is told when it is right.
"""
STRUCTURE = """## Structural rules

And what may be wrong with the bytes themselves, before there is a resource.
"""
INVARIANTS = """## Invariants

{count} are known, of {sets}; those of a package are added. Here are the ones of the resource types that
the product has records for, and of Bundle. Those of data types, and what each says in FHIRPath: `redbag check --explain`.
"""
SENT = (*SHAPES, "Bundle")


def rules() -> str:
    lines = chain(("## Product rules", ""), contents(), *(theme_lines(theme) for theme in THEMES), structural_lines(), input_lines(),
                  invariant_lines())
    return "\n".join([INTRODUCTION, *lines]).rstrip() + "\n"


# ---- product rules ---------------------------------------------------------------------------------------------------------
def contents() -> Iterator[str]:
    yield from table(("Rule", "Level", "What it says"), [(f"[{rule.id}](#{rule.id})", rule.level, rule.sentence) for rule in RULES])


def theme_lines(theme: ModuleType) -> Iterator[str]:
    yield from (f"### {theme.__name__.rpartition('.')[2].capitalize()}", "", (theme.__doc__ or "").partition("\n")[0], "")
    for rule in theme.RULES:
        yield from rule_lines(rule)


def rule_lines(rule: Rule) -> Iterator[str]:
    yield from (f"#### {rule.id}", "", f"{rule.sentence} ({rule.level}, of {', '.join(rule.types)})", "")
    if rule.fix:
        yield from (f"What to do: {rule.fix}.", "")
    yield from (f"Source: {rule.source}.", "", "Good, and bad:", "", "```json", shown(rule.good), shown(rule.bad), "```", "")


# ---- the others ------------------------------------------------------------------------------------------------------------
def structural_lines() -> Iterator[str]:
    yield STRUCTURE
    yield from table(("Rule", "Level", "What it says", "Bad", "Source"), [
        (f"`{name}`", found.level, found.sentence, found.bad, found.source) for name, found in STRUCTURAL.items()])


def input_lines() -> Iterator[str]:
    yield READ
    yield from table(("Rule", "What it says"), [(f"`{name}`", sentence) for name, sentence in INPUTS.items()])


def invariant_lines() -> Iterator[str]:
    known = Definitions.of()
    sets = " and ".join(name for name, *_ in known.names)
    yield INVARIANTS.format(count=len(invariants(known, known.profiles())), sets=sets)
    profiles = [profile.url for kind in SENT for profile in (known.type(kind), known.implied(kind)) if profile]
    yield from table(("Invariant", "Level", "Of", "What it says", "What to do"), [
        (f"`{key}`", level_of(found.constraint), where(found), found.constraint.human.strip(), FIXES.get(key, "")) for key, found in
        sorted(invariants(known, profiles).items(), key=lambda item: natural(item[0]))])


def where(found: Said) -> str:
    elements = list(dict.fromkeys(element for _, element in found.places))
    return "every resource but Bundle" if len(elements) > len(SENT) // 2 else ", ".join(f"`{element}`" for element in elements)


def natural(key: str) -> tuple[str, int]:
    """imm-2 before imm-10."""
    stem, _, number = key.rpartition("-")
    return (stem, int(number)) if number.isdigit() else (key, 0)
