"""Slices: the elements of a list shared out among the kinds that a profile tells apart, and what is asked of each kind.

Source: HL7 FHIR R4, page Profiling, "Slicing"; how they are told apart is in discriminators.py.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from adapter.conformance.compiling import parts
from adapter.conformance.discriminators import by_codes_alone, matcher, told_apart
from adapter.conformance.forms import Forms, Said, Slice, Sliced, Spot, sliced_by
from adapter.conformance.model import Profile

if TYPE_CHECKING:
    from adapter.conformance.gathering import Item
    from adapter.conformance.structure import Here, Walk

Shares = dict[int, tuple[Said, ...]]      # what slices say of an item, by its place in the list
Seen = set[tuple[str, ...]]


def shared(walk: Walk, spot: Spot, items: Sequence[Item], path: str, here: Here | None = None) -> Shares:
    """Tells of slices that are too many, too few, out of order, or not allowed for."""
    found: Shares = {}
    for sliced in spot.sliced:
        _share(walk, sliced, dict(enumerate(items)), path, here, found)
    return found


def _share(walk: Walk, sliced: Sliced, items: dict[int, Item], path: str, here: Here | None, found: Shares) -> None:
    matchers = [matcher(walk.forms, sliced, each) for each in sliced.slices]
    if not is_told_apart(walk.forms, sliced):
        return      # by nobody: listed as not checked
    numbered = list(enumerate(matchers))
    places = {index: [place for place, matches in numbered if matches and matches(walk, item, here)] for index, item in items.items()}
    if any(len(hits) > 1 for hits in places.values()) and any(by_codes_alone(walk.forms, sliced, each) for each in sliced.slices):
        places = {index: hits[:1] for index, hits in places.items()}
    _arrangement(walk, sliced, items, places)
    for place, each in enumerate(sliced.slices):
        mine = {index: items[index] for index, hits in places.items() if hits[:1] == [place]}
        found.update({index: (*found.get(index, ()), each.said) for index in mine})
        _number(walk, each, len(mine), path, sliced)
        for inner in sliced_by(each.said, sliced.said):
            _share(walk, inner, mine, path, here, found)


def _number(walk: Walk, each: Slice, count: int, path: str, sliced: Sliced) -> None:
    least, most = each.said.element.least, each.said.element.most
    says = ""
    if count < least:
        says = f"needs {'one' if least == 1 else f'at least {least}'} of the kind {each.name}, and has {count or 'none'}"
    elif most is not None and count > most:
        says = f"has {count} of the kind {each.name}; {f'at most {most}' if most else 'none'} may be given"
    if says:
        walk.error("fhir-slice", path, f"{says}{told_apart(walk.forms, each, sliced)}", "", sliced.source)


def _arrangement(walk: Walk, sliced: Sliced, items: dict[int, Item], places: dict[int, list[int]]) -> None:
    """Each element of one kind. Closed: none but the slices. At the end open: others behind them. Ordered: the slices in their order."""
    names, last, others = ", ".join(each.name for each in sliced.slices), -1, False
    for index, hits in places.items():
        says = ""
        if len(hits) > 1:
            says = f"is of several kinds at once: {', '.join(sliced.slices[place].name for place in hits)}"
        elif not hits and sliced.slicing.rules == "closed":
            says = f"is of no kind that may stand here; the profile allows only: {names or 'none'}"
        elif hits and others and sliced.slicing.rules == "openAtEnd":
            says = "stands behind elements of other kinds, which may only stand at the end"
        elif hits and sliced.slicing.ordered and hits[0] < last:
            says = f"is out of order; the profile asks for: {names}"
        if says:
            walk.error("fhir-slice", items[index].path, says, "", sliced.source)
        last, others = max([last, *hits]), others or not hits


# Not checked ------------------------------------------------------------------------------------------------------------------------

def is_told_apart(forms: Forms, sliced: Sliced) -> bool:
    """Whether it can be evaluated what tells its slices apart."""
    return bool(sliced.slicing.discriminators) and all(matcher(forms, sliced, each) is not None for each in sliced.slices)


def not_told_apart(forms: Forms, profile: Profile) -> list[str]:
    """The elements of a definition, by id, of whose slices nobody can tell which is which."""
    if not any(each.slices for each in parts(profile.root)):
        return []
    kind = forms.definitions.type(profile.type) or profile
    said = (Said(kind.root, kind), *([Said(profile.root, profile)] if profile is not kind else ()))
    found = {id(each.said[-1].element): each for each in _slicings(forms, profile.type, said, profile, set())}
    return [each.said[-1].element.id for each in found.values() if each.slices and not is_told_apart(forms, each)]


def _slicings(forms: Forms, kind: str, said: tuple[Said, ...], owner: Profile, seen: Seen) -> Iterator[Sliced]:
    """Those that a definition states in a value of this type, as far in as it says anything."""
    for spot, code in dict.fromkeys(forms.of(kind, said).keys.values()):
        yield from _of_elements(forms, code, spot.said, [each for each in spot.sliced if each.said[-1].owner is owner], owner, seen)


def _of_elements(forms: Forms, kind: str, said: tuple[Said, ...], found: Sequence[Sliced], owner: Profile, seen: Seen) -> Iterator[Sliced]:
    elements = [each.element for each in said if each.owner is owner]
    own = (kind, *(each.id for each in elements))
    if own in seen or not any(part.slices for each in elements for part in parts(each)):
        return
    seen.add(own)
    yield from found
    yield from _slicings(forms, kind, said, owner, seen)
    for sliced in found:
        for each in sliced.slices:
            yield from _of_elements(forms, kind, (*said, each.said), sliced_by(each.said, sliced.said), owner, seen)
