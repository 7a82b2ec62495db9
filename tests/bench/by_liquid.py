"""(c) The same through python-fhir-converter: Liquid templates (liquid/Bag.liquid) over the parsed line.

Its ids are its own (a hash, without a name space) and its numbers are floats; otherwise the answer is equal to ours.
"""
from __future__ import annotations

from pathlib import Path

from fhir_converter.renderers import Stu3FhirRenderer, make_environment
from liquid.loaders import FileExtensionLoader

RENDERER = Stu3FhirRenderer(make_environment(loader=FileExtensionLoader(Path(__file__).parent / "liquid", ext=".liquid")))


def convert(line: bytes) -> bytes:
    text: str = RENDERER.render_fhir_string("Bag", line)
    return text.encode()
