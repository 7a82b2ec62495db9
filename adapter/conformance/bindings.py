"""Codes against value sets, and against code systems of which every code is known.

A required binding is an error, an extensible one a warning, a preferred one information. Of systems whose codes cannot be listed here
(SNOMED CT, dm+d, LOINC …) nothing is concluded: they are counted as not looked up. Source: HL7 FHIR R4, page Terminologies; that a wrong
code or display of a known code system is an error, as HL7's validator has it.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from adapter.conformance.finding import Level
from adapter.conformance.forms import Bound, Form
from adapter.conformance.model import Binding, Codes, CodeSystem, Json
from adapter.conformance.ucum import UCUM, is_unit
from mappings.systems import BCP47, DMD, SNOMED_CT

if TYPE_CHECKING:
    from adapter.conformance.structure import Walk

TEXTS = frozenset({"string", "markdown", "uri"})      # of a choice, a binding speaks of its coded types
# Required by HL7's vital signs of any quantity in a component: an oxygen flow in L/min would be refused. HL7's validator only warns.
SOFT = frozenset({"http://hl7.org/fhir/ValueSet/ucum-vitals-common"})
LEVELS = {"required": Level.ERROR, "extensible": Level.WARNING, "preferred": Level.INFORMATION}
OWN = "http://hl7.org/fhir/"
EXCEPT = (f"{OWN}sid/", f"{OWN}CodeSystem/")      # names of others' systems; two systems without codes
NAMED = frozenset({SNOMED_CT, DMD, BCP47, "http://loinc.org"})      # what a report may name: other URLs are somebody's own words
OTHERS = "other code systems"
SHOWN = 12      # codes of a value set that a sentence lists
Code = tuple[str | None, str]      # (system, code); no system: that of the element is meant


def apply(form: Form) -> bool:
    """Whether what is said of codes is said of a value of this form."""
    return form.type not in TEXTS or not form.said[0].element.name.endswith("[x]")


def level_of(binding: Binding) -> Level:
    """Of a finding about a code that is not in the value set."""
    return Level.WARNING if binding.value_set in SOFT else LEVELS[binding.strength]


def needed(walk: Walk, form: Form, path: str) -> None:
    """Tells where a code that is required is not there, whatever an extension says about why."""
    for bound in form.bound:
        if bound.binding.strength == "required":
            codes = walk.forms.definitions.codes(bound.binding.value_set)
            walk.error("fhir-binding", path, f"has no code; one is needed, {listed(codes, bound.binding.value_set)}", "", bound.source)


def check(walk: Walk, form: Form, value: Json, path: str) -> None:
    for bound in form.bound:
        _against(walk, bound, bound.binding.value_set, level_of(bound.binding), value, path)
    for bound in form.within:
        _against(walk, bound, bound.binding.within, Level.ERROR, value, path)


def _against(walk: Walk, bound: Bound, value_set: str, level: Level, value: Json, path: str) -> None:
    if member(walk, value_set, value) is not False or any(_is_no_code(walk, *each) for each in codes_of(value)):
        return
    codes = walk.forms.definitions.codes(value_set)
    if not any(True for _ in codes_of(value)):
        if level is Level.ERROR:
            walk.error("fhir-binding", path, f"has no code; one is needed, {listed(codes, value_set)}", "", bound.source)
        return
    must = "is not one of the codes asked for" if level is Level.ERROR else "is not one of the codes recommended"
    fix = "" if level is Level.ERROR else "if none of them fits, leave it as it is"
    walk.tell(level, "fhir-binding", path, f"{must}, {listed(codes, value_set)}", fix, bound.source)


def listed(codes: Codes | None, value_set: str) -> str:
    """Which codes a value set has, if they can be told in a line: `one of: male, female`."""
    every = [code for each in codes.codes.values() for code in sorted(each)] if codes and not codes.unlisted else []
    if not codes or not every or not codes.codes.keys() >= set(codes.whole) or len(every) > SHOWN:
        return f"those of the value set {value_set}"
    systems = f" (system {next(iter(codes.codes))})" if len(codes.codes) == 1 else ""
    return f"one of: {', '.join(every)}{systems}"


def member(walk: Walk, value_set: str, value: Json) -> bool | None:
    """Whether one of the codes of a value belongs to a value set; None where that cannot be told."""
    codes = walk.forms.definitions.codes(value_set)
    if codes is None:
        walk.unlisted[value_set] += 1
        return None
    answers = [_is_in(walk, codes, system, code) for system, code in codes_of(value)]
    if any(answers):
        return True
    return None if None in answers or _is_unlisted(codes, value) else False


def _is_unlisted(codes: Codes, value: Json) -> bool:
    """A coding without a code, of a system whose codes nobody can look up: HL7's validator lets it pass."""
    codings = _codings(value) if isinstance(value, dict) else ()
    return any(isinstance(each, dict) and each.get("system") in codes.unlisted and "code" not in each for each in codings)


