"""Every option of a layout in one line: for the schema, and for the page docs/layouts.md, which a test holds to it."""
from __future__ import annotations

SECTION_SAYS = {
    "export": "What the export is: its form, its zone, its words of nothing",
    "files": "CSV: each file of the export, by the name under which its rows hang",
    "lookups": "JSON and XML: lists outside of the residents, of which a row names one element by a key",
    "tables": "The vendor's codes and our words for them, by name",
    "absence": "What it means of a row that it was in the last export and is not in this one",
    "states": "Why there is no list where there are no rows: none known, not asked, not supplied",
    "ignored": "What is left out, by its path, and why",
    "ignored_rows": "Rows that say nothing about the resident, and why",
}
EXPORT_SAYS = {
    "vendor": "Whose export it is, for sentences",
    "format": "csv, json, ndjson or xml",
    "residents": "CSV: the table of the residents. JSON and XML: the path to the list of them, empty where the document is the list",
    "zone": "Where its clocks are, such as Europe/London. Without it a time is cut to its date",
    "nothing": "Words that say nothing, wherever they stand",
    "encoding": "Such as windows-1252. Without it, found out and stated",
    "delimiter": "CSV: what stands between two cells. Without it, found out and stated",
    "module": "A Python file beside the layout, with the vendor's own functions",
    "namespaces": "XML: prefix and namespace; names in the namespace of the empty prefix are written bare",
}
FILE_SAYS = {
    "file": "Its file name, in whatever case",
    "key": "The column by which its rows are told apart",
    "of": "The table to whose rows its rows belong",
    "by": "The column that says to which: its name in both, or { ITS_COLUMN = \"THE OTHER'S\" }",
    "lookup": "The other way round: many rows of `of` name one row here",
    "single": "One row about the whole export: /name/COLUMN",
    "optional": "It may be missing",
    "columns": "In which order they are written back",
}
LOOKUP_SAYS = {
    "items": "The path of the list, from the top",
    "key": "The name of the key in each of its elements",
    "by": "The path of the value that names one; the element hangs beside it",
}
LEAF_SAYS = {
    "from": "Where the value stands: a path, or several",
    "join": "What to put between several values to make one text; empty ones are left out",
    "split": "What stands between the values of a list in one text",
    "remove": "Characters that are taken out; written without them",
    "table": "The vendor's codes and our words: the name of a table, or the table itself",
    "otherwise": "\"text\": a code that is not in the table travels as a text",
    "date": "How a date is written, such as DD/MM/YYYY; of several forms the first that fits",
    "time": "How a time is written, such as DD/MM/YYYY HH:mm; of several forms the first that fits",
    "number": "\"plain\" (0.5) or \"comma\" (0,5); where the field is a text, a JSON number is taken as one",
    "function": "A function of the vendor's module, or { read = ..., write = ... }",
    "nothing": "More words that say nothing here",
    "constant": "What is so for every resident",
    "because": "Why it is so",
}
BLOCK_SAYS = {
    "each": "One element for every row of this list",
    "only": "Only rows with these values; \"\" stands for nothing, \"*\" for anything",
    "always": "Why the element is always there, although nothing in it comes from the export",
    "rows": "The path of the list",
    "because": "Why",
}
