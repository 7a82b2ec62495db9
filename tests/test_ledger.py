"""The ledger: every value of an export is in it exactly once, with what became of it."""
from __future__ import annotations

import csv
import doctest
import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapter.commands import exported
from adapter.faults import Refused
from adapter.records.layout import Layout
from adapter.records.layout.covers import named
from adapter.records.layout.fields import shown
from adapter.records.ledger import VERDICTS, Ledger, Line
from adapter.records.rows.count import count_values
from adapter.records.rows.opening import open_export
from tests.exports.vendors import EXPORTS, VENDORS, layout
from tests.traced import became


def counted(path: Path, by: Layout, *, refuse: Callable[[Any], bool] = lambda rows: False) -> Ledger:
    """Of an export, by a layout. `refuse`: who does not travel, beside those who cannot be read."""
    ledger = Ledger(by)
    with open_export(path, by.settings) as export:
        for rows in export:
            ledger.take(rows, refused=isinstance(by.record(rows).record, Refused) or refuse(rows))
        ledger.close(export.top, export.unnamed())
    ledger.unread_files(count_values(path, by.settings))
    return ledger


def line(ledger: Ledger, path: str, verdict: str) -> Line:
    found, = [line for line in ledger.lines() if (line.path, line.verdict) == (path, verdict)]
    return found


@pytest.fixture
def larkfield(tmp_path: Path) -> Path:
    """A copy of the export, to be changed."""
    return Path(shutil.copytree(EXPORTS["larkfield"], tmp_path / "larkfield"))


def table(folder: Path, name: str) -> list[list[str]]:
    with (folder / name).open(encoding="cp1252", newline="") as file:
        return list(csv.reader(file))


def rewrite(folder: Path, name: str, rows: list[list[str]]) -> None:
    with (folder / name).open("w", encoding="cp1252", newline="") as file:
        csv.writer(file).writerows(rows)


# ---- every value, once ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("vendor", VENDORS)
def test_it_has_as_many_values_as_the_files(vendor: str) -> None:
    """Counted by other parsers, with no code in common."""
    ledger = counted(EXPORTS[vendor], layout(vendor))
    assert ledger.files() == {file: n for file, n in count_values(EXPORTS[vendor], layout(vendor).settings).items() if n}
    assert ledger.totals()["values"] == sum(ledger.totals()[verdict] for verdict in VERDICTS) == sum(ledger.files().values())


@pytest.mark.parametrize("vendor", VENDORS)
def test_it_says_of_every_value_what_a_trace_of_its_reading_says(vendor: str) -> None:
    """The quick count by shapes of rows, and the slow one that follows each resident's reading, are written apart."""
    by, slow = layout(vendor), Counter[tuple[str, str]]()
    ledger = counted(EXPORTS[vendor], by)
    states = {path for fed in by.fields() if fed.path in ("medicines", "allergies", "vaccinations") for path in fed.sources}
    with open_export(EXPORTS[vendor], by.settings) as export:
        for rows in export:
            for steps, fate in became(by, rows):
                if not any(named(steps)[:len(hung)] == hung for hung in ledger.hung):
                    slow[shown(named(steps)).removesuffix("/."), fate.verdict] += 1
    quick = Counter[tuple[str, str]]()
    for each in ledger.lines():
        if not each.path.startswith("/") and not any(f"{each.path}/".startswith(f"{shown(hung)}/") for hung in ledger.hung):
            quick[each.path, each.verdict] += each.total
    assert {k: n for k, n in quick.items() if k[0] not in states} == {k: n for k, n in slow.items() if k[0] not in states}
    assert quick.total() > 300


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_mapped_names_fields_that_the_layout_feeds(vendor: str) -> None:
    fields = {fed.path for fed in layout(vendor).fields()}
    mapped = [each for each in counted(EXPORTS[vendor], layout(vendor)).lines() if each.verdict == "mapped"]
    assert {field for each in mapped for field in each.what.split(", ")} <= fields
    assert all(each.what for each in mapped)


