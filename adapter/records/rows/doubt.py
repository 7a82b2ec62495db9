"""Was a file read in the encoding it was written in? Most bytes are some character in every encoding of one byte: no fault shows it, only
what the words look like. An export of an old program, in the code page of DOS, has R¢is¡n where a name has two accents.
"""
from __future__ import annotations

import re
from contextlib import suppress

from adapter.records.rows.encoding import Encoding
from adapter.records.rows.files import File
from adapter.records.rows.text import TooLong, whole_lines

CONTROLS = "\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
ASCII_CONTROLS = bytes([*range(1, 9), 11, 12, *range(14, 32), 127])
SIGNS = "¡¢£¤¥¦§¨©«¬¯¶¸»¿ƒˆ‰‹›˜‚„†‡"
QUOTES = "“”"      # in UTF-8 somebody typed them, and perhaps left out a blank
LETTER = r"[^\W\d_]"
SAYS = ("has a sign such as ¢ or a control between two letters, as words have that are read in another encoding than they were written in: "
        "look at it, and if it is wrong export as UTF-8")


def doubtful(file: File, encoding: Encoding) -> int | None:
    """The first line on which a sign stands where a word has none; which sign, and in which word, is not told."""
    odd, line = _between_letters(CONTROLS + SIGNS + QUOTES * (encoding.name != "utf-8")), 1
    with file.open() as stream, suppress(TooLong):      # that is said when it is read
        for data in whole_lines(stream):
            plain = data.isascii() and len(data.translate(None, ASCII_CONTROLS)) == len(data)
            text = "" if plain else encoding.text(data)
            if found := odd.search(text):
                return line + _ends(text[:found.start()].encode(errors="surrogatepass"))
            line += _ends(data)
    return None


def _ends(data: bytes) -> int:
    """Of lines, whichever way they end."""
    return data.count(b"\n") + (data.count(b"\r") - data.count(b"\r\n") if b"\r" in data else 0)


def _between_letters(signs: str) -> re.Pattern[str]:
    return re.compile(f"[{signs}](?<={LETTER}.)[{signs}]{{0,5}}(?={LETTER})", re.DOTALL)
