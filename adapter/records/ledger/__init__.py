"""The ledger: what became of every value of an export. Exactly one of

    mapped    it feeds a field of the record, or several
    stated    the layout says what it is there for: it joins rows, it chooses a block, it is one of the words that say nothing
    ignored   a rule of the layout leaves it behind, with a reason
    unknown   nothing is known of it: a column that came with the vendor's last update

    ledger = Ledger(layout)
    ledger.take(rows, refused=False)          for every resident, when it is known whether she travels
    ledger.close(export)                      what stands outside of all residents, and what nobody named
    ledger.lines(), ledger.totals(), ledger.constants()

Values are counted and never kept.
"""
from adapter.records.ledger.book import Constancy, Ledger, Line
from adapter.records.ledger.plan import IGNORED, MAPPED, STATED, UNKNOWN, VERDICTS

__all__ = ["IGNORED", "MAPPED", "STATED", "UNKNOWN", "VERDICTS", "Constancy", "Ledger", "Line"]