# ---- what comes tomorrow -------------------------------------------------------------------------------------------------------
def test_a_column_added_tomorrow_is_unknown(larkfield: Path) -> None:
    header, *rows = table(larkfield, "MEDICATION.CSV")
    rewrite(larkfield, "MEDICATION.CSV", [[*header, "FALLS_RISK"], *([*row, "high" if i % 2 else ""] for i, row in enumerate(rows))])
    ledger = counted(larkfield, layout("larkfield"))
    templates = {i for i, row in enumerate(rows) if row[header.index("STATUS")] == "TEMPLATE"}
    filled = [i for i in range(len(rows)) if i % 2 and i not in templates]
    assert line(ledger, "medication/FALLS_RISK", "unknown")[:4] == ("MEDICATION.CSV", "medication/FALLS_RISK", "unknown", "")
    assert line(ledger, "medication/FALLS_RISK", "unknown").total == len(filled)
    assert ledger.files() == {file: n for file, n in count_values(larkfield, layout("larkfield").settings).items() if n}


def test_a_file_added_tomorrow_is_unknown(larkfield: Path) -> None:
    rewrite(larkfield, "FALLS.CSV", [["RES_NO", "WHEN"], ["LC-00003", "01/11/2026"], ["LC-00003", ""]])
    before, ledger = counted(EXPORTS["larkfield"], layout("larkfield")), counted(larkfield, layout("larkfield"))
    unknown = Line("FALLS.CSV", "", "unknown", "the layout does not name this file", 3, 0)
    assert unknown in ledger.lines()
    assert ledger.totals()["unknown"] == before.totals()["unknown"] + 3


def test_a_name_added_tomorrow_is_unknown(tmp_path: Path) -> None:
    document = json.loads(EXPORTS["fernbank"].read_bytes())
    document["export"]["new~thing"] = {"a/b": [1, 2]}
    (tmp_path / "export.json").write_text(json.dumps(document))
    added = line(counted(tmp_path / "export.json", layout("fernbank")), "/export/new~0thing/a~1b", "unknown")
    assert added.total == 2


def test_an_attribute_and_an_element_added_tomorrow_are_unknown(tmp_path: Path) -> None:
    text = EXPORTS["mossgate"].read_text(encoding="utf-8")
    added = re.sub(r"<Nhs ", '<Falls risk="high">twice</Falls><Nhs traced="yes" ', text, count=1)
    (tmp_path / "export.xml").write_text(added, encoding="utf-8")
    unknown = {each.path: each.total for each in counted(tmp_path / "export.xml", layout("mossgate")).lines() if each.verdict == "unknown"}
    assert {path: unknown.get(path) for path in ("Falls", "Falls/@risk", "Nhs/@traced")} == {"Falls": 1, "Falls/@risk": 1, "Nhs/@traced": 1}


# ---- what is not mapped, and why -------------------------------------------------------------------------------------------------
def test_a_row_that_a_rule_ignores_is_ignored_with_all_that_is_in_it() -> None:
    ledger = counted(EXPORTS["larkfield"], layout("larkfield"))
    template = next(row for row in table(EXPORTS["larkfield"], "MEDICATION.CSV") if "TEMPLATE" in row)
    ignored = [each for each in ledger.lines() if each.what == "the headings of a chart, which are no medicines"]
    assert sum(each.total for each in ignored) == len([cell for cell in template if cell.strip()])
    assert {each.verdict for each in ignored} == {"ignored"}


def test_a_lookup_row_counts_once_and_one_that_nobody_names_is_ignored(larkfield: Path) -> None:
    rewrite(larkfield, "GP.CSV", [*table(larkfield, "GP.CSV"), ["G77", "Y99977", "Nobody's Surgery", ""]])
    ledger = counted(larkfield, layout("larkfield"))
    named_ones = len(table(EXPORTS["larkfield"], "GP.CSV")) - 1
    nobodys = [each for each in ledger.lines() if each.what == "no row refers to this one"]
    assert line(ledger, "gp/ODS", "mapped").total == named_ones
    assert [(each.file, each.path, each.verdict, each.total) for each in nobodys] == [
        ("GP.CSV", f"gp/{column}", "ignored", 1) for column in ("GP_CODE", "NAME", "ODS")]


