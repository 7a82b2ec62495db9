"""What the shapes and rules say, printed: docs/mappings.md, required.md, rules.md, packages.md, and the same for `redbag mapping`. Pure.

    files()                     {"mappings.md": text, "required.md": text, "rules.md": text, "packages.md": text}
    page("Immunization")        one resource as data
"""
from __future__ import annotations

from adapter.docs.markdown import mappings
from adapter.docs.needed import required
from adapter.docs.packages import packages
from adapter.docs.pages import Constant, Group, Page, Row, page
from adapter.docs.rules import rules

__all__ = ["Constant", "Group", "Page", "Row", "files", "page"]


def files() -> dict[str, str]:
    """Every page printed from shapes and rules, by its file name."""
    return {"mappings.md": mappings(), "required.md": required(), "rules.md": rules(), "packages.md": packages()}
