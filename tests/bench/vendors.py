"""The same residents from three vendors' exports and from native lines, to their bundles as `redbag convert` makes them."""
from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from adapter.bundle import Policy
from adapter.commands.bundling import Bundler, Written, converted
from adapter.commands.exported import Exported
from adapter.commands.intake import Intake
from adapter.commands.talk import Kept
from tests.bench import exports
from tests.exports.vendors import layout

BUNDLER = Bundler("transaction", Policy("match"))
VENDORS = {"csv": "larkfield", "json": "fernbank", "xml": "mossgate"}
Best = Callable[..., dict[str, float]]


def ratios(best: Best, copies: int, rounds: int) -> dict[str, float]:
    """The speed of each vendor's form as a share of the native form's. `copies` of the fixtures, without which they are too few."""
    with tempfile.TemporaryDirectory() as name:
        made = {form: made_of(vendor, Path(name), copies) for form, vendor in VENDORS.items()}
        tasks = {}
        for form, (export, native) in made.items():
            assert bundles(export, VENDORS[form]) == bundles(native), form
            tasks |= {form: (partial(bundles, vendor=VENDORS[form]), [export], 1), f"{form} native": (bundles, [native], 1)}
        times = best(tasks, rounds)
    return {f"{form}_vs_native": times[f"{form} native"] / times[form] for form in VENDORS}


def made_of(vendor: str, folder: Path, copies: int) -> tuple[Path, Path]:
    """(an export, the same as native lines)"""
    path, native = folder / vendor, folder / f"{vendor}.ndjson"
    export = exports.larkfield(path, copies) if vendor == "larkfield" else exports.nested(vendor, path, copies)
    exports.native(export, layout(vendor), native)
    return export, native


def bundles(path: Path, vendor: str = "") -> tuple[int, int]:
    """(how many, of how many bytes together)"""
    talk, sizes = Kept(as_json=True), list[int]()
    intake = Intake(str(path), talk, export=Exported(path, layout(vendor), talk) if vendor else None)

    def put(written: Written) -> None:
        sizes.append(len(written.data))

    converted(intake.accepted(""), intake, BUNDLER, put)
    return len(sizes), sum(sizes)
