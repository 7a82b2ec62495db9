"""A sandbox hospital in a process of its own: python -m tests.durable.hospital FILE. It ends when its standard input does."""
from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from adapter.sandbox import serve


def ready(url: str) -> None:
    sys.stdout.write(f"READY {url}\n")
    sys.stdout.flush()


def ends_with_who_started_it() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=ends_with_who_started_it, daemon=True).start()
    serve(0, file=Path(sys.argv[1]), ready=ready)
