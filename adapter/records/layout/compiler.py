"""From a layout file to its tree of nodes, held against the kinds of the native format: what does not fit is refused here, all at once."""
from __future__ import annotations

from typing import Any

from adapter.records.kinds import Kind, OneOf
from adapter.records.layout.blocks import Block, Selector
from adapter.records.layout.elements import Elements
from adapter.records.layout.leaves import SCALARS, Leaves, Place, many, objects
from adapter.records.layout.nodes import Constant, Fields
from adapter.records.layout.options import Options, perhaps
from adapter.records.layout.paths import OWN, Path
from adapter.records.layout.toml import At

BLOCK = ("each", "only", "always")
STATUS = "nhs_number_status"


class Compiler(Leaves):
    """Makes the tree; its leaves are made by Leaves."""

    # ---- objects and lists -----------------------------------------------------------------------------------------------
    def fields(self, raw: dict[str, Any], kind: Kind, place: Place, *, spare: tuple[str, ...] = ()) -> Fields:
        """`spare`: names that are options here, and not fields."""
        made = Fields(kind)
        slots = self._slots(raw.keys() - set(spare), kind)
        for name, value in raw.items():
            if name in slots:
                member = self.value(value, slots[name], place.member(name))
                if member is not None:
                    made.members[name] = member
            elif name not in spare:
                self.document.no((*place.at, name), f"is no field{perhaps(name, [*slots, *spare])}; they are {', '.join(slots)}")
        return made

    @staticmethod
    def _slots(names: set[str], kind: Kind) -> dict[str, Kind]:
        """Of a union, those of the member that has all the names."""
        members = objects(kind)
        fitting = [m for m in members if names <= m.slots.keys()]
        whole = [m for m in fitting if names.issuperset(m.required)] or fitting or members
        return {slot.name: slot.kind for m in reversed(members if not fitting else whole[:1]) for slot in m.slots.values()}

    def value(self, raw: Any, kind: Kind, place: Place) -> Any:
        """Leaf, Constant, Fields or Elements; None where it is none of them."""
        if isinstance(raw, str):
            return self.leaf({"from": raw}, kind, place)
        if isinstance(raw, list):
            return self.elements(raw, kind, place)
        if not isinstance(raw, dict):
            self.document.no(place.at, "is a bare value: a constant is written { constant = ..., because = \"...\" }")
            return None
        if "from" in raw:
            return self.leaf(raw, kind, place)
        if "constant" in raw:
            return self.constant(raw, kind, place)
        if not objects(kind):
            self.document.no(place.at, f"has fields, and the record takes {kind.says} there: say `from` and where it stands")
            return None
        return self.fields(raw, kind, place)

    def elements(self, raw: list[Any], kind: Kind, place: Place) -> Any:
        listed = many(kind)
        if not listed:
            self.document.no(place.at, f"is a list, and the record takes {kind.says} there")
            return None
        if not all(isinstance(block, dict) for block in raw) or not objects(listed.of):
            self.document.no(place.at, "is a list of bare values: several columns are { from = [\"A\", \"B\"] }")
            return None
        made = Elements(listed.of, [], place.names, isinstance(kind, OneOf))  # or a word for why there are none
        for i, block in enumerate(raw):
            made.blocks.append(self.block(block, listed.of, Place((*place.at, i), (), place.where)))
        return made

    def block(self, raw: dict[str, Any], kind: Kind, place: Place) -> Block:
        options = Options(self.document, place.at, raw)
        each = self.walked(options.values["each"], Place((*place.at, "each"), (), place.where)) if "each" in raw else None
        where = (*place.where, *each.names) if each else place.where
        inner = Place(place.at, (), where)
        fields = self.fields(raw, kind, inner, spare=BLOCK)
        always = options.text("always")
        if each and always or not each and "only" in raw:
            options.no(("always" if each else "only",), f"is for {'fixed elements' if each else 'elements of each row'}")
        if not each and not always and fields.constant:
            options.no((), "has no source, so that nothing makes it be there: where it always is, say `always` and why")
        return Block(fields, each, where, self.selectors(options, inner) if each else (), always,
                     tuple(i for i in self.ignored if i.rows == where) if each else (), self._joins(where) if each else ())

    def _joins(self, where: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """The columns that join the rows of this table to what they stand in."""
        return next((t.by for t in self.settings.tables if t.name == where[-1] and not t.lookup), ())

    def walked(self, text: Any, place: Place) -> Path | None:
        """The path of a list of rows."""
        path = self.path(text, place)
        if path and (path.up or path.top or path.last == OWN):
            self.document.no(place.at, "walks the rows of the row that it stands in: it starts with no .. and no /, and is not . alone")
            return None
        if path and self.settings.format == "csv":
            self._tables(path, path.names, place)
        return path

    def selectors(self, options: Options, place: Place) -> tuple[Selector, ...]:
        only = Options(self.document, (*options.at, "only"), options.values.get("only", {}))
        made = []
        for name in only.values:
            path = self.path(name, Place((*only.at, name), (), place.where))
            if path and (allowed := only.texts(name)):
                made.append(Selector(path, allowed, self.nothing))
        return tuple(made)

    # ---- constants and leaves --------------------------------------------------------------------------------------------
    def constant(self, raw: dict[str, Any], kind: Kind, place: Place) -> Any:
        options = Options(self.document, place.at, raw)
        options.only(("constant", "because"), "a constant")
        if not options.text("because"):
            options.no((), "needs `because`: why it is so for every resident")
        if place.names[-1:] == (STATUS,) or (STATUS in place.names and place.names[-1] in ("code", "text", "display")):
            return self._never(place.at)
        value = raw["constant"]
        if not isinstance(value, SCALARS):
            options.no(("constant",), "is one value: a text, a number, true or false")
            return None
        self.words(value, kind, (*place.at, "constant"))
        return Constant(value, options.text("because"))

    def _never(self, at: At) -> None:
        self.document.no(at, "states the verification status of an NHS number for everybody: it is never a constant of a layout: only "
                             "whoever traced the number knows it; name the column that says it, or leave it out")
