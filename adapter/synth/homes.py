"""The homes, three for every hundred residents, and who works there: what their residents have in common.

    home = home_of(seed, 17)      home.key, home.reference, home.organizations, ...

Whatever stands in every record is JSON already, made once for a home.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from msgspec import Raw

from adapter import wire
from adapter.synth import names
from adapter.synth.dice import between, dice, one_of
from adapter.synth.figures import HOME_KIND, NURSING
from mappings.systems import ODS_ORGANISATION

Json = Any
BLOCK = 100      # residents of three homes; also the measure of the hard cases
HOMES_OF_A_HOSPITAL = 60


def fixed(value: Json) -> Raw:
    """JSON that is written as it is, any number of times."""
    return Raw(wire.dumps({"": value})[4:-1])


@dataclass(frozen=True)
class Home:
    """`first`: the number of its first resident. The references are to records that `organizations` and the others hold."""

    number: int
    first: int
    kind: str
    nursing: bool
    name: str
    address: dict[str, Json]
    reference: Raw
    practice: Raw
    nurse: Raw
    doctor: Raw
    hospital: Raw
    organizations: Raw
    practitioners: Raw
    practitioner_roles: Raw


def home_of(seed: int, resident: int) -> Home:
    block, place = divmod(resident, BLOCK)
    first, second = sizes(seed, block)
    which = (place >= first) + (place >= first + second)
    return home(seed, 3 * block + which, BLOCK * block + (0, first, first + second)[which])


@lru_cache(16)
def sizes(seed: int, block: int) -> tuple[int, int]:
    """Of the first and the second home of a block; the third has the other 22 to 46."""
    rolls = dice(seed, "sizes", block)
    return between(rolls, 27, 39), between(rolls, 27, 39)


@lru_cache(16)
def home(seed: int, number: int, first: int) -> Home:
    rolls = dice(seed, "home", number)
    name = f"{one_of(rolls, names.HOUSES)} {one_of(rolls, names.KINDS_OF_HOUSE)}"
    address = {"lines": [name, f"{between(rolls, 1, 99)} {one_of(rolls, names.STREETS)}"], "city": one_of(rolls, names.TOWNS),
               "postcode": f"ZZ99 {between(rolls, 1, 9)}{one_of(rolls, 'ABDEFGHJLN')}{one_of(rolls, 'PQRSTUWXYZ')}"}
    practice = f"{one_of(rolls, names.TOWNS)} {one_of(rolls, ('Surgery', 'Health Centre', 'Medical Practice'))}"
    nurse, doctor = (person(rolls, prefix) for prefix in ("Nurse", "Dr"))
    keys = {who: f"{who}-{number:05}" for who in ("home", "practice", "nurse", "doctor")}
    nursing, kind = NURSING.roll(rolls), HOME_KIND.roll(rolls)
    return Home(
        number, first, kind, nursing, name, address,
        reference=refer("Organization", keys["home"], name), practice=refer("Organization", keys["practice"], practice),
        nurse=refer("Practitioner", keys["nurse"], nurse["text"]), doctor=refer("Practitioner", keys["doctor"], doctor["text"]),
        hospital=hospital(number // HOMES_OF_A_HOSPITAL),
        organizations=fixed([
            {"key": keys["practice"], "ods_code": f"ZY{number:05}", "active": True, "name": practice,
             "telecom": [telephone(rolls, "work")]},
            {"key": keys["home"], "ods_code": f"VZ{number:05}", "active": True, "name": name, "telecom": [telephone(rolls, "work")],
             "types": ["healthcare provider", {"text": f"Care home with{'' if nursing else 'out'} nursing"}],
             "addresses": [{"use": "work", **address}]},
        ]),
        practitioners=fixed([
            {"key": keys["nurse"], "active": True, "names": [nurse]}, {"key": keys["doctor"], "active": True, "names": [doctor]}]),
        practitioner_roles=fixed([
            {"key": f"{keys['doctor']}-role", "active": True, "practitioner": {"type": "Practitioner", "key": keys["doctor"]},
             "organization": {"type": "Organization", "key": keys["practice"]}, "codes": ["General practitioner"]}]))


def person(rolls: Any, prefix: str) -> dict[str, Json]:
    given, family = one_of(rolls, names.WOMEN + names.MEN), one_of(rolls, names.SURNAMES)
    return {"text": f"{prefix} {given} {family}", "family": family, "given": [given], "prefix": [prefix]}


def telephone(rolls: Any, use: str) -> dict[str, Json]:
    start = "07700 900" if use == "mobile" else "01632 960"
    return {"system": "phone", "value": f"{start}{between(rolls, 0, 999):03}", "use": use}


def refer(kind: str, key: str, display: str) -> Raw:
    return fixed({"type": kind, "key": key, "display": display})


def hospital(number: int) -> Raw:
    name = names.HOSPITALS[number % len(names.HOSPITALS)]
    return fixed({"system": ODS_ORGANISATION, "value": f"RZ{number:03}", "type": "Organization", "display": name})
