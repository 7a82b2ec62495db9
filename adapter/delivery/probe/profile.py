"""How we should send to a server, from what it answered: a section for redbag.toml. Pure."""
from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adapter.delivery.loads import Sending
from adapter.delivery.probe.row import How, Row

OVERWRITTEN = "Beware: it passes over the version we read (If-Match), so an edit between our reading and our writing would be overwritten."
SAID, TRIED = "it says so, and it was not tried: `redbag probe --write` does", "tried"


@dataclass(frozen=True)
class Profile:
    """`why`: of each setting, where it comes from; `beware`: what goes wrong there whatever is set."""

    sending: Sending
    form: str
    directory: str
    most_bytes: int | None
    why: dict[str, str]
    beware: tuple[str, ...] = ()

    def toml(self, name: str, url: str) -> str:
        """A section that `redbag endpoint list` reads."""
        settings = [("url", json.dumps(url)), ("form", f'"{self.form}"'), ("sending", f'"{self.sending}"'),
                    ("patient", '"match"'), ("directory", f'"{self.directory}"')]
        if self.most_bytes:
            settings.append(("most_bytes", str(self.most_bytes)))
        said = [f"# {each}" for each in self.beware]
        return "\n".join([f"[endpoint.{name}]", *said, *(self._line(key, value) for key, value in settings)]) + "\n"

    def _line(self, key: str, value: str) -> str:
        said = f"{key} = {value}"
        return f"{said:<40}# {self.why[key]}" if key in self.why else said


def proposed(rows: Sequence[Row]) -> Profile | None:
    """Transaction, batch, one resource after the other: whichever works first. None: none does, or it is no server of ours."""
    by = {row.name: row for row in rows}
    if not _is(by, "server") or _says(by, "search-patient", How.NO):
        return None
    found = _tried(by) if "update-as-create" in by else _stated(by)
    if found is None:
        return None
    sending, why = found
    whys = {"sending": why}
    form = "json" if _is(by, "json") or not _is(by, "xml") else "xml"
    logical = "identifier-reference" not in by or _is(by, "identifier-reference")
    whys["patient"] = _of_patient(by)
    size = by.get("size")
    most = size.number if size and size.how is How.NO else None
    if most:
        whys["most_bytes"] = TRIED
    beware = (OVERWRITTEN,) if _says(by, "if-match", How.NO) else ()
    return Profile(sending, form, "logical" if logical else "existing", most, whys, beware)


def _tried(by: dict[str, Row]) -> tuple[Sending, str] | None:
    if not _is(by, "update-as-create"):
        return None
    return next(_works(by), ("single", TRIED))


def _works(by: dict[str, Row]) -> Iterator[tuple[Sending, str]]:
    if _is(by, "transaction") and not _says(by, "all-or-nothing", How.NO):
        yield "transaction", TRIED
    if _is(by, "batch"):
        yield "batch", TRIED


def _stated(by: dict[str, Row]) -> tuple[Sending, str]:
    says = by["says"].came if "says" in by else ""
    if "transaction" in says:
        return "transaction", SAID
    return ("batch" if "batch" in says else "single"), SAID


def _of_patient(by: dict[str, Row]) -> str:
    if _is(by, "conditional-create"):
        return 'or "create-if-missing", "upsert"'
    return 'or "upsert"' + ("; not \"create-if-missing\"" if "conditional-create" in by else "; \"create-if-missing\" was not tried")


def _is(by: dict[str, Row], name: str) -> bool:
    return _says(by, name, How.YES)


def _says(by: dict[str, Row], name: str, how: How) -> bool:
    return name in by and by[name].how is how
