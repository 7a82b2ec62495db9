"""How what is written travels: in a transaction, in batches, or one resource after the other. Pure.

    transaction     all or nothing; what is written refers to each other by urn
    batch           each entry by itself, so whatever another refers to goes in a batch before it
    single          PUT by PUT, in the same order; the Patient by a conditional create where the server chooses her id

Whichever it is, a resource has the same id and says the same, so a sending that was cut off goes on in any of them. Below a transaction
references lead only to what stands there: under ids of ours, and to her Patient under the id that the server has told of.
Source: HL7 FHIR R4, RESTful API (transaction, batch: no interdependencies between entries; conditional create; If-Match).
"""
from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Literal, NamedTuple

from adapter.bundle import Part, Row
from adapter.delivery.answer import Resource
from adapter.delivery.dialects.decision import Asked
from adapter.delivery.difference import Difference, named, rewritten
from adapter.delivery.outcome import Outcome, Verdict, called
from adapter.delivery.resident import Stopped

Sending = Literal["transaction", "batch", "single"]
Stands = MutableMapping[str, str]  # what a reference says of somebody whose id the server chose -> where she stands

TO_COME = "to-come"  # an id
CIRCLE = ("{names}: refer to each other, so none can go before the other, and this server is sent no transactions (`sending`): name them "
          "by identifier (`directory` logical), leave one of the references out, or have one of them made there first")


class Going(NamedTuple):
    """One entry that is written."""

    entry: Resource
    row: Row
    difference: Difference
    resource: Resource

    @property
    def names(self) -> tuple[str, ...]:
        """What others call it in their references."""
        request = self.entry["request"]
        return (self.row.target,) if self.row.target else (self.entry["fullUrl"], f"{request['url']}?{request['ifNoneExist']}")

    def request(self) -> dict[str, str]:
        version = self.difference.version
        return {**self.entry["request"], **({"ifMatch": f'W/"{version}"'} if version else {})}


Staged = tuple[Part, list[list[Going]]]  # what of a part is written, and in which order


@dataclass(frozen=True)
class Load:
    """One request, and what it carries. `headers`: its preconditions, where it is no bundle."""

    method: Literal["POST", "PUT"]
    path: str
    resource: Resource = field(repr=False)
    going: tuple[Going, ...]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def rows(self) -> list[Row]:
        return [each.row for each in self.going]

    @property
    def is_bundle(self) -> bool:
        return not self.path

    @property
    def asked(self) -> Asked:
        expects = any(each.difference.version for each in self.going)
        return Asked(self.method, entries=len(self.going) if self.is_bundle else 0, fresh=True, if_match=expects)

    def stamped(self, data: bytes) -> bytes:
        """What makes it another request than any other, for its X-Request-ID: of a bundle all stands in it."""
        return data if self.is_bundle else "\n".join((self.method, self.path, *self.headers.values(), "")).encode() + data

    def stand(self, outcome: Outcome) -> dict[str, str]:
        """Of those whose id the server chose: where they now stand."""
        at = {each.row: each.target for each in outcome.rows if each.target}
        return {name: at[each.row] for each in self.going if each.row.target is None and each.row in at for name in each.names}

    def is_untold(self, outcome: Outcome) -> bool:
        """Was something taken under an id of the server's, which it does not say?"""
        made = {each.row for each in self.going if each.row.target is None}
        return outcome.verdict is Verdict.DELIVERED and bool(made - {each.row for each in outcome.rows if each.target})


def stages(part: Part, found: Mapping[Row, Difference], sending: Sending) -> list[list[Going]]:
    """What is written of a part: together, or in such an order that all that one refers to goes before it. Raises Stopped where they refer
    to each other in a circle."""
    entries = [(entry, row, found[row]) for entry, row in zip(part.bundle["entry"], part.rows, strict=True)]
    going = [Going(entry, row, d, d.resource) for entry, row, d in entries if d.resource is not None]
    return ([going] if going else []) if sending == "transaction" else _ordered(going)


def planned(staged: Iterable[Staged], sending: Sending) -> Iterator[Load]:
    """Every request as it will be made, before the first is. Where the server is still to choose an id, there stands one that it might."""
    stands = dict[str, str]()
    for part, stage in staged:
        chosen = [each for going in stage for each in going if each.row.target is None]
        stands |= {name: f"{each.row.type}/{TO_COME}" for each in chosen for name in each.names}
        yield from loads(part, stage, sending, stands)


def loads(part: Part, staged: Sequence[Sequence[Going]], sending: Sending, stands: Stands) -> Iterator[Load]:
    """One after the other, each made when the one before was taken and `stands` says where."""
    for stage in staged:
        if sending == "transaction":
            yield _transaction(part, stage)
        elif sending == "batch":
            entries = [{**each.entry, "resource": _placed(each.resource, stands), "request": each.request()} for each in stage]
            yield Load("POST", "", {**part.bundle, "type": "batch", "entry": entries}, tuple(stage))
        else:
            yield from (_alone(each, stands) for each in stage)


def _transaction(part: Part, going: Sequence[Going]) -> Load:
    """What goes is referred to by urn, what is there by its id."""
    urns = {each.row.target: each.entry["fullUrl"] for each in going if each.row.target and each.entry["fullUrl"].startswith("urn:")}
    entries = [{**each.entry, "resource": _placed(each.resource, urns), "request": each.request()} for each in going]
    return Load("POST", "", {**part.bundle, "entry": entries}, tuple(going))


def _alone(each: Going, stands: Stands) -> Load:
    request = each.request()
    said = {"If-Match": request.get("ifMatch"), "If-None-Exist": request.get("ifNoneExist")}
    method: Literal["POST", "PUT"] = "POST" if request["method"] == "POST" else "PUT"
    headers = {name: value for name, value in said.items() if value}
    return Load(method, request["url"], _placed(each.resource, stands), (each,), headers)


def _placed(resource: Resource, stands: Mapping[str, str]) -> Resource:
    made: Resource = rewritten(resource, lambda said: stands.get(said, said))
    return made


# ---- order -----------------------------------------------------------------------------------------------------------------
def _ordered(going: Sequence[Going]) -> list[list[Going]]:
    """Of what goes round in a circle, what stands there already need not go first."""
    new = {n for n, each in enumerate(going) if each.difference.state == "new"}
    circle: list[int] = []
    for before in (set(range(len(going))), new):
        try:
            return list(_sorted(going, before))
        except CycleError as error:
            circle = error.args[1]
    raise Stopped(Verdict.REFUSED, CIRCLE.format(names=", ".join(dict.fromkeys(called(going[n].row) for n in circle))))


def _sorted(going: Sequence[Going], before: Collection[int]) -> Iterator[list[Going]]:
    """`before`: those that go before whatever refers to them. Raises CycleError."""
    called_by = {name: n for n, each in enumerate(going) if n in before for name in each.names}
    needs = {n: {called_by[said] for said in named(each.resource) if said in called_by} - {n} for n, each in enumerate(going)}
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        sorter.done(*ready)
        yield [going[n] for n in ready]
