"""Tells quickly whether raw text is nothing but clean rows of a raw table.

A strict decoder, made from the table's columns, reads each line: an object with each
key of the table and no other, each value a null or a plain value of its column's kind
that fits. On text that passes, all readers of JSON agree, except on an object with the
same key twice: the decoder takes the last, so the engine has to look for those. The
decoder is stricter than the contract (no missing keys, no numbers as text); what it
refuses, the careful path decides.
"""

import re
from typing import Annotated

import msgspec

from infra.loading.raw_schema import Column, RawTable

# A NUL, and what may be a character beyond U+FFFF or half of one
_ODD_ESCAPE = re.compile(rb"\\u(?:0000|[dD])")

# Bytes of UTF-8 that a character takes at most, unless it is beyond U+FFFF
_BYTES = 3


class Strict:
    """Checks text of one raw table."""

    def __init__(self, table: RawTable) -> None:
        self._widths = [
            (column.json, column.width) for column in table.raw_columns if column.width
        ]
        row = msgspec.defstruct(
            "Row",
            [(column.json, _type(column)) for column in table.raw_columns],
            forbid_unknown_fields=True,
            gc=False,
        )
        self._decoder = msgspec.json.Decoder(row)

    def is_clean(self, text: bytes, lines: list[bytes]) -> bool:
        """Whether every line of the text is a clean row; a blank line is none."""
        if b"\r" in text and _has_lone_returns(text):
            return False
        decode = self._decoder.decode
        try:
            if text.isascii() and not (b"\\u" in text and _ODD_ESCAPE.search(text)):
                return all(map(decode, lines))  # a row is true, whatever is in it
            return b"\\u0000" not in text and all(
                self._fits(decode(line)) for line in lines
            )
        except (msgspec.DecodeError, UnicodeError):
            return False

    def _fits(self, row: object) -> bool:
        """Whether text that may hold characters of four bytes fits its columns."""
        return all(
            len((getattr(row, name) or "").encode()) <= width
            for name, width in self._widths
        )


def _has_lone_returns(text: bytes) -> bool:
    """Whether a carriage return alone ends a line, which shifts the lines' numbers."""
    return text.count(b"\r") != text.count(b"\r\n") + text.endswith(b"\r")


def _type(column: Column) -> object:
    """What the decoder takes for a column. Text is counted by characters there."""
    if column.limits:
        least, greatest = column.limits
        return Annotated[int, msgspec.Meta(ge=least, le=greatest)] | None
    if column.kind == "number":
        return float | None
    return Annotated[str, msgspec.Meta(max_length=(column.width or 0) // _BYTES)] | None
