"""A disk of its own, in memory, that can be made full: for whoever may mount one."""
from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PLENTY = 300 << 20  # bytes; below 200 MB nothing is accepted


@dataclass(frozen=True)
class Disk:
    folder: Path

    def leave(self, free: int) -> None:
        """So many bytes are free from now on."""
        size = shutil.disk_usage(self.folder).used + free
        subprocess.run(["mount", "-o", f"remount,size={size}", self.folder], check=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk | None]:
    """None where none may be mounted."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={PLENTY}", "tmpfs", folder], capture_output=True, check=False)
    if mounted.returncode:
        yield None
        return
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
