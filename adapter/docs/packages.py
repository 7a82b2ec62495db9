"""docs/packages.md: what a package of definitions is, how it counts, and where the sets that ship come from. Pure."""
from __future__ import annotations

from collections.abc import Iterator

from adapter.conformance import checker, unchecked
from adapter.conformance.definitions import DEFAULT_SETS
from adapter.conformance.making import KINDS, MOST_LEFT_OUT
from adapter.conformance.package import LARGEST, MOST_FILES, MOST_PACKED, MOST_UNPACKED
from adapter.conformance.rules.inputs import INPUTS
from adapter.conformance.shelf import SETS, Shelf
from adapter.docs.markdown import table
from mappings.catalogue import SHAPES

INTRODUCTION = """<!-- Printed from the checker by `redbag docs`: change the checker, not this page. -->
# Packages and sets: what resources are held against

A **set** ships with this program: FHIR itself and UK Core. A **package** is what somebody brings: a trust's or a region's own profiles, as
the tools for FHIR make them and the registries of FHIR hand them out, NAME.tgz.

    redbag check bundle.json --package our-trust.tgz                             # what it asks of each type
    redbag check bundle.json --package our-trust.tgz --profile https://…/P       # this profile of it
    redbag check bundle.json --set ukcore-stu3-sequence                          # another set than UK Core STU2
    redbag send home.ndjson --to https://fhir.trust.example --package our-trust.tgz      # convert and retract take both too

No network is asked: what a package depends on and no set has is brought too, and named before it with a `--package` of its own.

## What counts

- A resource is held against its type, the profiles that its `meta.profile` claims, and UK Core's profile of its type; an Observation also
  against the vital sign that its code says it is.
- With `--package`, where a package has *one* profile of a resource type, every resource of that type is held against it too, whether it
  claims it or not. That is so for resources in a Bundle and for the FHIR that care records become. Of *several* profiles of one type, the
  one that a resource claims holds, or the one that is named. The last lines say for each how many resources were held against it.
- With `--profile`, what is named holds for the resources of its type *instead of* UK Core's and the package's; it may be said once for each
  type. For resources of other types nothing changes.
- Profiles of data types and extensions hold where a profile names them, or their URL stands on an extension.
- What goes to an endpoint of `redbag.toml` is proven by what is said there: `packages = ["our-trust.tgz"]` and `definitions` (one set
  beside FHIR R4; [endpoints.md](endpoints.md)). So is what is accepted for it (`--durable`), what a worker sends, and what is taken back.
  A package is read anew when its file changes; one that cannot be read is a fault of `redbag.toml`, and a worker goes on by the last good.
- Drafts are claimed where they are asked for, by `definitions` or `--set`, and nowhere else: what nothing published has a profile for
  names the draft in `meta.profile`. Of what a care record becomes that is the Bundle itself. Somebody else's Bundle goes as it is.
"""
WITHIN = """## What is in a package

`package/package.json` with `name`, `version` and, in `fhirVersions`, {version}. Beside it in the folder `package`, one definition a file:
{kinds}. All else is passed over, and examples in other folders are not read. A profile needs no snapshot: it is
made from the differential and the base, which must be known. A value set may bring its expansion, and is believed. At most {packed} MB
packed, {unpacked} MB unpacked, {files:,} files and {largest} MB for one definition.

Nothing is unpacked onto the disk. What is broken is one sentence with the name of the file in the package, and nothing is checked then
(exit code 3). One definition that cannot be read is left out, and what narrows it: that is a warning, and counted as not checked; all else
in the package holds. Where more than {left_out} cannot be read, or nothing else is in it, the package is broken:
"""
OPEN = """## What nobody can check

What a definition states and cannot be evaluated is counted in the last lines as *not checked*; of what a package states, each is named, by
its element and profile, and `--json` has all of it as `left_open`. An invariant that takes too many steps is an error, `too-costly`.
"""
EMITTED = """
Of the types that this program writes, and all that their profiles lead to, this is open:
"""
WHY = {"http://hl7.org/fhir/ValueSet/patient-fetalstatus": "an extension of FHIR R6, whose codes no package for R4 has"}
SHIPPED = """## The sets that ship

Made from HL7's and UK Core's published packages by `tools/definitions.py`; the hash is that of what they were made of. With `--json`
`redbag check` names those that were used. NOTICE says under which licences they stand.
"""


def packages() -> str:
    within = WITHIN.format(version="4.0.1", kinds=", ".join(sorted(KINDS)), packed=MOST_PACKED >> 20, unpacked=MOST_UNPACKED >> 20,
                           files=MOST_FILES, largest=LARGEST.size >> 20, left_out=MOST_LEFT_OUT)
    rules = [(f"`{name}`", sentence) for name, sentence in INPUTS.items() if name.startswith("package-")]
    return "\n".join([INTRODUCTION, within, *table(("Rule", "What it says"), rules),
                      OPEN, *(f"- {reason}" for reason in unchecked.REASONS), EMITTED, *emitted(), SHIPPED, *shipped()]).rstrip() + "\n"


def emitted() -> Iterator[str]:
    for path in sorted(SETS.glob("ukcore-*.zip")):
        found = checker((DEFAULT_SETS[0], path.stem))
        every = [each for name in (*SHAPES, "Bundle") for each in (found.definitions.type(name), found.definitions.implied(name)) if each]
        left = [f"{each} ({WHY[each.what]})" for each in found.left_open(each.url for each in every)]
        yield f"- `{path.stem}`: {'; '.join(left) or 'nothing'}"
    yield ""


def shipped() -> Iterator[str]:
    each = [Shelf(path.stem) for path in sorted(SETS.glob("*.zip"))]
    yield from table(("Set", "Version", "Used", "Definitions", "Value sets", "Code systems", "SHA-256 of what it was made of"), [
        (f"`{one.id}`", one.version, "always" if one.id == DEFAULT_SETS[0] else "unless `--set` says otherwise" if one.id in DEFAULT_SETS
         else "with `--set`, or `definitions`",
         str(len(one.profiles)), str(len(one.index.codes)), str(len(one.index.systems)), f"`{one.sha256}`")
        for one in each])
