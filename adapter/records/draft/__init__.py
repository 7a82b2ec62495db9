"""A layout that is proposed from what an export looks like: from the names of its columns and the kinds of their values.

    survey(path)            what is in the export, seen without a layout: tables, columns, forms of values, which keys agree
    page(survey)            the draft: TOML in which every proposed line is commented out, with its evidence

Nothing of a draft counts until a person takes the `#` away: a name that fits is evidence, not knowledge.
"""
from __future__ import annotations

from adapter.records.draft.page import page
from adapter.records.draft.survey import Survey, survey

__all__ = ["Survey", "page", "survey"]
