"""`redbag check --explain RULE`: what a rule is, by the id that stands in brackets behind every finding."""
from __future__ import annotations

from difflib import get_close_matches

from adapter.commands.exits import Exit, Stop
from adapter.commands.talk import Talk
from adapter.conformance import Checker
from adapter.conformance.rules.explaining import explain, names


def run(rule: str, checker: Checker, talk: Talk) -> Exit:
    """In whatever case it is written. Raises Stop for a rule that there is not."""
    rule = rule.strip("[] ")
    if not rule:
        raise Stop(Exit.USAGE, "--explain: name a rule, by the id in brackets behind a finding. docs/rules.md lists them.")
    text = explain(rule, checker.definitions) or explain(rule.lower(), checker.definitions)
    if text is None:
        near = ", ".join(get_close_matches(rule.lower(), names(), 3))
        raise Stop(Exit.USAGE, f"There is no such rule{f'; perhaps {near}' if near else ''}. docs/rules.md lists them.")
    if talk.as_json:
        talk.json("rule", {"rule": rule, "says": text})
    else:
        talk.data(text)
    return Exit.DONE
