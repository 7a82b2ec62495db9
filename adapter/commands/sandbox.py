"""`redbag sandbox`: a hospital to try things with, until it is interrupted."""
from __future__ import annotations

from pathlib import Path

from adapter.commands.exits import Exit, Stop
from adapter.commands.talk import Talk
from adapter.sandbox import ServeError, StoreError, serve


def run(port: int, file: Path | None, talk: Talk) -> Exit:
    def ready(address: str) -> None:
        talk.say(f"A sandbox hospital, not an NHS system: {address}   Made-up people only. Stop it with Ctrl-C.")

    try:
        serve(port, file=file, ready=ready)
    except (ServeError, StoreError) as error:
        raise Stop(Exit.NOTHING, str(error)) from None
    return Exit.DONE
