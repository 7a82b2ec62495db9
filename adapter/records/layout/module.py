"""The vendor's own functions: a Python module beside the layout, loaded only where the layout names it.

It runs as part of this program and can do whatever this program can: it is the vendor's own code on the vendor's own machine.
"""
from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from adapter.records.layout.options import Options


class Functions:
    """By name; None for one that is not there. The module is loaded once, when the layout is."""

    def __init__(self, export: Options, folder: Path) -> None:
        self.module = self._loaded(export, folder) if export.text("module") else None

    def __call__(self, name: str) -> Callable[..., Any] | None:
        found = getattr(self.module, name, None) if self.module else None
        return found if callable(found) else None

    @staticmethod
    def _loaded(export: Options, folder: Path) -> ModuleType | None:
        name = export.text("module")
        if Path(name).name != name or not name.endswith(".py"):
            export.no(("module",), "is the name of a Python file beside the layout, such as larkfield.py")
            return None
        if not (folder / name).is_file():
            export.no(("module",), "is no file beside the layout")
            return None
        spec = importlib.util.spec_from_file_location(f"redbag_layout_{Path(name).stem}", folder / name)
        assert spec is not None  # noqa: S101 - it ends with .py
        assert spec.loader is not None  # noqa: S101 - it ends with .py
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:  # noqa: BLE001 - whatever a module of theirs raises while it is loaded
            export.no(("module",), f"cannot be loaded: Python says {type(error).__name__}")
            return None
        return module
