"""kill -9: at every labelled point, the first time and a later time; and at random moments, while the network goes wrong as well."""
from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

from adapter.delivery.points import POINTS
from tests.durable import report
from tests.durable.effects import Found
from tests.durable.people import Plan
from tests.durable.trial import HOSPITAL, Trial, ended, killed

Form = Literal["bundle", "record"]
NTH = {"first": 1, "later": 4}
HELD_UP = 3.0  # seconds for a worker to come to a point, before there is more to do
LIFE = 0.4  # seconds that a worker lives at most
SOURCE = "https://home.example"
ROUGH = {"pass": 80.0, "swallow": 5.0, "lost": 4.0, "truncate": 4.0, "reset": 4.0, "503": 3.0}  # weights: what a request meets


class Killed(NamedTuple):
    """What was done: how often it died there, with what accepted, and what differs at the server at the end."""

    times: int
    deliveries: int
    found: Found


def at_every_point(trial: Trial, column: str, form: Form = "bundle", workers: int = 1) -> None:
    """Each time with deliveries of its own; others work on meanwhile where there are more workers than one."""
    plans = dict[str, list[Plan]]()
    with trial.calm(workers - 1):
        for point in POINTS:
            for which, nth in NTH.items():
                plan = Plan(f"{SOURCE}/{column}/{point}/{which}".replace(" ", ""), 4 * workers, 3, form)
                kill = _accepting if point.startswith("accept.") else _working
                if kill is _accepting and which == "later":
                    plan = replace(plan, residents=12, each=1, events=False)
                plans[f"killed at {point}, {which}"] = kill(trial, plan, point, nth)
    trial.settle(workers)
    found = trial.found([plan for some in plans.values() for plan in some])
    _told(column, {row: _killed(1, some, found) for row, some in plans.items()})


def at_random_moments(trial: Trial, column: str, times: int, seconds: float, form: Form = "bundle", workers: int = 1) -> None:
    """So many times, or for so long. Whoever dies is followed by another of another name, as when a service is started again."""
    dice, until, plans, kills = random.Random(times), time.monotonic() + seconds, list[Plan](), 0  # noqa: S311  # the same in every run
    trial.proxied.meets(odds=ROUGH, seed=times)
    team = {f"{number}-0": trial.start(f"{number}-0", until_idle=False) for number in range(workers)}
    with trial.store() as store:
        while kills < times and time.monotonic() < until:
            plans.append(Plan(f"{SOURCE}/{column}/random/{kills}".replace(" ", ""), 3, 2, form))  # so that there is always something due
            store.accept(plans[-1].items(HOSPITAL))
            time.sleep(dice.uniform(0, LIFE))
            name = dice.choice([*team])
            killed(team.pop(name))
            kills += 1
            number = name.partition("-")[0]
            team[f"{number}-{kills}"] = trial.start(f"{number}-{kills}", until_idle=False)
    for process in team.values():
        killed(process)
    trial.proxied.meets()
    trial.settle(workers, patience=180)
    _told(column, {"killed at random moments": _killed(kills, plans, trial.found(plans))})


def _working(trial: Trial, plan: Plan, point: str, nth: int) -> list[Plan]:
    """Until it has come to that point; the others may have been quicker."""
    plans, victim = [plan], trial.start(f"{point}-{nth}", point=point, nth=nth, until_idle=False)
    for again in range(1, 20):
        trial.accept(plans[-1])
        victim.join(HELD_UP)
        if victim.exitcode is not None:
            ended(victim, -signal.SIGKILL)
            return plans
        plans.append(replace(plan, source=f"{plan.source}/{again}"))
    raise AssertionError(f"no worker came to {point} for the time {nth}: {trial.said()[-2000:]}")


def _accepting(trial: Trial, plan: Plan, point: str, nth: int) -> list[Plan]:
    """What was told accepted is there; all may be given in again, and nothing is there twice."""
    items, told = plan.items(HOSPITAL), trial.folder / f"told-{point}-{nth}"
    batches = [items[at:at + 2] for at in range(0, len(items), 2)]
    ended(trial.start_accepting(batches, told, point=point, nth=nth), -signal.SIGKILL)
    before = _lines(told)
    with trial.store() as store:
        receipts = [receipt for batch in batches for receipt in store.accept(batch)]
    kept = [(receipt.became, receipt.delivery) for receipt in receipts[:len(before)]]
    assert kept == [("repeat", delivery) for _, delivery in before]
    assert Counter(receipt.became for receipt in receipts[len(before):]).keys() <= {"accepted", "repeat"}
    assert len({receipt.delivery for receipt in receipts}) == len(items)
    return [plan]


def _lines(told: Path) -> list[tuple[str, int]]:
    """Of each delivery that was told accepted before the kill: what, and its id."""
    text = told.read_text(encoding="utf-8") if told.exists() else ""
    return [(became, delivery) for _, became, delivery in map(json.loads, text.splitlines())]


def _killed(times: int, plans: Sequence[Plan], found: Mapping[str, Found]) -> Killed:
    return Killed(times, sum(plan.residents * plan.each for plan in plans),
                  Found(*map(sum, zip(*(found[plan.source] for plan in plans), strict=True))))


def _told(column: str, cells: Mapping[str, Killed]) -> None:
    report.keep(column, {row: report.cell(*killed) for row, killed in cells.items()})
    assert {row: killed.found for row, killed in cells.items()} == dict.fromkeys(cells, Found())
