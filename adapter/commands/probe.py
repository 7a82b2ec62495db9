"""`redbag probe`: a server is asked what it can, and how we should send to it is proposed, as a section of redbag.toml."""
from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from adapter.commands import files
from adapter.commands.exits import Exit, Stop
from adapter.commands.server import Said, is_address, server, there
from adapter.commands.talk import Talk, count
from adapter.delivery.client import FhirClient
from adapter.delivery.probe import How, Profile, Row, Wanted, probe, proposed
from adapter.delivery.probe.asking import LIMITS
from adapter.delivery.probe.person import SYSTEM

MARKS = {How.YES: "yes", How.NO: "no", How.AS_IT_IS: "so", How.UNKNOWN: "?"}
WRITES = ("What is made there is for a test resident who does not exist: each with the tag HTEST and an identifier of {system}. It is "
          "removed at the end, also after Ctrl-C; wait for that.")


def run(to: str, form: str, wanted: Wanted, out: Path | None, config: Path | None, talk: Talk) -> Exit:
    """Raises Stop."""
    client, name = _client(to, form, config, talk)
    return ask(client, name, wanted, out, talk)


def ask(client: FhirClient, name: str, wanted: Wanted, out: Path | None, talk: Talk) -> Exit:
    """`name`: what the endpoint is to be called. Raises Stop."""
    if out and out.exists():
        raise Stop(Exit.USAGE, f"{out} is there already, and is not written over: name another file with --out.")
    if out and not out.parent.is_dir():
        raise Stop(Exit.USAGE, f"{out.parent} is no folder: make it, or name another file with --out.")
    if wanted.write:
        talk.say(WRITES.format(system=SYSTEM))
    rows = asyncio.run(_asked(client, wanted, talk))
    profile = proposed(rows)
    if profile:
        _told(profile, name, client.base, out, talk)
    ended = _ended(rows, profile)
    answers = {how.value: sum(row.how is how for row in rows) for how in How}
    talk.result({"exit": ended, **answers, "sending": profile.sending if profile else None}, _last(rows, profile, out))
    return ended


def _client(to: str, form: str, config: Path | None, talk: Talk) -> tuple[FhirClient, str]:
    """And what the endpoint is to be called. Raises Stop."""
    if is_address(to):
        client = server(to, form, LIMITS)
        host = re.sub(r"[^A-Za-z0-9._-]", "-", urlsplit(client.base).hostname or "").strip("-._") or "server"
        return client, host.partition(".")[0] if not host[0].isdigit() else "server"
    return there(to, Said(), config, talk).client, to


async def _asked(client: FhirClient, wanted: Wanted, talk: Talk) -> list[Row]:
    async with client:
        return await probe(client, wanted, lambda row: tell(row, talk))


def tell(row: Row, talk: Talk) -> None:
    says = f"{MARKS[row.how]:>4}  {row.question}\n      {row.asked}\n      came: {row.came}\n      so: {row.means}"
    talk.found("row", _as_json(row), says, data=True)


def _as_json(row: Row) -> dict[str, Any]:
    return {**{key: value for key, value in asdict(row).items() if value is not None}, "how": row.how.value}


def _told(profile: Profile, name: str, base: str, out: Path | None, talk: Talk) -> None:
    section = profile.toml(name, base)
    said = {**{key: value for key, value in asdict(profile).items() if value is not None}, "name": name, "url": base}
    talk.found("profile", said, f"\n{section}".rstrip(), data=True)
    if out:
        files.write(out, section.encode())


def _ended(rows: Sequence[Row], profile: Profile | None) -> Exit:
    by = {row.name: row.how for row in rows}
    if by.get("removed") is How.NO:
        return Exit.PERSON
    if by.get("server") is How.UNKNOWN:
        return Exit.AGAIN
    return Exit.DONE if profile else Exit.NOTHING


def _last(rows: Sequence[Row], profile: Profile | None, out: Path | None) -> str:
    asked = f"{count(len(rows), 'question')} asked"
    if rows[0].how is How.UNKNOWN:
        return f"{asked}; it could not be reached now: try again."
    if profile is None:
        return f"{asked}; nothing can be sent there as it is."
    where = f"; {out} says so, for redbag.toml" if out else ""
    return f"{asked}; proposed: sending = \"{profile.sending}\"{where}."
