"""The leaves of a layout: from the options of a field to its steps, held against the kind of the field."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from adapter.records.kinds import Kind, Many, Object, OneOf
from adapter.records.layout.blocks import Ignored
from adapter.records.layout.forms import Dates, Form, form
from adapter.records.layout.hanging import lookups
from adapter.records.layout.here import Json, Names
from adapter.records.layout.leaf import Leaf, concept_of
from adapter.records.layout.options import Options, perhaps, values_at
from adapter.records.layout.paths import Path, parse
from adapter.records.layout.steps import Digits, Function, Number, Remove, Same, Step, Table
from adapter.records.layout.toml import At, Document
from adapter.records.rows.row import Settings
from adapter.records.spot import Spot

CONVERSIONS = ("table", "date", "time", "number", "function")
LEAF = ("from", "join", "split", "remove", *CONVERSIONS, "otherwise", "nothing")
SCALARS = (str, bool, int, Decimal)


@dataclass
class Place:
    """Where we are: `at` in the file, `names` in the record (from the element of a list), `where` in the tree (the names to the row)."""

    at: At
    names: Names = ()
    where: tuple[str, ...] = ()

    def member(self, name: str) -> Place:
        return Place((*self.at, name), (*self.names, name), self.where)


@dataclass
class Leaves:
    """`texts`: the export's form has nothing but texts. `functions`: of the vendor's module, by name."""

    document: Document
    settings: Settings
    zone: ZoneInfo | None
    nothing: frozenset[str]
    functions: Callable[[str], Callable[..., Any] | None]
    tables: dict[str, dict[str, Json]] = field(default_factory=dict)
    ignored: tuple[Ignored, ...] = ()

    @property
    def texts(self) -> bool:
        return self.settings.format in ("csv", "xml")

    # ---- a field -----------------------------------------------------------------------------------------------------------
    def leaf(self, raw: dict[str, Any], kind: Kind, place: Place) -> Leaf | None:
        options = Options(self.document, place.at, raw)
        options.only(LEAF, "a field")
        listed = many(kind)
        of = listed.of if listed else kind
        at = (*place.at, "from") if isinstance(values_at(self.document.values, place.at), dict) else place.at
        sources = [self.path(text, Place(at, (), place.where)) for text in options.texts("from")]
        if not sources:
            options.no(("from",), "names no source")
        if not scalars(of) and "function" not in raw:
            options.no((), f"is one value, and the record takes {kind.says} there: " + (
                "give it blocks, [[...]], with their fields" if listed else "name its fields"))
            return None
        self._together(options, len(sources), bool(listed))
        made = Leaf(place.names, of, tuple(s for s in sources if s), tuple(self._steps(options, of, len(sources))), bool(listed),
                    options.text("join") if "join" in raw else None, options.text("split") if "split" in raw else None,
                    self.nothing | frozenset(options.texts("nothing")), options=raw)
        return replace(made, readonly=self._readonly(made, place))

    def _together(self, options: Options, sources: int, listed: bool) -> None:
        """What excludes what."""
        said = [name for name in CONVERSIONS if name in options.values]
        if len(said) > 1:
            options.no((said[1],), f"stands beside {said[0]}: a field has one of {', '.join(CONVERSIONS)}")
        if "join" in options.values and "split" in options.values:
            options.no(("split",), "stands beside join: only one of them can be")
        if "split" in options.values and not listed:
            options.no(("split",), "makes a list, and the field takes one value")
        if "split" in options.values and not options.text("split"):
            options.no(("split",), "is empty: name what stands between the values")
        if sources > 1 and not listed and "join" not in options.values and "function" not in options.values:
            options.no(("from",), "names several sources of one value: say `join` and what to put between them")

    def _readonly(self, leaf: Leaf, place: Place) -> str:
        for path in leaf.sources:
            way = (*place.where[:len(place.where) - path.up], *path.names[:-1])
            if not path.top and any(way[:len(hangs)] == hangs for hangs in self.shared):
                return "it is looked up in a row that others share, and is only read"
        return ""

    @cached_property
    def shared(self) -> list[tuple[str, ...]]:
        """Where the rows of lookups hang, if what the export is has been said without a fault."""
        return [] if self.document.faults else [(*where, name) for name, _, where in lookups(self.settings)]

    def _steps(self, options: Options, kind: Kind, sources: int) -> Iterator[Step]:
        if remove := options.text("remove"):
            yield Remove(remove)
        said = next((name for name in CONVERSIONS if name in options.values), None)
        if "otherwise" in options.values and (options.text("otherwise") != "text" or said != "table" or not concept_of(kind)):
            options.no(("otherwise",), 'is only "text", beside a table, where the field takes a code and words')
        step = getattr(self, f"_{said or 'same'}")(options, kind) if said != "function" else self._function(options, sources)
        if step is not None:
            yield step

    def _table(self, options: Options, kind: Kind) -> Step | None:
        said = options.values["table"]
        named = said if isinstance(said, str) else ""
        words = self.tables.get(said) if named else said
        if not isinstance(words, dict):
            options.no(("table",), f"is not defined in [tables]{perhaps(named, self.tables)}")
            return None
        for code, word in words.items():
            at = ("tables", named, code) if named else (*options.at, "table", code)
            if not code and options.at[0] != "states":
                self.document.no(at, "is never used: where nothing stands nothing is said; only [states] say what an empty column means")
            elif isinstance(word, SCALARS):
                self.words(word, kind, at)
            else:
                self.document.no(at, "is our word for one code: a text, a number, true or false")
        concept = concept_of(kind)
        words = {code: word for code, word in words.items() if isinstance(word, SCALARS)}
        return Table(named, words, otherwise="otherwise" in options.values, bare=concept is not None and not concept.table,
                     booleans=not self.texts)

    def _dates(self, options: Options, kind: Kind, name: str) -> Step | None:
        forms = []
        for text in options.texts(name):
            try:
                forms.append(form(text))
            except ValueError as error:
                options.no((name,), str(error))
        if not forms:
            return None
        if len({form.shape for form in forms}) < len(forms):
            options.no((name,), "has two forms that fit the same texts: which of them is meant cannot be known")
        if name == "date" and any(f.time for f in forms):
            options.no((name,), "has a time in it: say `time` instead of `date`")
        days, times = takes(kind, "2024-01-01"), takes(kind, "2024-01-01T00:00:00Z")
        dates = Dates(forms, self.zone, days=days)
        if not all(self._fits(f, kind, days=days, times=times) for f in forms):
            options.no((name,), f"makes a date or a time, and the record takes {kind.says} there")
        elif any(f.date and f.time for f in forms) and self.zone and not times:
            options.no((name,), "says a time of day, and the record takes only a date there: write what never matters as it stands, 00:00")
        elif dates.cut and not days:
            options.no((name,), 'needs the zone of the export, [export] zone, such as "Europe/London"')
        return dates

    @staticmethod
    def _fits(form: Form, kind: Kind, *, days: bool, times: bool) -> bool:
        """Does the field take what this form makes? What is only too exact for it is told apart."""
        if not form.date:
            return takes(kind, "00:00:00")
        return days or bool(form.time and times)

    def _date(self, options: Options, kind: Kind) -> Step | None:
        return self._dates(options, kind, "date")

    def _time(self, options: Options, kind: Kind) -> Step | None:
        return self._dates(options, kind, "time")

    def _number(self, options: Options, kind: Kind) -> Step | None:
        said = options.text("number")
        if said not in ("plain", "comma"):
            options.no(("number",), 'is "plain" (0.5) or "comma" (0,5)')
            return None
        if {int, Decimal} & set(kind.takes):
            return Number(said)
        if self.texts or said == "comma" or str not in kind.takes:
            options.no(("number",), f"makes a number, and the record takes {kind.says} there")
            return None
        return Digits()

    def _same(self, options: Options, kind: Kind) -> Step | None:
        if self.texts and str not in kind.takes:
            if not {int, Decimal} & set(kind.takes):
                options.no((), f"is a text in the export, and the record takes {kind.says}: give it a `table`")
                return None
            return Number()
        return Same((str,) if self.texts else scalars(kind), kind.says, texts=self.texts)

    def _function(self, options: Options, sources: int) -> Step | None:
        said = options.values["function"]
        names = {"read": said} if isinstance(said, str) else options.pairs("function")
        for name in names.keys() - {"read", "write"}:
            options.no(("function", name), "is neither read nor write")
        found = {way: self.functions(name) for way, name in names.items()}
        for way, function in found.items():
            if function is None:
                options.no(("function",), f"names a function to {way} that the module of the layout does not have")
        read = found.get("read")
        if "read" not in names:
            options.no(("function",), "needs `read`, the name of a function of the module")
        return Function(names.get("read", ""), read, found.get("write"), sources) if read else None

    def words(self, value: Json, kind: Kind, at: At) -> None:
        """Does the field take it?"""
        spot = Spot()
        kind.decode(value, spot)
        for wrong in spot.wrong[:1]:
            self.document.no(at, wrong.says if wrong.says.startswith("expected") else f"is not what the field takes: expected {kind.says}")

    # ---- paths -----------------------------------------------------------------------------------------------------------
    def path(self, text: Any, place: Place) -> Path | None:
        try:
            path = parse(text)
        except ValueError as error:
            self.document.no(place.at, str(error))
            return None
        if path.up > len(place.where) and not path.top:
            self.document.no(place.at, "goes up to where nothing is")
            return None
        if self.settings.format == "csv" and (len(path.names) > 1 or path.top):
            self._tables(path, path.names[:-1], place)
        return path

    def _tables(self, path: Path, names: tuple[str, ...], place: Place) -> None:
        """Is each of these a file that hangs there?"""
        row = place.where[len(place.where) - path.up - 1] if len(place.where) > path.up else self.settings.residents
        for i, name in enumerate(names):
            there = [t.name for t in self.settings.tables if (t.single if path.top and i == 0 else t.of == row)]
            if name not in there:
                self.document.no(place.at, f"leads to a file that is not defined in [files] there{perhaps(name, there)}")
                return
            row = name
        return


def objects(kind: Kind) -> list[Object]:
    return [k for k in (kind.members if isinstance(kind, OneOf) else (kind,)) if isinstance(k, Object)]


def many(kind: Kind) -> Many | None:
    return next((k for k in (kind.members if isinstance(kind, OneOf) else (kind,)) if isinstance(k, Many)), None)


def scalars(kind: Kind) -> tuple[type, ...]:
    return tuple(t for t in kind.takes if t in SCALARS)


def takes(kind: Kind, value: Json) -> bool:
    spot = Spot()
    kind.decode(value, spot)
    return not spot.wrong
