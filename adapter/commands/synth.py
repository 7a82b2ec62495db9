"""`redbag synth`: residents who do not exist, as NDJSON in the native format, or in a vendor's own form."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from adapter import synth
from adapter.commands import files, places, streams
from adapter.commands.exits import Exit, Stop
from adapter.commands.talk import Step, Talk, count
from adapter.synth.homes import home_of
from mappings.bag import CareRecord
from mappings.faults import BadValue
from mappings.values import instant

SOME = 200      # residents who are written at once


@dataclass(frozen=True)
class Wanted:
    """Which residents: `n` of them, from number `start`, as the export of the time `as_of` or of the day `before` has them."""

    n: int
    seed: int
    start: int = 0
    as_of: str = synth.AS_OF
    hard: bool = False
    before: bool = False

    def checked(self) -> Wanted:
        """Raises Stop."""
        try:
            instant.put(self.as_of)
        except BadValue as bad:
            raise Stop(Exit.USAGE, f"--as-of: {bad}.") from None
        if self.start + self.n > synth.MOST:
            raise Stop(Exit.USAGE, f"There are {synth.MOST:,} NHS numbers of the test range, one for each resident: ask for fewer.")
        return self

    def lines(self) -> Iterator[bytes]:
        return synth.residents(self.n, self.seed, self.hard, self.start, self.as_of, self.before)

    def records(self) -> Iterator[CareRecord]:
        return synth.care_records(self.n, self.seed, self.hard, self.start, self.as_of, self.before)

    def one_of_each_home(self) -> Iterator[CareRecord]:
        for number in range(self.start, self.start + self.n):
            if number in (self.start, home_of(self.seed, number).first):
                yield from replace(self, n=1, start=number).records()


def run(wanted: Wanted, layout: Path | None, out: Path, talk: Talk) -> Exit:
    with talk.progress("Making residents", wanted.n) as step:
        if layout:
            said = in_form(wanted, layout, out, talk, step)
        elif str(out) == files.STDOUT:
            said = native(wanted, streams.out, step)
        else:
            with files.writing(out) as file:
                said = f"{native(wanted, file.write, step)} in {out}"
    talk.say(f"{said}.")
    return Exit.DONE


def native(wanted: Wanted, write: Callable[[bytes], object], step: Step) -> str:
    """What is to be said about it."""
    some = list[bytes]()
    for number, line in enumerate(wanted.lines(), 1):
        some.append(line)
        if len(some) == SOME or number == wanted.n:
            write(b"\n".join([*some, b""]))
            some.clear()
            step(number)
    return f"Made: {count(wanted.n, 'resident')} who do not exist"


def in_form(wanted: Wanted, layout: Path, out: Path, talk: Talk, step: Step) -> str:
    """What is to be said about it. Raises Stop."""
    from adapter.commands.exported import layout_of, stopped
    from adapter.faults import Refused
    from adapter.records.rows.writing import write_export
    from adapter.synth.vendor import VendorForm

    if str(out) == files.STDOUT:
        raise Stop(Exit.USAGE, "A vendor's export is a file or a folder: name it with -o.")
    places.is_new(out, layout)
    form = VendorForm(layout_of(layout, talk))
    top = form.top(wanted.one_of_each_home())
    try:
        made = write_export(out, form.layout.settings, top, form.trees(stepping(wanted.records(), step)))
    except Refused as refused:
        raise stopped(refused.found, str(out), talk) from None
    residents = wanted.n - form.left_out.total()
    told = [f"Made: {count(residents, 'resident')} who do not exist, in {out} ({count(len(made), 'file')})"]
    told += [f"left out were {count(n, 'resident')}: {why}" for why, n in sorted(form.left_out.items())]
    told += [f"without {n:,} of their {name}, for which the form has too few words" for name, n in sorted(form.without.items())]
    return "; ".join(told)


def stepping(records: Iterator[CareRecord], step: Step) -> Iterator[CareRecord]:
    for number, record in enumerate(records, 1):
        yield record
        step(number)
