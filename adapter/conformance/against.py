"""What a resource is held against, and why: its type; what is named, by whoever asks or for where it stands; what it claims; the vital sign
that its code says it is; UK Core's profile of its type, and a package's.

    said, why = against(walk, resource, "Observation", path)      why[".../heartrate"] == "which holds for this code"

Source: HL7 FHIR R4, page Profiling ("Resource.meta.profile"). Named profiles stand instead of those that nobody asked for.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from adapter.conformance import vital_signs
from adapter.conformance.forms import Said
from adapter.conformance.model import Json, Profile
from adapter.conformance.values import ABSOLUTE
from adapter.fhir_xml.tables import lineage

if TYPE_CHECKING:
    from adapter.conformance.structure import Walk

CLAIMED, WANTED, OF_CODE = "which meta.profile claims", "which is asked for here", "which holds for this code"
BROUGHT = "the package's of this type"


def against(walk: Walk, resource: dict[str, Json], kind: str, path: str, named: Sequence[str] = (), there: Sequence[str] = ()) -> tuple[
        tuple[Said, ...], dict[str, str]]:
    """What says something of it, each once, its type first; and by the URL of a profile, why it holds where that is not plain. `named`,
    `there`: profiles that are asked for, by somebody and by what stands around it. Of what is not known it is told."""
    definitions = walk.forms.definitions
    named = (*named, *(url for url in walk.named if is_of(definitions.profile(url), kind)))
    wanted = [url for url in (*named, *there) if _fits(walk, url, kind, path)]
    claims = list(_claimed(walk, resource, kind, path))
    signs = vital_signs.implied(resource) if kind == "Observation" else []
    brought = definitions.brought(kind)
    usual = () if named else (definitions.implied(kind), *brought)
    every = [definitions.type(kind), *map(definitions.profile, (*wanted, *claims, *signs)), *usual]
    why = {each.url: BROUGHT for each in brought} | dict.fromkeys(claims, CLAIMED) | dict.fromkeys(wanted, WANTED)
    return tuple(Said(each.root, each) for each in {each.url: each for each in every if each and each.type == kind}.values()), (
        why | dict.fromkeys(signs, OF_CODE))


def resources_at(said: Sequence[Said]) -> Iterator[tuple[frozenset[str], str]]:
    """Of which types a resource is that stands in an element (Bundle.entry.resource), by each definition that says so, and its URL."""
    for each in said:
        if types := frozenset(type_.code for type_ in each.element.types) - {"Resource"}:
            yield types, each.source


def is_of(profile: Profile | None, kind: str) -> bool:
    """Whether it is a profile that a resource of this type can be held against."""
    return profile is not None and profile.type in lineage(kind)


def _fits(walk: Walk, url: str, kind: str, path: str) -> bool:
    """Whether a profile that is asked for is known, and one of this type; else it is told."""
    profile = walk.forms.definitions.profile(url)
    if profile is None:
        walk.error("fhir-profile", path, f"is to be held against {url}, which none of the definitions loaded knows", "load its package")
    elif not is_of(profile, kind):
        walk.error("fhir-profile", path, f"is to be held against {url}, a profile of {profile.type}, which it is not", "", url)
    return is_of(profile, kind)


def _claimed(walk: Walk, resource: dict[str, Json], kind: str, path: str) -> Iterator[str]:
    """The profiles of meta.profile that are known and of its type; of the others it is told, but of what is no URL, which is a fault of its
    own. A fragment is of no concern to HL7's validator."""
    meta = resource.get("meta")
    said = meta.get("profile") if isinstance(meta, dict) else None
    for index, each in enumerate(said if isinstance(said, list) else ()):
        url = each.partition("#")[0] if isinstance(each, str) else ""
        if ABSOLUTE.match(url) and _is_known(walk, url, kind, f"{path}.meta.profile[{index}]"):
            yield url


def _is_known(walk: Walk, url: str, kind: str, path: str) -> bool:
    profile = walk.forms.definitions.profile(url)
    if profile is None:
        walk.error("fhir-profile", path, "is a profile that none of the definitions loaded knows",
                   "claim only what is published (UK Core STU2 2.0.2), or load the package that defines it")
    elif not is_of(profile, kind):
        walk.error("fhir-profile", path, f"is a profile of {profile.type}, which this resource is not", "", profile.url)
    return is_of(profile, kind)
