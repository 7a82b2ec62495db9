"""How XML of others is read: without entities, without the network, without a DOCTYPE, without limits taken away."""
from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.parsers import expat

from adapter.faults import Fault, Refused

CHUNK = 1 << 16
HARDENED: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False, "remove_comments": True,
                            "remove_pis": True}


class _Begun(Exception):
    """The root element is there."""


def refuse_doctype(path: Path) -> None:
    """A DOCTYPE can make a small file huge, and have other files read. Only what stands before the root element is looked at."""
    def doctype(*_: object) -> None:
        says = "has a DOCTYPE, which no data needs and which can do harm: leave it out"
        raise Refused([Fault("dtd", says, "", parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)])

    def begins(*_: object) -> None:
        raise _Begun

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler = doctype, begins
    try:
        with path.open("rb") as file:
            while data := file.read(CHUNK):
                parser.Parse(data)
            parser.Parse(b"", True)
    except _Begun:
        return
    except Refused:      # it is a ValueError too
        raise
    except expat.ExpatError as bad:
        raise Refused([Fault("not-xml", "is not XML: export it again, or correct it", "", bad.lineno, bad.offset + 1)]) from None
    except (LookupError, ValueError):
        raise Refused([Fault("encoding", "says that it is in an encoding that is not read: export it as UTF-8", "", 1, 1)]) from None
