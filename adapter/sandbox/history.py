"""_history of a resource, a type or everything: every version, deletions included, the newest first.

Paged by position in the order of everything that happened, which only grows, so pages stay stable without being kept.
Source: FHIR R4 "RESTful API", history.
"""

from __future__ import annotations

from urllib.parse import urlencode

from adapter import wire
from adapter.sandbox.call import Answer, Call, Context, whole
from adapter.sandbox.dates import interval
from adapter.sandbox.outcome import Refusal, Resource
from adapter.sandbox.search import LARGEST, USUAL, link
from adapter.sandbox.store import Stored

STATUS = {"POST": "201 Created", "PUT": "200 OK", "DELETE": "204 No Content"}


def history(context: Context, call: Call) -> Answer:
    if call.id and context.tx.current(call.type, call.id) is None:
        raise Refusal(404, "not-found", "there never was such a resource here")
    said = dict(call.parameters)
    count, since, before = _asked(said)
    where = "(? = '' OR r.type = ?) AND (? = '' OR r.id = ?) AND v.updated >= ?"
    arguments = (call.type, call.type, call.id, call.id, since)
    versions = context.tx.history(f"{where} AND v.seq < ?", (*arguments, before), count + 1)
    here = f"{context.base}/{call.path}"
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "history",
        "total": context.tx.count_history(where, arguments),
        "link": [link("self", f"{here}?{urlencode(said)}" if said else here)],
    }
    if len(versions) > count:
        bundle["link"].append(link("next", f"{here}?{urlencode(said | {'_before': versions[count - 1].seq})}"))
    entries = [_entry(context, stored) for stored in versions[:count]]
    return Answer(200, bundle | {"entry": entries} if entries else bundle)


def _asked(said: dict[str, str]) -> tuple[int, str, int]:
    """How many, since when, and before which point in the order of everything: all else is refused."""
    count, before = whole(said.get("_count", str(USUAL))), whole(said.get("_before", "9" * 18))
    since = interval(said["_since"]) if "_since" in said else ("", "")
    if said.keys() - {"_count", "_since", "_before"} or not count or before is None or not since:
        raise Refusal(400, "invalid", "_history takes _count, a whole number from 1, and _since, an instant such as 2025-01-31T10:00:00Z")
    return min(count, LARGEST), since[0], before


def _entry(context: Context, stored: Stored) -> Resource:
    url = stored.type if stored.method == "POST" else stored.address
    status = "201 Created" if stored.version == 1 else STATUS[stored.method]
    entry: Resource = {"fullUrl": f"{context.base}/{stored.address}"}
    if stored.body is not None:
        entry["resource"] = wire.loads(stored.body)
    return entry | {
        "request": {"method": stored.method, "url": url},
        "response": {"status": status, "etag": stored.etag, "lastModified": stored.updated},
    }