def _is_in(walk: Walk, codes: Codes, system: str | None, code: str) -> bool | None:
    if system is None:
        known = any(code in each for each in codes.codes.values())
        return known or (None if codes.unlisted else any(_in_whole(walk, each, code) for each in codes.whole))
    if code in codes.codes.get(system, ()):
        return True
    if system in codes.whole:
        return _in_whole(walk, system, code)
    if system in codes.unlisted:
        walk.unlisted[system] += 1
        return None
    return False


def _in_whole(walk: Walk, system: str, code: str) -> bool | None:
    known = walk.forms.definitions.system(system)
    if known is None:
        walk.unlisted[system] += 1
        return None
    return displays_of(known, code) is not None


def _is_no_code(walk: Walk, system: str | None, code: str) -> bool:
    """Of its code system: that is told already (known), and is the fault."""
    known_system = walk.forms.definitions.system(system) if system else None
    return known_system is not None and displays_of(known_system, code) is None


def codes_of(value: Json) -> Iterator[Code]:
    """The codes that a bound value has: its own, or those of its codings. A Coding or Quantity of no system is of none ("")."""
    if isinstance(value, str):
        yield None, value
    elif isinstance(value, dict):
        for each in _codings(value):
            if isinstance(each, dict) and isinstance(code := each.get("code"), str):
                system = each.get("system")
                yield system if isinstance(system, str) else "", code


def _codings(value: dict[str, Json]) -> Sequence[Json]:
    codings = value.get("coding", [] if "text" in value else [value])
    return codings if isinstance(codings, list) else []


# Code systems -----------------------------------------------------------------------------------------------------------------------

def known(walk: Walk, value: Json, path: str) -> None:
    """A Coding of a code system of which all codes are known has one of them, and its display."""
    system, code, display = value.get("system"), value.get("code"), value.get("display")
    if not isinstance(system, str) or not isinstance(code, str):
        return
    if system == UCUM:
        known_unit(walk, code, path)
        return
    found = walk.forms.definitions.system(system)
    if found is not None and value.get("version", found.version) != found.version:
        walk.unlisted[system] += 1      # of another version nobody here knows the codes
        return
    if found is None:
        _unknown_system(walk, system, path)
        return
    displays = displays_of(found, code)
    if displays is None:
        walk.error("fhir-code", f"{path}.code", f"is no code of {system}", "capital letters matter; look the code up there", system)
    elif isinstance(display, str) and displays and display.casefold() not in map(str.casefold, displays):
        texts = " or ".join(f"“{each}”" for each in displays[:3])
        walk.error("fhir-display", f"{path}.display", f"is not what {system} calls this code: {texts}", "write that, or none", system)


def displays_of(system: CodeSystem, code: str) -> tuple[str, ...] | None:
    """None where it has no such code."""
    found = system.codes.get(code)
    if found is None and system.any_case:
        wanted = code.lower()
        return next((each for other, each in system.codes.items() if other.lower() == wanted), None)
    return found


def known_unit(walk: Walk, code: str, path: str) -> None:
    """No list holds all units of UCUM; its grammar tells which are."""
    if not is_unit(code):
        walk.error("fhir-code", f"{path}.code", "is no unit of UCUM", "write mg, mL, Cel, mm[Hg], /min; a tablet is {tablet}", UCUM)


def _unknown_system(walk: Walk, system: str, path: str) -> None:
    """Nobody can look its codes up; but what stands in HL7 FHIR's own namespace FHIR knows, or it is misspelt."""
    walk.unlisted[system if system in NAMED else OTHERS] += 1
    profile = walk.forms.definitions.profile(system)
    if profile is not None:
        walk.error("fhir-code", f"{path}.system", "is the URL of a profile, and no code system", "look its URL up", profile.url)
    elif is_misspelt(walk, system):
        walk.error("fhir-code", f"{path}.system", "is no code system of HL7 FHIR R4, in whose namespace it stands", "look its URL up")


def is_misspelt(walk: Walk, system: str) -> bool:
    """Whether it claims to stand in FHIR's own namespace, and FHIR knows nothing of that name."""
    known_as = walk.forms.definitions
    return (system.startswith(OWN) and not system.startswith(EXCEPT)
            and known_as.system(system) is None and known_as.codes(system) is None and known_as.profile(system) is None)
