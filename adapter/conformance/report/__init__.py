"""What a check has found, told in the forms that people and programs read. Pure: text goes out as it is made, nothing is kept that grows.

    report = REPORTS["sarif"](...)
    for line in report.begin(): ...      report.unit(unit) for each thing that was checked      report.end(summary)
"""
from __future__ import annotations

from adapter.conformance.report.told import Report, Summary, Told, Unit

__all__ = ["Report", "Summary", "Told", "Unit"]
