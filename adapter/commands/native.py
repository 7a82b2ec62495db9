"""`redbag records`: the native format for others to see."""
from __future__ import annotations

from adapter import wire
from adapter.commands.exits import Exit
from adapter.commands.talk import Talk
from adapter.records.schema import example, schema


def run(what: str, talk: Talk) -> Exit:
    talk.data(wire.pretty(schema() if what == "schema" else example()).decode().rstrip())
    return Exit.DONE
