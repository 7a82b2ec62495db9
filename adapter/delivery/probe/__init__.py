"""A server is asked what it can, and answers by what it does: row by row, and at the end how we should send to it.

    async for row in probe(client, Wanted(write=True)): ...
    proposed(rows) -> Profile | None        an endpoint's section for redbag.toml; None: nothing that we do would work there

Without `write` only questions that change nothing and find nobody. With it a resident who does not exist is made there, with a number that
is nobody's (999…) and HL7's tag for test data, and removed again, whatever happens; `Tidy` says what could not be.
"""
from adapter.delivery.probe.profile import Profile, proposed
from adapter.delivery.probe.row import How, Row
from adapter.delivery.probe.run import Wanted, probe

__all__ = ["How", "Profile", "Row", "Wanted", "probe", "proposed"]
