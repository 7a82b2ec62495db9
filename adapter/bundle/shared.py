"""What belongs to no resident, each in a transaction of its own: homes, practices and people that many residents share. Pure.

    shared(bag) -> [Shared("Organization/5f…", (), part), ...]      whatever one of them needs comes before it

The same practice of fifty residents gives the same bytes fifty times. What refers to each other in a circle (a home to its main location,
and that to the home) cannot go one after the other, and travels together. Source: HL7 FHIR R4, page References (literal references).
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from adapter.bundle.identity import strongest
from adapter.bundle.policy import Part, Row
from adapter.bundle.sending import UNKNOWN, Links, Made, Resource, changing, names_of, resource_of, stop, twice
from mappings import bag as bags
from mappings.bag import CareRecord
from mappings.faults import Fault
from mappings.references import references, relink_here
from mappings.values import Ref


class Shared(NamedTuple):
    """`subject` is "Organization/<our id>", of a circle the first by name; `needs` are subjects that must be there before. `rows`: where
    what it was made from stands in the care record ("organizations[0]")."""

    subject: str
    needs: tuple[str, ...]
    part: Part
    rows: tuple[str, ...]


def shared(bag: CareRecord) -> list[Shared]:
    """Raises Faults with everything that cannot be written, each named by its place in the care record."""
    faults = list[Fault]()
    made = _directory(bag, faults)
    stop(faults or twice(made))
    targets = {each.name: _target(each) for each in made}
    needs = {_target(each): {targets[name] for name in _names_in(each) if name in targets} for each in made}
    with_whom = _circles(needs)
    groups = dict[str, list[Made]]()
    for each in made:
        groups.setdefault(with_whom[_target(each)], []).append(each)
    graph = {head: sorted({with_whom[to] for each in group for to in needs[_target(each)]} - {head}) for head, group in groups.items()}
    out = [Shared(head, tuple(graph[head]), _part(groups[head], targets, faults), tuple(each.row.path for each in groups[head]))
           for head in TopologicalSorter(graph).static_order()]
    stop(faults)
    return out


def ours(bag: CareRecord) -> Mapping[tuple[str, str], str]:
    """What each of them is known by -> "Organization/<our id>", as `Policy.known` wants it. Raises Faults."""
    faults = list[Fault]()
    made, names = _directory(bag, faults), names_of(bag)
    stop(faults)
    known: dict[tuple[str, str], str] = {strongest(each.resource, names): _target(each) for each in made}
    return known


def _directory(bag: CareRecord, faults: list[Fault]) -> list[Made]:
    names = names_of(bag)
    return [resource_of(row, names, faults) for row in bags.directory(bag)]


def _target(made: Made) -> str:
    return f"{made.row.kind}/{made.id}"


def _names_in(made: Made) -> Iterable[str]:
    return (f"{to.type}/{to.key}" for _, to in references(made.row.record) if isinstance(to, Ref))


def _circles(needs: Mapping[str, set[str]]) -> dict[str, str]:
    """Of each, with whom it travels: itself, or the first of the circle in which it stands."""
    with_whom = {one: one for one in needs}
    while True:
        graph = dict[str, set[str]]()
        for one, others in needs.items():
            graph.setdefault(with_whom[one], set()).update({with_whom[other] for other in others} - {with_whom[one]})
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as circle:
            joined = set(circle.args[1])
            with_whom = {one: min(joined) if head in joined else head for one, head in with_whom.items()}
        else:
            return with_whom


def _part(group: list[Made], targets: Mapping[str, str], faults: list[Fault]) -> Part:
    """PUTs under our ids: to each other by urn, to others by id. Without a time, which would be of one resident's record."""
    lost, entries = list[str](), list[Resource]()
    links: Links = {**targets, **{each.name: each.urn for each in group}}
    change = changing(links, lost)
    for each in group:
        resource = relink_here(dict(each.resource), each.plan, change)
        entries.append({"fullUrl": each.urn, "resource": resource, "request": {"method": "PUT", "url": _target(each)}})
        faults += [Fault(each.row.path, "-", UNKNOWN)] * bool(lost)
        lost.clear()
    rows = tuple(Row(each.row.path.partition("[")[0], each.row.kind, _target(each)) for each in group)
    return Part({"resourceType": "Bundle", "type": "transaction", "entry": entries}, rows, group[0].urn, 1, 1)
