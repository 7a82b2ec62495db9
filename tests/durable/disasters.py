"""What goes wrong beside a kill, as stories that hold on every database and before every server."""
from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from adapter.delivery.store.model import Receipt
from tests.durable import report
from tests.durable.effects import Found, all_said, seen_at
from tests.durable.people import Plan, dose
from tests.durable.trial import HOSPITAL, LEASE, Trial, after, ended, killed, stopped, until

Disaster = Callable[[Trial, str], None]  # told in a column of the report
DAY = 86_400.0
HOME = "https://home.example"


def became(receipts: Iterable[Receipt]) -> list[str]:
    return [receipt.became for receipt in receipts]


def batched(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (keys[at:at + size] for at in range(0, len(keys), size))


def told(trial: Trial, column: str, row: str, *plans: Plan) -> None:
    """Into the report, and red where anything differs."""
    found = Found(*map(sum, zip(*trial.found(plans).values(), strict=True)))
    report.keep(column, {row: report.cell(1, sum(plan.residents * plan.each for plan in plans), found)})
    assert found == Found()


# ---- what is in the lane -----------------------------------------------------------------------------------------------------------------
def a_b_a(trial: Trial) -> None:
    """A, B, A is three deliveries and three versions; A again is none."""
    plan = Plan(f"{HOME}/aba", residents=1)
    a, b = (replace(plan.item(HOSPITAL, "r1", number), event=None, as_of=None) for number in (1, 2))
    assert became(trial.take([item])[0] for item in (a, b, a, a)) == ["accepted", "accepted", "accepted", "repeat"]
    trial.settle()
    there = all_said(plan, seen_at(trial.server, {plan.source}))
    assert there["MedicationStatement", "r1/m1"] == [dose(1), dose(2), dose(1)]


def poisoned(trial: Trial, column: str) -> None:
    """One resident is refused: nobody else waits. A complete record passes her held lane and supersedes what waited there."""
    ill, well = Plan(f"{HOME}/ill", residents=1), Plan(f"{HOME}/well", residents=6)
    trial.proxied.meets(odds={"422": 1}, only=ill.source)
    trial.accept(ill, well)
    with trial.calm(1):
        until(lambda: trial.states() == Counter(done=18, dead=1, queued=2))
    told(trial, column, "one resident is refused", well)
    trial.proxied.meets()
    (receipt,) = trial.take([replace(ill.item(HOSPITAL, "r1", 9), kind="complete")])
    assert (receipt.became, receipt.superseded) == ("accepted", 2)
    trial.settle()
    assert trial.states() == Counter(done=19, dead=1, superseded=2)
    assert all_said(ill, seen_at(trial.server, {ill.source}))["MedicationStatement", "r1/m1"] == [dose(9)]


def fails_for_one(trial: Trial, column: str) -> None:
    """A server that fails whenever it sees her: nobody else waits, and she is sent when it has been mended."""
    ill, well = Plan(f"{HOME}/fails", residents=1, each=2), Plan(f"{HOME}/works", residents=6)
    trial.proxied.meets(odds={"500": 1}, only=ill.source)
    trial.accept(ill, well)
    with trial.calm(1):
        until(lambda: trial.states() == Counter(done=18, queued=2))
        trial.proxied.meets()
        until(lambda: not trial.waiting())
    told(trial, column, "the server fails for one resident", ill, well)


# ---- time --------------------------------------------------------------------------------------------------------------------------------
def clock_set(trial: Trial, column: str) -> None:
    """Forward and back while a worker runs: nothing expires, nothing waits for a time that has passed long ago, nothing is out of order."""
    plans = [Plan(f"{HOME}/clock{jump:+.0f}", residents=3) for jump in (3 * DAY, -3 * DAY)]
    for plan, jump in zip(plans, (3 * DAY, -3 * DAY), strict=True):
        trial.take(replace(item, lasts=3600.0) for item in plan.items(HOSPITAL))
        ended(trial.start(f"clock{jump:+.0f}", jumps=jump))
    trial.settle()
    told(trial, column, "the clock is set while a worker runs, three days forward, three back", *plans)


def clock_wrong(trial: Trial, column: str) -> None:
    """A worker whose clock is a year ahead, and then one whose clock is right: what was put off is not put off for a year."""
    plan = Plan(f"{HOME}/ahead", residents=3)
    trial.proxied.meets(first=["500"] * 3, methods=["POST"])
    trial.accept(plan)
    killed(after(trial.start("ahead", wrong=365 * DAY, until_idle=False), 1.0))
    trial.settle()
    told(trial, column, "a worker's clock is a year ahead, the next one's is right", plan)


def a_week_offline(trial: Trial, column: str) -> None:
    """Then all of it, urgent lanes first, one at a time to begin with and never more than may be."""
    urgent, usual = Plan(f"{HOME}/urgent", residents=5), Plan(f"{HOME}/usual", residents=25)
    trial.proxied.down()
    trial.take([*usual.items(HOSPITAL), *(replace(item, urgent=True) for item in urgent.items(HOSPITAL))])
    with trial.calm(1):
        time.sleep(1.5)
    assert trial.states() == Counter(queued=90)
    trial.proxied.up()
    trial.proxied.meets(odds={"delay:0.03": 1}, words=[urgent.source], methods=["POST"])
    ended(trial.start("back", wrong=7 * DAY))
    posts = [seen for seen in trial.proxied.log() if seen["method"] == "POST"]
    assert len(posts) == 90
    assert all(seen["in_flight"] <= number for number, seen in enumerate(posts, 1))
    assert max(seen["in_flight"] for seen in posts) == 8  # the endpoint's concurrency
    first = [number for number, seen in enumerate(posts) if seen["words"]]
    assert first[:5] == [0, 1, 2, 3, 4]
    assert first[-1] < 45  # in 5 lanes there are 3 for each, one after the other; and room for others beside them
    told(trial, column, "a week offline, then all of it", urgent, usual)


# ---- processes ---------------------------------------------------------------------------------------------------------------------------
def stopped_past_its_lease(trial: Trial, column: str) -> None:
    """SIGSTOP with a request about to go out; others bury it and go on; SIGCONT: it sends nothing more of that."""
    plan = Plan(f"{HOME}/stopped", residents=3)
    trial.accept(plan)
    sleeper = trial.start("sleeper", point="send.before-request", nth=2, stops=True, until_idle=False)
    until(lambda: stopped(sleeper))
    trial.settle()
    assert sleeper.pid
    os.kill(sleeper.pid, signal.SIGCONT)
    until(lambda: "begins anew" in trial.said())  # it was buried; or the database has ended a session that slept in a transaction
    sleeper.terminate()
    ended(sleeper)
    told(trial, column, "a worker is stopped past its lease, and goes on", plan)


def stopped_in_a_transaction(trial: Trial, column: str) -> None:
    """SIGSTOP as it settles: what it has locked does not hold up the others for longer than the database lets a session sleep."""
    hers, others = Plan(f"{HOME}/locked", residents=2), Plan(f"{HOME}/others", residents=6)
    trial.accept(hers)
    sleeper = trial.start("sleeper", point="settle.before-commit", nth=2, stops=True, until_idle=False)
    until(lambda: stopped(sleeper))
    trial.accept(others)
    trial.settle()
    assert sleeper.pid
    os.kill(sleeper.pid, signal.SIGCONT)
    until(lambda: "begins anew" in trial.said())
    sleeper.terminate()
    ended(sleeper)
    told(trial, column, "a worker is stopped in the middle of a transaction, and goes on", hers, others)


def stopped_alone(trial: Trial, column: str) -> None:
    """The same with nobody there to go on: it goes on itself."""
    plan = Plan(f"{HOME}/alone", residents=3)
    trial.accept(plan)
    sleeper = trial.start("sleeper", point="send.before-request", nth=2, stops=True, until_idle=False)
    until(lambda: stopped(sleeper))
    time.sleep(LEASE + 1)
    assert sleeper.pid
    os.kill(sleeper.pid, signal.SIGCONT)
    until(lambda: not trial.waiting())
    sleeper.terminate()
    ended(sleeper)
    told(trial, column, "the only worker is stopped past its lease, and goes on", plan)


def found_dead(trial: Trial, column: str) -> None:
    """By a worker that ends when nothing waits, as one that is started every few minutes: it does not leave what another died with."""
    plan = Plan(f"{HOME}/dead", residents=3)
    trial.accept(plan)
    ended(trial.start("dead", point="claim.committed"), -signal.SIGKILL)
    ended(trial.start("next"))
    told(trial, column, "a worker died, and the next one ends when nothing waits", plan)


def two_of_one_kind(trial: Trial, column: str, what: str, name: str) -> None:
    """The second is refused, and the first does not notice. `name` is the second one's."""
    plan = Plan(f"{HOME}/two", residents=3)
    first = trial.start("one", until_idle=False)
    ended(after(trial.start(name), 0.1), 1)
    assert "WorkerRunning" in trial.said()
    trial.accept(plan)
    until(lambda: not trial.waiting())
    first.terminate()
    ended(first)
    told(trial, column, what, plan)


def no_room(trial: Trial, column: str) -> None:
    """Files cannot grow: what was told accepted is there all the same, and is delivered when they can."""
    plan, other = Plan(f"{HOME}/room", residents=4), Plan(f"{HOME}/no-room", residents=4)
    trial.accept(plan)
    lines, items = trial.folder / "told", other.items(HOSPITAL)
    ended(trial.start_accepting([items[n:n + 1] for n in range(len(items))], lines, room=_file_size(trial) + 20_000), 1)
    ended(trial.start("no-room", room=_file_size(trial) + 20_000), 1)
    assert "Traceback" in trial.said()
    again = trial.take(items)
    assert became(again[:len(lines.read_text(encoding="utf-8").splitlines())]) == ["repeat"] * len(lines.read_text().splitlines())
    trial.settle()
    told(trial, column, "a file may not grow", plan, other)


def _file_size(trial: Trial) -> int:
    return max(file.stat().st_size for file in trial.folder.glob("redbag.db*"))


# ---- how much ----------------------------------------------------------------------------------------------------------------------------
def many_wait(trial: Trial, column: str, many: int = 100_000) -> None:
    """A worker starts with so many before it. Told: how soon it sends the first, and what memory it takes meanwhile."""
    plan = Plan(f"{HOME}/many", residents=many, each=1)
    with trial.store() as store:
        for keys in batched(plan.keys(), 2000):
            store.accept([plan.item(HOSPITAL, key, 1) for key in keys])
    before, began = trial.states(), time.monotonic()
    worker = trial.start("many", until_idle=False)
    until(lambda: bool(trial.proxied.log()))
    after(worker, 2.0)
    memory, first = peak_memory(worker), trial.proxied.log()[0]["at"] - began
    killed(worker)
    assert before == Counter(queued=many)
    assert trial.states()["done"]
    report.keep(column, {f"{many:,} wait when a worker starts": f"first one sent after {first:.1f} s, {memory} MB at most"})


def peak_memory(process: ForkServerProcess) -> int:
    """Megabytes, resident, its most until now. Source: proc(5)."""
    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM"))
