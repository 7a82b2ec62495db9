"""By which definitions something is checked or proven, as the command line names them."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adapter.commands.exits import Exit, Stop
from adapter.commands.streams import reason, say
from adapter.delivery.profiles import Profiles
from adapter.faults import Refused


def proven_by(sets: Sequence[str] | None, packages: Sequence[Path] | None) -> Profiles:
    """`sets`: beside FHIR R4. Raises Stop for what is not there, or is no package."""
    try:
        return Profiles.of(tuple(sets or ()), tuple(packages or ()))
    except KeyError:
        from adapter.conformance.shelf import SETS

        there = ", ".join(sorted(path.stem for path in SETS.glob("*.zip")))
        raise Stop(Exit.USAGE, f"--set: there is no such set of definitions; there are {there}.") from None
    except Refused as refused:
        raise Stop(Exit.NOTHING, f"--package: {'; '.join(map(str, refused.found))}.") from None
    except OSError as error:
        raise Stop(Exit.NOTHING, f"--package: {error.filename} cannot be read ({reason(error)}): name the package's file.") from None


def to_send_by(sets: Sequence[str] | None, packages: Sequence[Path] | None) -> Profiles:
    """The same for what is to be sent: what a package states and nobody can read is told, for nothing is proven by it. Raises Stop."""
    found = proven_by(sets, packages)
    for fault in found.checker.definitions.left_out if packages else ():
        say(f"--package: {fault.file}: warning: {fault.says}; it is left out, and nothing is held against it [{fault.rule}].\n")
    return found


def asked_for(sets: Sequence[str] | None, packages: Sequence[Path] | None) -> Profiles | None:
    """None where none are named: then it is as configured. Raises Stop."""
    return to_send_by(sets, packages) if sets or packages else None
