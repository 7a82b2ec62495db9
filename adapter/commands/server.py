"""The server that a verb speaks to, and what its verdicts mean for the exit code."""
from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from adapter import wire
from adapter.commands.exits import Exit, Stop
from adapter.commands.talk import Talk
from adapter.delivery.answer import BadAddress
from adapter.delivery.client import FhirClient
from adapter.delivery.outcome import Verdict

T = TypeVar("T")
TOKEN = "REDBAG_TOKEN"  # noqa: S105  # the name of the variable, not a token
EXITS: Mapping[Verdict, Exit] = {
    Verdict.DELIVERED: Exit.DONE, Verdict.REFUSED: Exit.NOTHING, Verdict.PERSON: Exit.PERSON, Verdict.LATER: Exit.AGAIN,
    Verdict.UNKNOWN: Exit.AGAIN}


def server(address: str, form: str = wire.JSON.name) -> FhirClient:
    """A client, with the bearer token of the environment if there is one (a command line can be read by others). Raises Stop."""
    token = os.environ.get(TOKEN)
    try:
        return FhirClient(address, headers={"Authorization": f"Bearer {token}"} if token else {}, form=wire.FORMATS[form])
    except BadAddress as error:
        raise Stop(Exit.USAGE, f"{error}.") from None


async def patiently(work: Coroutine[Any, Any, T], what: str, talk: Talk, every: float = 10.0) -> T:
    """What the work answers; whoever sits before it is told, each time so many seconds went by, that it still goes on."""
    task, waited = asyncio.create_task(work), 0.0
    try:
        while not (await asyncio.wait({task}, timeout=every))[0]:
            waited += every
            talk.say(f"{what}: waiting for the server, {waited:.0f} seconds so far")
        return task.result()
    finally:
        task.cancel()
