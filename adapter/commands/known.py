"""By which definitions something is checked or proven, as the command line names them."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from adapter.commands.exits import Exit, Stop
from adapter.commands.streams import reason
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


def asked_for(sets: Sequence[str] | None, packages: Sequence[Path] | None) -> Profiles | None:
    """None where none are named: then it is as configured. Raises Stop."""
    return proven_by(sets, packages) if sets or packages else None
