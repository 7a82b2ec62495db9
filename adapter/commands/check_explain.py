"""`redbag check --explain RULE`: what a rule is, by the id that stands in brackets behind every finding."""
from __future__ import annotations

from difflib import get_close_matches

from adapter.commands.check_reading import READING, text_of
from adapter.commands.exits import Exit, Stop
from adapter.commands.talk import Talk
from adapter.conformance import Checker
from adapter.conformance.definitions import Definitions
from adapter.conformance.rules.explaining import explain, names


def run(rule: str, checker: Checker, talk: Talk) -> Exit:
    """Raises Stop for a rule that there is not."""
    rule = rule.strip("[] ")
    if (text := explained(rule, checker.definitions)) is None:
        near = ", ".join(get_close_matches(rule, [*names(), *READING], 3))
        raise Stop(Exit.USAGE, f"There is no such rule{f'; perhaps {near}' if near else ''}. docs/rules.md lists them.")
    if talk.as_json:
        talk.json("rule", {"rule": rule, "says": text})
    else:
        talk.data(text)
    return Exit.DONE


def explained(rule: str, definitions: Definitions | None = None) -> str | None:
    """Of any rule that a finding may have; None for one that there is not."""
    return text_of(rule) or explain(rule, definitions)
