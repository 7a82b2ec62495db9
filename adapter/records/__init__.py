"""Care records from bytes. Three layers, each one kind of thing:

    bytes <-> rows        what a vendor's export says, as it says it: names, formats, joins
    rows <-> records      typed values; where a choice has to be made, it is made here
    records <-> resources shapes (mappings/)

The native format (native.py, stream.py) needs no rows: its JSON is the record. Every other layout is one function

    def layout(file: BinaryIO) -> Iterator[Found]

that yields, per resident, her number, a CareRecord or Refused with every fault of that resident (`path` is then the export's own file and
column, `line` its row), and the source that finds the places of her record's fields for what is said about them later. Nothing downstream
knows where a care record came from.
"""
