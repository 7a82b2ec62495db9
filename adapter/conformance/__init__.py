"""UK Core conformance over plain dicts: fast where nothing is wrong, explained where something is.

    from adapter.conformance import checker

    for finding in checker().findings(resource):
        print(finding)      # error: Patient.birthDate: is no day of the calendar [fhir-format]
"""
from __future__ import annotations

from adapter.conformance.checker import Checked, Checker, checker
from adapter.conformance.finding import Finding, Level

__all__ = ["Checked", "Checker", "Finding", "Level", "checker"]
