"""By which definitions what goes to a receiver is proven, and what it claims for that: UK Core's, and those of a trust's own packages.

    asked = Profiles.of(("ukcore-stu3-sequence",), (Path("our-trust.tgz"),))
    asked.checker.clean(bundle)
    asked.claimed(bundle)          what only the drafts have a profile for, says so: where they are asked for, and nowhere else

A package is read when it is named. What it said then holds for as long as this is used, whatever becomes of its file meanwhile.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapter.conformance import Checker

Resource = dict[str, Any]
R4, STU2, DRAFTS = "r4-4.0.1", "ukcore-stu2-2.0.2", "ukcore-stu3-sequence"


@dataclass(frozen=True)
class Profiles:
    """`sets`: beside FHIR R4. `packages`: each over those before it. `hashes`: sha256 of each package, as it was read."""

    sets: tuple[str, ...] = (STU2,)
    packages: tuple[Path, ...] = ()
    hashes: tuple[str, ...] = ()

    @classmethod
    def of(cls, sets: tuple[str, ...] = (), packages: tuple[Path, ...] = ()) -> Profiles:
        """Without `sets`, UK Core's published one. Raises Refused for a package that is none, OSError where its file cannot be read,
        KeyError for a set that does not ship."""
        found = cls(sets or (STU2,), packages)
        if found == UK_CORE:
            return UK_CORE
        object.__setattr__(found, "hashes", tuple(each.sha256 for each in found.checker.definitions.packages))
        return found

    def __reduce__(self) -> tuple[Callable[..., Profiles], tuple[tuple[str, ...], tuple[Path, ...]]]:
        """To another process go the names: a checker is made anew there."""
        return Profiles.of, (self.sets, self.packages)

    @cached_property
    def checker(self) -> Checker:
        from adapter.conformance import checker  # the check, and its definitions, only for whoever proves something

        return checker((R4, *(name for name in self.sets if name != R4)), self.packages)

    def claimed(self, resource: Resource) -> Resource:
        """With the draft that it keeps in `meta.profile`; of a Bundle, all that is in it too."""
        if DRAFTS not in self.sets:
            return resource
        entries = resource.get("entry") if resource["resourceType"] == "Bundle" else None
        inside = {"entry": [{**entry, "resource": self.claimed(entry["resource"])} for entry in entries]} if entries else {}
        return {**self._claiming(resource), **inside}

    def _claiming(self, resource: Resource) -> Resource:
        draft, meta = self._draft(resource["resourceType"]), resource.get("meta", {})
        if draft is None or draft in (claims := meta.get("profile", [])):
            return resource
        return {**resource, "meta": {**meta, "profile": [*claims, draft]}}

    def _draft(self, kind: str) -> str | None:
        """The profile of this type, where nothing that is published has one."""
        from adapter.conformance.definitions import Definitions

        draft = self.checker.definitions.implied(kind)
        return draft.url if draft and Definitions.of().implied(kind) is None else None


UK_CORE = Profiles()
