"""What stands at an address, for `redbag check`: one resource, or one page of a search. Asked as any server is, with its limits."""
from __future__ import annotations

import asyncio
import time
from urllib.parse import parse_qsl, urlsplit

from adapter.commands import fhir
from adapter.commands.check_against import Against
from adapter.commands.exits import Exit, Stop
from adapter.commands.server import patiently, server
from adapter.commands.talk import Talk
from adapter.conformance import Finding, Level
from adapter.conformance.finding import ONE_PAGE
from adapter.conformance.report import Told, Unit
from adapter.delivery.answer import Answer, BadAnswer, ClientError, NotLetIn, Unreachable

LATER = frozenset({408, 429, *range(500, 600)})  # what a server says that may answer another time


def unit(address: str, against: Against, talk: Talk) -> Unit:
    """Raises Stop where there is no answer. What is told never has the query, nor an id: both may be a patient's."""
    began = time.perf_counter()
    try:
        answer = asyncio.run(patiently(_asked(address), "check", talk))
    except BadAnswer as bad:  # an answer, and not one that can be read
        where, _, says = str(bad).removeprefix("GET ").partition(": ")
        return Unit(where, "document", (Told(Finding(Level.ERROR, "not-fhir", "", says), where),))
    except (NotLetIn, ClientError) as error:
        raise Stop(Exit.AGAIN if isinstance(error, Unreachable) else Exit.NOTHING, f"{error}.") from None
    if not answer.ok or answer.resource is None:
        ended = Exit.AGAIN if answer.status in LATER else Exit.NOTHING
        raise Stop(ended, f"{answer.shown}: the server answers with status {answer.status}, and with nothing to check.")
    found = fhir.findings(answer.resource, against)
    if any(link.get("relation") == "next" for link in answer.listed("link")):
        total = answer.resource.get("total")
        of = f" of {total:,}" if isinstance(total, int) else ""
        says = f"only the first page was checked, {len(answer.listed('entry')):,}{of}"
        found.append(Finding(Level.WARNING, ONE_PAGE, "Bundle.link", says, "the others are at the link next, or ask with a larger _count"))
    told = tuple(Told(each, answer.shown.removeprefix("GET ")) for each in found)
    return Unit(answer.shown.removeprefix("GET "), "document", told, time.perf_counter() - began, *fhir.counted(answer.resource, found))


async def _asked(address: str) -> Answer:
    parts = urlsplit(address)
    async with server(f"{parts.scheme}://{parts.netloc}") as client:
        return await client.get(parts.path.lstrip("/"), parse_qsl(parts.query, keep_blank_values=True))
