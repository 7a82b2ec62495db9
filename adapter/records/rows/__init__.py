"""Bytes <-> rows: an export as its vendor writes it, opened for one resident after the other, and written again in the same form.

    with open_export(path, settings) as export:
        for rows in export: ...                       # rows.tree: everything the export says about one resident, as nested rows

Rows carry no meaning. What a column means is told by a layout (adapter/records/layout).
"""
