"""Organisations, places, and lists."""
from __future__ import annotations

from collections.abc import Sequence

from adapter.conformance.finding import Level
from adapter.conformance.rules.reading import each, has, text
from adapter.conformance.rules.rule import Object, Rule, Said
from mappings.systems import ODS_ORGANISATION, ODS_SITE


def _no_ods(organization: Object) -> Sequence[Said]:
    if any(text(found, "system") in (ODS_ORGANISATION, ODS_SITE) for _, found in each(organization, "identifier")):
        return ()
    return (("", "has no ODS code"),)


def _hours(location: Object) -> Sequence[Said]:
    return [(at, "is open all day, and has times") for at, hours in each(location, "hoursOfOperation")
            if hours.get("allDay") is True and (has(hours, "openingTime") or has(hours, "closingTime"))]


def _empty(found: Object) -> Sequence[Said]:
    return () if has(found, "entry") or has(found, "emptyReason") else (("", "is empty, and does not say why"),)


def _home(**more: object) -> Object:
    return {"resourceType": "Organization", "name": "Rose House (fictional)", **more}


def _location(**hours: object) -> Object:
    return {"resourceType": "Location", "name": "Rose House (fictional)", "hoursOfOperation": [{"daysOfWeek": ["mon"], **hours}]}


LIST: Object = {
    "resourceType": "List", "status": "current", "mode": "snapshot", "title": "Allergies", "subject": {"reference": "Patient/1"}}
NOT_ASKED: Object = {"emptyReason": {"coding": [
    {"system": "http://terminology.hl7.org/CodeSystem/list-empty-reason", "code": "notasked", "display": "Not Asked"}]}}

RULES = (
    Rule("rb-organization-ods", Level.WARNING, ("Organization",), _no_ods,
         "An organisation has its ODS code.",
         fix="look it up in the NHS directory of organisations; care homes have one too",
         source="UK Core, Organization guidance: identifier SHOULD be the ODS organisation code",
         good=_home(identifier=[{"system": ODS_ORGANISATION, "value": "VFAKE"}]), bad=_home()),
    Rule("rb-location-hours", Level.WARNING, ("Location",), _hours,
         "A place that is open all day has no opening and closing times.",
         fix="take the times away",
         source="UK Core, Location guidance on hoursOfOperation",
         good=_location(allDay=True), bad=_location(allDay=True, openingTime="08:00:00")),
    Rule("rb-list-empty", Level.WARNING, ("List",), _empty,
         "A list without entries says why: none known, not asked, withheld.",
         fix="say it in emptyReason; an empty list alone says nothing about the resident",
         source="UK Core, List guidance; HL7 FHIR R4, List.emptyReason",
         good=LIST | NOT_ASKED, bad=LIST),
)
