"""Rows <-> native JSON: what the columns of one vendor's export mean, in a table and not in a program.

    layout = load(Path("larkfield.toml"))
    for number, found, source, doubts in stream_export(Path("export.zip"), layout): ...

    toml options files     the file: values with their lines, options by their types, what the export is
    compiler load          the tree of nodes, held against the kinds of the native format: all faults of a layout at once
    leaf nodes elements states     the nodes, each with reading and writing side by side
    steps forms            the two-way steps of a leaf: table, date, time, number, function
    here paths tree        where we are, where a value stands, how it is put there
    checks origin writing layout   what must be so of all rows; where a field came from; the way back; the whole
"""
from adapter.records.layout.layout import Layout, Reading
from adapter.records.layout.load import load
from adapter.records.layout.steps import Mistake
from adapter.records.layout.writing import Unwritten, Written

__all__ = ["Layout", "Mistake", "Reading", "Unwritten", "Written", "load"]
