"""The server that a verb speaks to, and what its verdicts mean for the exit code."""
from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from adapter.commands.exits import Exit, Stop
from adapter.delivery.answer import BadAddress
from adapter.delivery.client import FhirClient
from adapter.delivery.outcome import Verdict

TOKEN = "REDBAG_TOKEN"  # noqa: S105  # the name of the variable, not a token
EXITS: Mapping[Verdict, Exit] = {
    Verdict.DELIVERED: Exit.DONE, Verdict.REFUSED: Exit.NOTHING, Verdict.PERSON: Exit.PERSON, Verdict.LATER: Exit.AGAIN,
    Verdict.UNKNOWN: Exit.AGAIN}


def server(address: str) -> FhirClient:
    """A client, with the bearer token of the environment if there is one (a command line can be read by others). Raises Stop."""
    token = os.environ.get(TOKEN)
    if not _has_a_port(address):
        raise Stop(Exit.USAGE, "The server's address has a port that is none: expected a number from 1 to 65535.")
    try:
        return FhirClient(address, headers={"Authorization": f"Bearer {token}"} if token else {})
    except BadAddress as error:
        raise Stop(Exit.USAGE, f"{error}.") from None


def _has_a_port(address: str) -> bool:
    """One that can be, or none; what is wrong with the rest of an address is for the client to say."""
    try:
        return urlsplit(address.strip()).port != 0
    except ValueError:
        return False
