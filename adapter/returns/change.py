"""One difference between what a home sent and what came back, as a sentence for a person who may read it. Never for a log."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "stopped", "paused", "started again", "not to be given", "dose changed", "new medicine", "not mentioned", "not compared", "to check",
    "new allergy", "allergy detail", "vaccinated", "not vaccinated", "new diagnosis",
    "admission", "in hospital", "discharged", "same stay", "died", "edited", "removed", "still there", "not read"]
Certainty = Literal["certain", "for a person"]


@dataclass(frozen=True)
class Change:
    """`certain` says that nothing had to be guessed to know what the sentence is about; it does not say that it is right to act on it.

    `about` is the home's own row ("medicines[3]"), None where there is none; `source` the hospital's resource ("MedicationRequest/55").
    """

    kind: Kind
    sentence: str = field(repr=False)
    certainty: Certainty
    about: str | None = None
    source: str | None = None

