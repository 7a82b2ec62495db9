"""A leaf of a layout: one field of the record, from one or several values of the row, and back.

    sources -> join | split -> remove -> table | date | time | number | function -> the field
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from adapter.records.kinds import Concept, Kind
from adapter.records.layout.alike import same
from adapter.records.layout.forms import Cannot, Dates
from adapter.records.layout.here import Bad, Doubtful, Here, Json, Names
from adapter.records.layout.paths import Path, every, one, only, start
from adapter.records.layout.steps import Function, Step, Table
from adapter.records.layout.tree import Out, put, spot
from adapter.records.rows.row import Steps
from adapter.records.spot import Spot

Raw = Any
Reader = Callable[[Here], Json]
OTHER_WORDS = "only the code is written, by the vendor's own for it, and not what else was said"
WRONG: Any = object()  # stands in the JSON for a value that could not be read, until the faults are told


@dataclass
class Leaf:
    """`names`: from the element of a list that it is in. `many`: the field is a list. `readonly`: why nothing is written, or empty."""

    names: Names
    kind: Kind
    sources: tuple[Path, ...]
    steps: tuple[Step, ...]
    many: bool = False
    join: str | None = None
    split: str | None = None
    nothing: frozenset[str] = frozenset()
    readonly: str = ""
    options: dict[str, Any] = field(default_factory=dict)  # as the layout has them, for people

    constant = False

    @cached_property
    def function(self) -> Function | None:
        return next((step for step in self.steps[-1:] if isinstance(step, Function)), None)

    @property
    def invertible(self) -> str:
        """Empty, or why something is not written back as it was."""
        return self.readonly or "; ".join(filter(None, (step.invertible for step in self.steps)))

    def leaves(self) -> Iterator[Leaf]:
        yield self

    def within(self, depth: int) -> bool:
        """Do its paths stay in what is so many objects up?"""
        return all(path.up <= depth and not path.top for path in self.sources)

    # ---- reading -----------------------------------------------------------------------------------------------------------
    def reader(self, *, traced: bool = False) -> Reader:
        read = self._simple() if len(self.sources) == 1 and not self.many and self.split is None else self._general()
        return self._traced(read) if traced else read

    @cached_property
    def firsts(self) -> frozenset[str]:
        """Without one of these names in the row there is no value."""
        return frozenset(path.first for path in self.sources)

    def _simple(self) -> Reader:
        """Most fields: one value, through one or two functions."""
        get, nothing, gets = one(self.sources[0]), self.nothing, [step.get for step in self.steps]
        convert = gets[0] if len(gets) == 1 else self._chain

        def read(here: Here) -> Json:
            try:
                value = get(here)
                if value is None or value in nothing:
                    return None
                return convert(value)
            except (Bad, Doubtful) as said:
                return self._told(here, said)

        return read

    def _general(self) -> Reader:
        firsts = self.firsts

        def read(here: Here) -> Json:
            if "" not in firsts and here.row.keys().isdisjoint(firsts):
                return None
            try:
                return self.made(self.gathered(here))
            except (Bad, Doubtful) as said:
                return self._told(here, said)

        return read

    def _traced(self, read: Reader) -> Reader:
        def traced(here: Here) -> Json:
            value = read(here)
            if here.run.trace is not None and value is not None:
                found = [steps for path in self.sources for v, steps in every(path, here) if self.says(v)]
                here.run.trace.fields[(*here.names, *self.names)] = found
            return value

        return traced

    def _told(self, here: Here, said: Bad | Doubtful) -> Json:
        if isinstance(said, Bad):
            here.no(said, self.names, self.found(here))
            return WRONG
        here.doubt(said, self.names, self.found(here))
        return said.value

    def says(self, raw: Raw) -> bool:
        """Does it say something? Not a blank text, not a word of nothing."""
        return raw is not None and not (raw.__class__ is str and (raw in self.nothing or not raw or raw.isspace()))

    def found(self, here: Here) -> Steps:
        """Where its value stands, or would."""
        found = [steps for path in self.sources for _, steps in every(path, here)]
        return found[0] if found else (*start(self.sources[0], here)[1], *self.sources[0].names)

    def gathered(self, here: Here) -> list[list[Raw]]:
        """The values of each source."""
        return [[value for value, _ in every(path, here)] for path in self.sources]

    def made(self, raws: list[list[Raw]]) -> Json:
        """The field's value, or None. Raises Bad and Doubtful."""
        raws = [[v for v in values if self.says(v)] for values in raws]
        if not any(raws):
            return None
        if self.join is not None or self.function:
            parts = [only(values) for values in raws]
            if self.function and len(parts) > 1:
                return self.function.get(tuple(parts))
            raws = [[self._joined(parts)] if self.join is not None else parts]
        values = [v for values in raws for v in values]
        if self.split is not None:
            values = [piece for v in values for piece in self._pieces(v)]
        if self.function or not self.many:
            return self._chain(only(values))
        return self._each(values)

    def _joined(self, parts: list[Raw]) -> str:
        if not all(part is None or part.__class__ is str for part in parts):
            raise Bad("wrong-type", "only texts can be joined")
        return str(self.join).join(part for part in parts if part is not None)

    def _pieces(self, value: Raw) -> list[str]:
        if value.__class__ is not str:
            raise Bad("wrong-type", "only a text can be split")
        return [piece for piece in map(str.strip, value.split(self.split)) if self.says(piece)]

    def _each(self, values: list[Raw]) -> Json:
        made, doubt = list[Json](), ""
        for value in values:
            try:
                made.append(self._chain(value))
            except Doubtful as doubtful:
                made.append(doubtful.value)
                doubt = doubtful.says
        if doubt:
            raise Doubtful(made, doubt)
        return made or None

    def _chain(self, value: Raw) -> Json:
        for step in self.steps:
            value = step.get(value)
        return value

    # ---- writing -----------------------------------------------------------------------------------------------------------
    def current(self, here: Here) -> Json:
        """What is read there now; WRONG where it cannot be read."""
        try:
            return self.made(self.gathered(here))
        except Bad:
            return WRONG
        except Doubtful as doubtful:
            return doubtful.value

    def clear(self, here: Here, out: Out, names: Names) -> None:
        self.write(None, here, out, names)

    def write(self, value: Json, here: Here, out: Out, names: Names) -> None:
        """Only what is not there already: so the vendor's own spelling stays."""
        if value is None and "" not in self.firsts and here.row.keys().isdisjoint(self.firsts):
            return
        value = self._plain(value, out, names)
        if not self._alike(self.current(here), value):
            try:
                self._put(value, here, out, names)
            except Cannot as cannot:
                out.no(value, names, str(cannot))
                return
        if value is not None:
            out.claimed |= {spot(path, here): here.row for path in self.sources}

    def _alike(self, now: Json, value: Json) -> bool:
        return same(now, value) or (self.dates is not None and self.dates.same(now, value))

    @cached_property
    def dates(self) -> Dates | None:
        return next((step for step in self.steps if isinstance(step, Dates)), None)

    def _put(self, value: Json, here: Here, out: Out, names: Names) -> None:
        if self.readonly:
            raise Cannot(self.readonly)
        if any(spot(path, here) in out.claimed for path in self.sources):
            raise Cannot("stands where another field is written, which says something else")
        raws = self.unmade(self._fitting(value, out, names))
        for path, values in zip(self.sources, raws, strict=True):
            put(path, here, values, out, many=self._repeats)

    @property
    def _repeats(self) -> bool:
        """Does one source hold all values of a list?"""
        return self.many and len(self.sources) == 1 and self.split is None and not self.function

    def _fitting(self, value: Json, out: Out, names: Names) -> Json:
        """Of a list as much as there are columns for it."""
        room = len(self.sources)
        if not self.many or self.function or self.join is not None or room == 1 or value is None:
            return value
        for i, more in enumerate(value[room:], room):
            out.no(more, (*names, i), "there are more of them than columns")
        return value[:room]

    def _plain(self, value: Json, out: Out, names: Names) -> Json:
        """Of a concept only its text has a place here."""
        if isinstance(value, list) and self.many and not self.function:
            return [self._plain_one(v, out, (*names, i)) for i, v in enumerate(value)]
        return value if self.function else self._plain_one(value, out, names)

    def _plain_one(self, value: Json, out: Out, names: Names) -> Json:
        concept = concept_of(self.kind) if isinstance(value, dict) else None
        if concept is None:
            return value
        if concept.table and (word := concept.table.word(concept.decode(value, Spot()))):
            return self._word(value, word, concept.whole.encode(concept.words[word])["codings"][0], out, names)
        if not value.get("text") or value.keys() == {"text"}:
            return value
        otherwise = any(isinstance(step, Table) and step.otherwise for step in self.steps)
        if concept.table and not otherwise:
            return value  # its text alone would be taken for a word of the table
        out.no({k: v for k, v in value.items() if k != "text"}, names, "no column takes its codes, only its text is written")
        return {"text": value["text"]} if concept.table else value["text"]

    @staticmethod
    def _word(value: Json, word: str, ours: Json, out: Out, names: Names) -> str:
        """Our word for a code that somebody else has described in other words: the code is written, and their words are named."""
        for name, said in value.items():
            for i, coding in enumerate(said) if name == "codings" else ():
                alike = (coding.get("system"), coding.get("code")) == (ours["system"], ours["code"])
                out.no({k: v for k, v in coding.items() if not alike or ours.get(k) != v}, (*names, name, i), OTHER_WORDS)
            if name != "codings":
                out.no(said, (*names, name), OTHER_WORDS)
        out.words.add(names)
        return word

    def unmade(self, value: Json) -> list[list[Raw]]:
        """The values of each source that are read as this. Raises Cannot."""
        raws = self._sources(value)
        try:
            again = self.made(raws)
        except (Bad, Doubtful):
            again = WRONG
        if not self._alike(again, value):
            raise Cannot("would be read back as something else")
        return raws

    def _sources(self, value: Json) -> list[list[Raw]]:
        width = len(self.sources)
        if value is None:
            return [[] for _ in self.sources]
        if self.function:
            made = self._unchain(value)
            parts = list(made) if width > 1 else [made]
            return [[v] if v is not None else [] for v in [*parts, *[None] * width][:width]]
        raws = [self._unchain(v) for v in value] if self.many else [self._unchain(value)]
        if self.split is not None:
            raws = [self.split.join(raws)]
        if self.join is not None:
            raws = raws[0].split(self.join) if self.join else raws[:1]
            if len(raws) > width:
                raise Cannot("holds what joins the columns, more often than there are columns")
        return [raws] if width == 1 else [raws[i:i + 1] for i in range(width)]

    def _unchain(self, value: Json) -> Raw:
        for step in reversed(self.steps):
            value = step.put(value)
        return value


def concept_of(kind: Kind) -> Concept | None:
    """Where the field is Coded, alone or among others."""
    return next((k for k in getattr(kind, "members", (kind,)) if isinstance(k, Concept)), None)
