r"""What a clean raw line looks like, as one regular expression.

Two readers of JSON that agree on nothing else agree on a line of this shape: an object
with each key of the raw table once, in a known order, each value a null or a plain
value of its column's kind that fits. So a file whose every line has the shape needs no
careful reading. The expression is stricter than the contract (no exponents, no numbers
in text columns, ASCII in narrow columns): what it does not know, the careful path
decides.

The syntax is RE2's, which DuckDB runs on all cores in one pass over the bytes; Python's
`re` reads it alike.
"""

from collections.abc import Sequence

import orjson

from infra.loading.raw_schema import Column, RawTable

_ESCAPE = (
    r"\\(?:[\"\\/bfnrt]|u(?:"
    r"0(?:0(?:0[1-9a-fA-F]|[1-9a-fA-F][0-9a-fA-F])|[1-9a-fA-F][0-9a-fA-F]{2})"  # no NUL
    r"|[1-9a-cA-CefEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}))"  # no surrogates
)
_CHARACTER = r"(?:[^\"\\\x00-\x1f]|" + _ESCAPE + ")"
_ASCII = r"[ !#-\[\]-~]"
# Digits are bounded so that every match fits its type and is exact
_INTEGER = {
    "integer": r"-?(?:0|[1-9][0-9]{0,8})",
    "bigint": r"-?(?:0|[1-9][0-9]{0,17})",
}
_NUMBER = r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,17})?"
_LINEAGE = r'"_source_uri":"(?:[^"\\]|\\.)*","_line":[0-9]+,'

BYTES_OF_A_CHARACTER = 4  # at most, in UTF-8
LONGEST_OBJECT = (
    4 * 1024 * 1024
)  # where no column is wide; Redshift takes no longer object
LONGEST_COUNTED = 64  # a larger count makes the expression slow


def clean_line(
    table: RawTable, orders: Sequence[Sequence[str]], *, with_lineage: bool
) -> str:
    """The expression that a whole clean line matches, for keys in any of the orders.

    `with_lineage` is for lines that carry their file and number in front. A line must
    also be no longer than `longest_line` in bytes.
    """
    values = {column.json: _value(column) for column in table.raw_columns}
    lineage = _LINEAGE if with_lineage else ""
    objects = [
        ", ?".join(f"{_literal(key)}: ?{values[key]}" for key in order)
        for order in orders
    ]
    return r"\{" + lineage + "(?:" + "|".join(objects) + r")\}"


def longest_line(table: RawTable) -> int:
    """Bytes of a line that cannot hold too long a text in a wide column."""
    wide = (column.width or 0 for column in table.raw_columns if _is_wide(column))
    return min(wide, default=LONGEST_OBJECT)


def key_order(table: RawTable, line: bytes) -> tuple[str, ...] | None:
    """The order of a line's keys, when it has each key of the table and no other."""
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    keys = {column.json for column in table.raw_columns}
    return tuple(found) if isinstance(found, dict) and found.keys() == keys else None


def _value(column: Column) -> str:
    if column.kind == "integer":
        return f"(?:null|{_INTEGER[column.type]})"
    if column.kind == "number":
        return f"(?:null|{_NUMBER})"
    return f'(?:null|"{_text(column)}")'


def _text(column: Column) -> str:
    """Text that fits: counted by bytes where ASCII, by characters where wider."""
    width = column.width or 0
    if width <= LONGEST_COUNTED:
        return f"{_ASCII}{{0,{width}}}"
    if _is_wide(column):
        return f"{_CHARACTER}*"
    return f"{_CHARACTER}{{0,{width // BYTES_OF_A_CHARACTER}}}"


def _is_wide(column: Column) -> bool:
    return (column.width or 0) > LONGEST_COUNTED * BYTES_OF_A_CHARACTER


def _literal(key: str) -> str:
    """A key as it stands in a line; keys of the raw tables are letters and `_`."""
    return f'"{key}"'
