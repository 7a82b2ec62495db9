"""Is this record older than what the server has? Then it is not sent, and takes nothing back, unless that is meant.

The time of what is there is said by the sender's Lists (their date), and by the mark on each row of hers: where there is no List, the rows
alone tell. A time that cannot be read says nothing.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator

from adapter.bundle import Names
from adapter.delivery.answer import Resource
from adapter.delivery.client import FhirClient
from adapter.delivery.mark import mark_of
from adapter.delivery.outcome import Verdict
from adapter.delivery.resident import Stopped, refuse
from mappings.bag import LISTED, CareRecord, Unlisted
from mappings.faults import BadValue
from mappings.findings import before
from mappings.values import when

LATER = "as_of: this record is of"  # how the sentence begins by which others know it


def not_older(as_of: str, there: Iterable[Resource], so: str) -> None:
    """`there`: the sender's Lists and rows of hers. `so`: what follows. Raises Stopped where one is of a later time."""
    if later := max((time for each in there for time in _times(each) if before(as_of, time)), default=None):
        raise Stopped(Verdict.REFUSED, f"{LATER} {as_of} and the server has one of {later}; {so}: send the newer one, or say that the "
                                       "older one is meant")


def _times(resource: Resource) -> Iterator[str]:
    dated = resource.get("date") if resource.get("resourceType") == "List" else None
    for said in (dated, mark_of(resource).as_of):
        if isinstance(said, str) and _is_time(said):
            yield said


def _is_time(said: str) -> bool:
    try:
        when.get(said)
    except BadValue:
        return False
    return True


async def other_lists(client: FhirClient, bag: CareRecord) -> list[Resource]:
    """The sender's Lists there of which this record says nothing: their time is known all the same. Raises Stopped and ClientError."""
    names = Names(bag.source, bag.resident.key or "")
    unsaid = [field for field in LISTED if getattr(bag, field) is Unlisted.NOT_SUPPLIED]
    return [made for field in unsaid if (made := await standing_there(client, f"List/{names.id('List', field)}"))]


async def standing_there(client: FhirClient, target: str) -> Resource | None:
    """What is under this id; None: nothing, or not any more."""
    answer = await client.get(target)
    if answer.status in (404, 410):
        return None
    refuse(answer)
    return answer.resource
