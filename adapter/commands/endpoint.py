"""`redbag endpoint`: the servers that redbag.toml names, and whether one can be reached. No message is sent, and no secret is shown."""
from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from adapter.commands import configured
from adapter.commands.exits import Exit
from adapter.commands.server import patiently
from adapter.commands.talk import Talk, count
from adapter.delivery.endpoints import Endpoint
from adapter.delivery.endpoints.config import FILE
from adapter.delivery.endpoints.quiet import Quiet
from adapter.delivery.endpoints.trial import How, Step, steps
from adapter.delivery.profiles import UK_CORE

ENDED = {How.WELL: Exit.DONE, How.DOUBT: Exit.DONE, How.AGAIN: Exit.AGAIN, How.NO: Exit.NOTHING}
MARKS = {How.WELL: "ok", How.DOUBT: "look", How.AGAIN: "not now", How.NO: "no"}


def list_(config: Path | None, talk: Talk) -> Exit:
    """Raises Stop."""
    found = configured.configured(config, talk)
    for endpoint in found.endpoints.values():
        talk.found("endpoint", as_json(endpoint), sentence(endpoint), data=True)
    number = len(found.endpoints)
    talk.result({"exit": Exit.DONE, "endpoints": number}, f"{found.file}: {count(number, 'endpoint')}.")
    return Exit.DONE


def example(talk: Talk) -> Exit:
    talk.data(files("adapter").joinpath("examples", FILE).read_bytes().rstrip())
    return Exit.DONE


def try_(config: Path | None, name: str, talk: Talk) -> Exit:
    """Raises Stop."""
    endpoint = configured.endpoint(configured.configured(config, talk), name)
    found = asyncio.run(patiently(_tried(endpoint, talk), name, talk))
    ended = max(ENDED[step.how] for step in found)
    doubts = sum(step.how is How.DOUBT for step in found)
    talk.result({"exit": ended, "endpoint": name, "doubts": doubts}, _last(name, ended, doubts))
    return ended


async def _tried(endpoint: Endpoint, talk: Talk) -> list[Step]:
    found = list[Step]()
    async for step in steps(endpoint):
        found.append(step)
        talk.found("step", {"name": step.name, "how": step.how.value, "says": step.says}, f"{MARKS[step.how]:>7}  {step.says}", data=True)
    return found


def _last(name: str, ended: Exit, doubts: int) -> str:
    if ended is Exit.DONE:
        return f"{name} can be reached" + (f"; {count(doubts, 'thing')} to look at." if doubts else ".")
    return f"{name} cannot be reached now: try again." if ended is Exit.AGAIN else f"{name} cannot be used as it is configured."


# ---- one endpoint in a line ------------------------------------------------------------------------------------------------
def sentence(endpoint: Endpoint) -> str:
    return f"{endpoint.name}: {endpoint.url} ({', '.join(_traits(endpoint))})"


def _traits(endpoint: Endpoint) -> Iterator[str]:
    yield from (endpoint.dialect, endpoint.form, f"patient {endpoint.patient}", f"directory {endpoint.directory}")
    if endpoint.sending != "transaction":
        yield f"sending {endpoint.sending}"
    if endpoint.profiles != UK_CORE:
        yield f"proven by {', '.join((endpoint.definitions, *(path.name for path in endpoint.packages)))}"
    if left_out := len(endpoint.profiles.checker.definitions.left_out) if endpoint.packages else 0:
        yield f"without {count(left_out, 'definition')} that cannot be read: redbag check --package names them"
    yield "nothing said of who we are" if endpoint.auth.kind == "none" else endpoint.auth.kind
    if endpoint.certificate:
        yield "with our certificate"
    if endpoint.proxy:
        yield "no proxy" if endpoint.proxy.get_secret_value() == "none" else "through a proxy"
    yield f"{endpoint.concurrency} at once"
    if endpoint.rate:
        yield f"{endpoint.rate:g} requests a second"
    if endpoint.quiet:
        yield f"quiet {', '.join(map(_hours, endpoint.quiet))}"


def _hours(quiet: Quiet) -> str:
    return f"{quiet.start:%H:%M}-{quiet.end:%H:%M} {quiet.zone}"


def as_json(endpoint: Endpoint) -> dict[str, Any]:
    return {"name": endpoint.name, "url": endpoint.url, "dialect": endpoint.dialect, "form": endpoint.form, "patient": endpoint.patient,
            "directory": endpoint.directory, "sending": endpoint.sending,
            "definitions": endpoint.definitions, "packages": [path.name for path in endpoint.packages],
            "auth": endpoint.auth.kind, "certificate": bool(endpoint.certificate),
            "concurrency": endpoint.concurrency, "rate": endpoint.rate, "quiet": [_hours(each) for each in endpoint.quiet]}
