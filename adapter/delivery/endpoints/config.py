"""redbag.toml: where what waits is kept, and the endpoints it waits for. Everything wrong with it is told at once, with its line.

    config = load(find(None))            Refused: every fault, each with file, line, key, what was expected
    config.endpoint("acute").url         NotConfigured: a sentence that names those there are
    live = Live(config, print)           live() is the file as it now is; a broken one is told once, and the last good one stays
"""
from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from adapter.delivery.endpoints.endpoint import Endpoint
from adapter.delivery.endpoints.secrets import Surroundings, contents, named
from adapter.delivery.endpoints.settings import StoreSettings, of_environment, variable
from adapter.delivery.endpoints.wrong import Wrong, wrongs
from adapter.faults import Fault, Refused
from adapter.records.layout import toml
from adapter.records.layout.options import perhaps
from adapter.records.layout.toml import Document

FILE = "redbag.toml"
NAMED_BY = "REDBAG_CONFIG"
SECTIONS = ("store", "endpoint")
RULE = "configuration"
M = TypeVar("M", bound=BaseModel)


class NotConfigured(Exception):
    """There is no such endpoint. One sentence, which names those there are."""


@dataclass(frozen=True)
class Config:
    """What the file says, whole and without a fault. `seen`: all files it was made from, `hashed` what they held then."""

    file: Path
    store: StoreSettings
    endpoints: Mapping[str, Endpoint]
    seen: frozenset[Path] = field(default=frozenset(), repr=False)
    hashed: str = field(default="", repr=False)

    def endpoint(self, name: str) -> Endpoint:
        """Raises NotConfigured."""
        if name in self.endpoints:
            return self.endpoints[name]
        there = f"there are {', '.join(self.endpoints)}" if self.endpoints else "there is none"
        raise NotConfigured(f"There is no endpoint of that name in {self.file}{perhaps(name, self.endpoints)}; {there}. "
                            f"Name one of them, or write [endpoint.NAME] there.")

    def changed(self) -> bool:
        """Does any of its files hold something else now, secrets and certificates too?"""
        return contents(self.seen) != self.hashed


def find(said: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """Which file it is: the one named, that of REDBAG_CONFIG, or redbag.toml here."""
    return said or Path((os.environ if environ is None else environ).get(NAMED_BY) or FILE)


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Raises Refused with file, line and key of everything that is wrong."""
    around = Surroundings(os.environ if environ is None else environ, path.parent)
    hashed = {path}
    try:
        data = path.read_bytes()
    except OSError:
        says = f"cannot be read: write one (docs/endpoints.md says how), or name it with --config FILE or {NAMED_BY}"
        raise Refused([Fault(RULE, says, file=str(path))]) from None
    document = toml.read(str(path), data)
    reading = Reading(document, around)
    store, endpoints = reading.store(), reading.endpoints()
    reading.sections()
    if document.faults or store is None:
        raise Refused(sorted(document.faults, key=lambda fault: fault.line or 0))
    hashed |= around.seen
    return Config(path, store, endpoints, frozenset(hashed), contents(hashed))


@dataclass(frozen=True)
class Reading:
    """One file, as it is taken apart; what is wrong is left with the document."""

    document: Document
    around: Surroundings

    def sections(self) -> None:
        for name in self.document.values:
            if name not in SECTIONS:
                at = next((at for at in self.document.lines if at[0] == name), (name,))
                self._no(at, f"is no section{perhaps(name, SECTIONS)}; they are [store] and [endpoint.NAME]")

    def store(self) -> StoreSettings | None:
        said, at = self.document.values.get("store", {}), ("store",)
        if not isinstance(said, dict):
            self._no(at, "is one value, and a table [store] is expected")
            return None
        environ = of_environment(self.around.environ)
        usual = {key: StoreSettings.model_fields[key].default for key in ("database", "keys")}
        here = self._secret("database", {key: self._beside(key, value) for key, value in (usual | said).items()} | environ)
        return self._made(StoreSettings, here, at, "[store]", frozenset(environ))

    def endpoints(self) -> dict[str, Endpoint]:
        said = self.document.values.get("endpoint", {})
        if not isinstance(said, dict) or not all(isinstance(table, dict) for table in said.values()):
            self._no(("endpoint",), "is not a table of endpoints: each begins with a line [endpoint.NAME]")
            return {}
        made = {name: self._endpoint(name, table) for name, table in said.items()}
        return {name: endpoint for name, endpoint in made.items() if endpoint}

    def _endpoint(self, name: str, table: dict[str, Any]) -> Endpoint | None:
        at = ("endpoint", name)
        if "name" in table:
            self._no((*at, "name"), f"is no option of [endpoint.{name}]: its name is what stands in the brackets")
            return None
        return self._made(Endpoint, {**table, "name": name}, at, f"[endpoint.{name}]")

    def _made(self, model: type[M], values: dict[str, Any], at: tuple[str, ...], what: str,
              environ: frozenset[str] = frozenset()) -> M | None:
        try:
            return model.model_validate(values, context=self.around)
        except ValidationError as error:
            for wrong in wrongs(error, model, what):
                self._fault(at, wrong, environ)
        return None

    def _fault(self, at: tuple[str, ...], wrong: Wrong, environ: frozenset[str]) -> None:
        """Of the environment it has no line."""
        if wrong.at and wrong.at[0] in environ:
            self.document.faults.append(Fault(RULE, wrong.says, variable(str(wrong.at[0])), file="the environment"))
        else:
            self._no((*at, *wrong.at), wrong.says)

    def _no(self, at: tuple[str | int, ...], says: str) -> None:
        self.document.no(at, says, RULE)

    def _secret(self, key: str, values: dict[str, Any]) -> dict[str, Any]:
        """A setting that may name a secret."""
        said = values.get(key)
        try:
            found = named(said, self.around) if isinstance(said, str) else None
        except ValueError as error:
            self._no(("store", key), str(error))
            found = None
        return values | ({key: found.get_secret_value()} if found else {})

    def _beside(self, key: str, value: Any) -> Any:
        """A path of the file is meant from where the file is."""
        return str(self.around.folder / value) if key in ("database", "keys") and isinstance(value, str) and ":" not in value else value


class Live:
    """The file as it now is, for whoever runs for long. A broken one is told once, and the last that was whole stays in force."""

    def __init__(self, config: Config, say: Callable[[str], None], environ: Mapping[str, str] | None = None) -> None:
        self.config, self._say, self._environ, self._told = config, say, environ, config.hashed

    def __call__(self) -> Config:
        now = contents(self.config.seen)
        if now not in (self.config.hashed, self._told):
            self._again()
        self._told = now
        return self.config

    def _again(self) -> None:
        try:
            self.config = _kept(self.config, load(self.config.file, self._environ))
        except Refused as refused:
            self._say(f"{refused}\n{self.config.file} is not used as it now is; what it said before stays in force until it is mended.")
        else:
            self._say(f"{self.config.file} was read again.")


def _kept(old: Config, new: Config) -> Config:
    """What is the same stays the very same, so that nobody has to begin anew with it."""
    same = {name: endpoint for name, endpoint in old.endpoints.items() if endpoint == new.endpoints.get(name)}
    return replace(new, endpoints={**new.endpoints, **same})
