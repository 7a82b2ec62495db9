"""How `redbag check` ends: what is said when all has been told, to a person and to programs."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from adapter.commands.exits import Exit
from adapter.commands.talk import count
from adapter.conformance import Level
from adapter.conformance.finding import UNREAD, is_at_least
from adapter.conformance.report import Summary
from adapter.conformance.report.told import line

MANY = 20  # findings; where there are more, it is told how often each rule was broken
MORE = "What else may be wrong there is looked for when the errors are right: check again."  # a walk does not go on through what is broken
LONG = 1.0  # seconds; a shorter run is not worth a word


def sentence(summary: Summary) -> str:
    """
    >>> sentence(Summary(files=1, holds=3, residents=3, bad=1, levels=Counter({Level.WARNING: 8})))
    'Checked: 3 residents, 1 refused, 8 warnings.'
    >>> sentence(Summary(fails=Level.WARNING, files=1, holds=1, residents=1, bad=1, levels=Counter({Level.ERROR: 2})))
    'Checked: 1 resident, 1 not right by --fail-on warning, 2 errors.'
    >>> sentence(Summary(files=2, holds=1, lost=1))
    'Checked: 2 files, 1 resource, 1 file that cannot be read.'
    """
    resources, orphans, unread = summary.holds - summary.residents, summary.orphans, summary.lost - summary.orphans
    said = [count(summary.files, "file")] * (summary.files > 1)
    said += [count(summary.residents, "resident")] * (summary.residents > 0)
    said += [count(resources, "resource")] * (resources > 0)
    wrong = "refused" if summary.fails is Level.ERROR else f"not right by --fail-on {summary.fails}"
    said += [f"{summary.bad:,} {wrong}"] * (summary.bad > 0)
    said += [f"{count(orphans, 'row')} that belong{'s' * (orphans == 1)} to nobody"] * (orphans > 0)
    said += [f"{count(unread, 'file')} that cannot be read"] * (unread > 0)
    said += [count(summary.levels[level], level) for level in (Level.ERROR, Level.WARNING) if summary.levels[level]]
    took = f", in {summary.seconds:.1f} s" * (summary.seconds > LONG)
    return f"Checked: {', '.join(said)}{took}."


def lines(summary: Summary, shown: int, least: Level = Level.WARNING) -> Iterator[str]:
    """What is said before the last sentence. `shown`: so many findings were, of those that are at `least` so grave."""
    grave = summary.levels[Level.ERROR] + summary.levels[Level.WARNING]
    if grave > MANY:
        yield from (f"{number:>9,} × {level} {rule}" for level, rule, number in summary.by_rule() if level is not Level.INFORMATION)
    if summary.levels[Level.ERROR]:
        yield MORE
    if shown < (asked := sum(number for level, number in summary.levels.items() if is_at_least(level, least))):
        yield f"Shown: the first {shown:,} of {count(asked, 'finding')} (--most)."
    if least is Level.ERROR and (warnings := summary.levels[Level.WARNING]):
        yield f"Not shown: {count(warnings, 'warning')} (--least error)."
    yield from (f"Held against {url}: {count(number, 'resource')}." for url, number in summary.held.items())
    if summary.apart:
        several = ", ".join(summary.apart)
        yield f"The packages have several profiles of {several}: they hold where one is claimed, or named with --profile."
    if unseen := [each.told for each in summary.unseen()]:
        yield f"Not checked: {', '.join(unseen)}."
    yield from (f"  of a package: {line(str(each))}" for each in summary.left_open[:MANY])
    if len(summary.left_open) > MANY:
        yield f"  and {len(summary.left_open) - MANY:,} more of packages; --json lists all."


def as_json(summary: Summary, exit: Exit) -> dict[str, Any]:
    rules: Counter[str] = Counter()
    for _, rule, number in summary.by_rule():
        rules[rule] += number
    orphans = {"orphans": summary.orphans} if summary.orphans else {}
    return {
        "exit": exit, "files": summary.files, "residents": summary.residents, "resources": summary.holds - summary.residents,
        "refused": summary.bad, **orphans, "errors": summary.levels[Level.ERROR], "warnings": summary.levels[Level.WARNING],
        "information": summary.levels[Level.INFORMATION], "unread": rules[UNREAD], "rules": dict(rules),
        **({"held_against": dict(summary.held)} if summary.held else {}),
        "not_checked": dict(summary.not_checked), **({"left_open": list(map(str, summary.left_open))} if summary.left_open else {}),
        "not_looked_up": dict(summary.not_looked_up), "definitions": list(summary.sets),
        "seconds": round(summary.seconds, 3)}