def test_of_a_lookup_row_whose_key_another_has_the_values_count_too(larkfield: Path) -> None:
    rewrite(larkfield, "GP.CSV", [*table(larkfield, "GP.CSV"), ["G1", "Y99977", "Twin Surgery", ""]])
    ledger = counted(larkfield, layout("larkfield"))
    assert line(ledger, "gp/NAME", "mapped")[4:] == (4, 2)
    assert ledger.files() == {file: n for file, n in count_values(larkfield, layout("larkfield").settings).items() if n}


def test_a_row_without_a_resident_is_counted_as_refused(larkfield: Path) -> None:
    header, *rows = table(larkfield, "ALLERGIES.CSV")
    stray = ["A-99", "LC-99999", "Latex"] + [""] * (len(header) - 3)
    rewrite(larkfield, "ALLERGIES.CSV", [header, *rows, stray])
    ledger = counted(larkfield, layout("larkfield"))
    assert {each.path: each.refused for each in ledger.lines() if each.refused} == {
        "allergies/ALG_ID": 1, "allergies/RES_NO": 1, "allergies/SUBSTANCE": 1}
    assert ledger.files() == {file: n for file, n in count_values(larkfield, layout("larkfield").settings).items() if n}


def test_words_that_say_nothing_are_stated(larkfield: Path) -> None:
    header, *rows = table(larkfield, "RESIDENTS.CSV")
    place = header.index("REL")
    for row in rows:
        row[place] = "N/K"
    rewrite(larkfield, "RESIDENTS.CSV", [header, *rows])
    assert line(counted(larkfield, layout("larkfield")), header[place], "stated")[3:5] == ("says nothing", len(rows))


# ---- who does not travel ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("vendor", VENDORS)
def test_of_the_refused_the_numbers_add_up(vendor: str) -> None:
    every, none = (counted(EXPORTS[vendor], layout(vendor), refuse=who) for who in (lambda rows: True, lambda rows: False))
    some = counted(EXPORTS[vendor], layout(vendor), refuse=lambda rows: rows.number % 2 == 0)
    assert every.totals() == none.totals() == some.totals()
    whole, hers = (sum(each.refused for each in ledger.lines()) for ledger in (every, some))
    assert 0 < hers < whole < every.totals()["values"] + 1
    assert [each[:5] for each in every.lines()] == [each[:5] for each in some.lines()]


def test_what_two_share_travels_if_one_of_them_does() -> None:
    first = counted(EXPORTS["larkfield"], layout("larkfield"), refuse=lambda rows: rows.number == 1)
    assert line(first, "gp/ODS", "mapped").refused == 0
    assert line(first, "SURNAME", "mapped").refused == 1


# ---- constants -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("vendor", VENDORS)
def test_constants_are_counted_as_they_stand_in_the_records(vendor: str) -> None:
    """Where only one block may say a field, it stands in the records exactly so often."""
    by, said = layout(vendor), Counter[tuple[str, str]]()
    with open_export(EXPORTS[vendor], by.settings) as export:
        for rows in export:
            for names, value in leaves(by.read(rows).json):
                said[names, repr(value)] += 1
    feeds = Counter(fed.path for fed in by.fields())
    constants = [each for each in counted(EXPORTS[vendor], by).constants() if feeds[each.field] == 1]
    assert [(each.field, each.times) for each in constants] == [(each.field, said[each.field, repr(each.constant)]) for each in constants]
    assert len(constants) > 5
    assert all(each.because for each in constants)


def leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in leaves(inner, f"{path}.{name}".lstrip("."))]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner, f"{path}[]")]
    return [(path, value)]


# ---- as a file -------------------------------------------------------------------------------------------------------------------
def test_the_ledger_as_a_file_starts_no_formula() -> None:
    data = exported.as_csv([Line("A.CSV", "=HYPERLINK(1)", "unknown", "", 1, 0), Line("", "@id", "mapped", "resident.key", 1, 0)])
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    assert rows[0] == list(Line._fields)
    assert [row[1] for row in rows[1:]] == ["'=HYPERLINK(1)", "'@id"]


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(exported).failed == 0
