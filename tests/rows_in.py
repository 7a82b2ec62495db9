"""Small exports for the tests of rows: written from a few lines, read into plain trees."""
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adapter.faults import Refused
from adapter.records.rows.opening import open_export
from adapter.records.rows.row import Settings, Table

HOME = (
    Table("residents", "RESIDENTS.CSV", "RES_NO", columns=("RES_NO", "SURNAME", "GP")),
    Table("medication", "MEDICATION.CSV", "MED_ID", "residents", (("RES_NO", "RES_NO"),), optional=True,
          columns=("MED_ID", "RES_NO", "DRUG")),
    Table("dose", "DOSES.CSV", "", "medication", (("MED_ID", "MED_ID"),), optional=True, columns=("MED_ID", "DOSE")),
    Table("gp", "GP.CSV", "", "residents", (("CODE", "GP"),), lookup=True, optional=True, columns=("CODE", "NAME")),
    Table("export", "EXPORT.CSV", single=True, optional=True, columns=("AT",)),
)
CSV = Settings("csv", "residents", "RES_NO", tables=HOME)
FILES = {
    "RESIDENTS.CSV": "RES_NO,SURNAME,GP\n1,Teatime,G1\n2,Quill,G1\n3,Pennyfeather,\n",
    "MEDICATION.CSV": "MED_ID,RES_NO,DRUG\nm2,1,Aspirin\nm1,1,Senna\nm3,3,Codeine\n",
    "DOSES.CSV": "MED_ID,DOSE\nm3,ONE at night\nm1,ONE each morning\nm3,TWO at noon\n",
    "GP.CSV": "CODE,NAME\nG1,Dr Ffoulkes\nG2,Dr Nobody\n",
    "EXPORT.CSV": "AT\n01/02/2026\n",
}
TREES = [
    {"RES_NO": "1", "SURNAME": "Teatime", "GP": "G1", "gp": {"CODE": "G1", "NAME": "Dr Ffoulkes"}, "medication": [
        {"MED_ID": "m2", "RES_NO": "1", "DRUG": "Aspirin"},
        {"MED_ID": "m1", "RES_NO": "1", "DRUG": "Senna", "dose": [{"MED_ID": "m1", "DOSE": "ONE each morning"}]}]},
    {"RES_NO": "2", "SURNAME": "Quill", "GP": "G1", "gp": {"CODE": "G1", "NAME": "Dr Ffoulkes"}},
    {"RES_NO": "3", "SURNAME": "Pennyfeather", "medication": [
        {"MED_ID": "m3", "RES_NO": "3", "DRUG": "Codeine", "dose": [
            {"MED_ID": "m3", "DOSE": "ONE at night"}, {"MED_ID": "m3", "DOSE": "TWO at noon"}]}]},
]


def folder(at: Path, files: Mapping[str, str | bytes]) -> Path:
    at.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (at / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return at


def people(path: Path, settings: Settings = CSV) -> list[Any]:
    """The trees of everybody; where there are faults, the rules instead."""
    with open_export(path, settings) as export:
        return [[fault.rule for fault in rows.faults] or rows.tree for rows in export]


def rules(path: Path, settings: Settings = CSV) -> list[str]:
    """Of an export that is refused as a whole."""
    try:
        people(path, settings)
    except Refused as refused:
        return [fault.rule for fault in refused.found]
    return []


def faults(path: Path, settings: Settings = CSV) -> list[tuple[str, str, int | None, str]]:
    """(rule, file, line, name) of everything said, whoever it is said of."""
    try:
        with open_export(path, settings) as export:
            found = [fault for rows in export for fault in rows.faults]
    except Refused as refused:
        found = list(refused.found)
    return [(fault.rule, fault.file, fault.line, fault.name) for fault in found]
