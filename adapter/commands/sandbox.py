"""`redbag sandbox`: a hospital to try things with, until it is interrupted."""
from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from adapter.commands.exits import Exit, Stop
from adapter.commands.talk import Talk
from adapter.sandbox import LACKS, ServeError, StoreError, serve


def run(port: int, file: Path | None, without: Collection[str], talk: Talk) -> Exit:
    """Raises Stop."""
    if unknown := [each for each in without if each not in LACKS]:
        raise Stop(Exit.USAGE, f"--without {unknown[0]}: it can be without {', '.join(LACKS)}, and nothing else.")

    def ready(address: str) -> None:
        talk.say(f"A sandbox hospital, not an NHS system: {address}   Made-up people only. Stop it with Ctrl-C.")

    try:
        serve(port, file=file, ready=ready, without=without)
    except (ServeError, StoreError) as error:
        raise Stop(Exit.NOTHING, str(error)) from None
    return Exit.DONE
