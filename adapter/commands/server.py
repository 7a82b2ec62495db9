"""The server that a verb speaks to, by its address or by its name in the configuration; and what verdicts mean for the exit code."""
from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from adapter import wire
from adapter.bundle import Policy
from adapter.commands.exits import Exit, Stop
from adapter.commands.talk import Talk
from adapter.delivery.answer import BadAddress
from adapter.delivery.client import FhirClient, Limits
from adapter.delivery.outcome import Verdict
from adapter.delivery.profiles import UK_CORE, Profiles
from mappings.bag import CareRecord

if TYPE_CHECKING:
    from adapter.delivery.endpoints import Config, Endpoint
    from adapter.delivery.loads import Sending

T = TypeVar("T")
TOKEN = "REDBAG_TOKEN"  # noqa: S105  # the name of the variable, not a token
SECONDS = 90.0  # for one resident
EXITS: Mapping[Verdict, Exit] = {
    Verdict.DELIVERED: Exit.DONE, Verdict.REFUSED: Exit.NOTHING, Verdict.PERSON: Exit.PERSON, Verdict.LATER: Exit.AGAIN,
    Verdict.UNKNOWN: Exit.AGAIN}


class Said(NamedTuple):
    """What the command line says of how a server is spoken to; None where it says nothing."""

    patient: Literal["match", "create-if-missing", "upsert"] | None = None
    directory: Literal["logical", "existing", "own"] | None = None
    form: Literal["json", "xml"] | None = None
    seconds: float | None = None
    sending: Sending | None = None
    tolerate: tuple[str, ...] | None = None
    profiles: Profiles | None = None

    def options(self) -> dict[str, object]:
        names = ("--patient", "--directory", "--format", "--timeout", "--sending", "--tolerate", "--set or --package")
        return dict(zip(names, self, strict=True))

    def said_of(self, endpoint: Endpoint) -> Endpoint:
        """As it is configured, but for what is said here."""
        stated = {name: value for name, value in self._replace(profiles=None)._asdict().items() if value is not None}
        return endpoint.model_copy(update=stated).asking(self.profiles or endpoint.profiles)


@dataclass(frozen=True)
class There:
    """A server that is spoken to now: through which client, under which policy, for how many seconds a resident; what to look at where it
    does not let us in; how what is written travels, which errors are tolerated, and by what it is proven; and, where it is configured,
    what is said of it there."""

    client: FhirClient
    policy: Policy
    seconds: float
    credentials: str
    sending: Sending = "transaction"
    tolerate: tuple[str, ...] = ()
    profiles: Profiles = UK_CORE
    endpoint: Endpoint | None = None

    def may_have(self, care_record: CareRecord) -> None:
        """Raises Faults where this endpoint may not be told of it, and NotProven."""
        if self.endpoint:
            from adapter.delivery.accepting import items

            items(care_record, self.endpoint)


def there(to: str, said: Said, config: Path | None, talk: Talk) -> There:
    """Raises Stop."""
    if not is_address(to):
        return _configured(to, said, config, talk)
    policy = Policy(said.patient or "match", directory=said.directory or "logical")
    return There(server(to, said.form or wire.JSON.name), policy, said.seconds or SECONDS, f"A token is taken from {TOKEN}",
                 said.sending or "transaction", said.tolerate or (), said.profiles or UK_CORE)


@dataclass(frozen=True)
class Later:
    """An endpoint for which things are accepted."""

    config: Config
    endpoint: Endpoint


def later(name: str, config: Path | None, talk: Talk) -> Later:
    """Raises Stop."""
    from adapter.commands.configured import endpoint

    if is_address(name):
        raise Stop(Exit.USAGE, "--durable is for an endpoint of the configuration: write its address there, and name it with --to NAME.")
    found = _named(config, talk)
    return Later(found, endpoint(found, name))


def _named(config: Path | None, talk: Talk) -> Config:
    """Raises Stop."""
    from adapter.commands.configured import configured
    from adapter.delivery.endpoints import find

    if not (file := find(config)).exists():
        raise Stop(Exit.USAGE, f"That is no address (https://HOST/PATH), and there is no {file} in which an endpoint could have that name: "
                               "write it (docs/endpoints.md says how), or name another with --config.")
    return configured(config, talk)


def _configured(name: str, said: Said, config: Path | None, talk: Talk) -> There:
    from adapter.delivery.endpoints import connect

    found = later(name, config, talk)
    one = said.said_of(found.endpoint)
    if one.dialect != "fhir":
        raise Stop(Exit.USAGE, f"{name} takes messages, and no records: what it gets is accepted with --durable.")
    policy = Policy(one.patient, directory=one.directory, most=one.most_entries, most_bytes=one.most_bytes, dmd=one.dmd,
                    form=wire.FORMATS[one.form])
    return There(connect(one), policy, one.seconds, f"{found.config.file} says who we are there", one.sending, one.tolerate,
                 one.profiles, one)


def is_address(to: str) -> bool:
    """An endpoint's name has letters, digits and . _ - only."""
    return ":" in to or "/" in to


def server(address: str, form: str = wire.JSON.name, limits: Limits | None = None) -> FhirClient:
    """A client, with the bearer token of the environment if there is one (a command line can be read by others). Raises Stop."""
    token = os.environ.get(TOKEN)
    try:
        return FhirClient(address, headers={"Authorization": f"Bearer {token}"} if token else {}, form=wire.FORMATS[form],
                          limits=limits)
    except BadAddress as error:
        raise Stop(Exit.USAGE, f"{error}.") from None


def now_or_later(durable: bool, later: Mapping[str, object], now: Mapping[str, object]) -> None:
    """`later`: options of what is only accepted; `now`: of what is sent at once. Raises Stop where they are mixed."""
    given = [option for option, value in (now if durable else later).items() if value not in (None, False)]
    if given and durable:
        raise Stop(Exit.USAGE, f"{', '.join(given)}: not with --durable, for what is accepted is delivered later and as the configuration "
                               "says.")
    if given:
        raise Stop(Exit.USAGE, f"{', '.join(given)}: only with --durable.")


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
