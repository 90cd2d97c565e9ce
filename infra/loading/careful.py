"""One raw file read with care: each object becomes a clean row or an explained reject.

Only what a table cannot hold is rejected: broken JSON, a missing identity key, a value
of another type, out of range or too long. What a value means is dbt's to judge.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import isinf
from typing import Any, BinaryIO, NamedTuple

from infra.loading.judging import Broken, Found, as_written
from infra.loading.lines import LIMIT
from infra.loading.objects import objects
from infra.loading.raw_schema import Column, RawTable

Value = str | int | float | None

RAW_BYTES = 4096
NAME_BYTES = 256
MOST_EXTRA_KEYS = 1000

_MOST_SHAPES = 256
_SHAPE_BYTES = 16 * 1024  # of an object whose shape is worth remembering
_EXACT = 2**53  # a double from here on may have lost digits
_WHOLE = re.compile(r"(-?[0-9]+)(?:\.0*)?")
_FRACTION = re.compile(r"-?[0-9]+\.[0-9]+")
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")


class Row(NamedTuple):
    """An object that the table can hold; `values` has its known keys, all clean."""

    line: int
    values: dict[str, Value]


class Reject(NamedTuple):
    """An object or line that the table cannot hold, in texts that can be stored."""

    line: int
    column: str | None
    reason: str
    message: str
    raw: str


class Fault(NamedTuple):
    """Why a value does not fit its column."""

    reason: str
    message: str


class _Check(NamedTuple):
    """When a value is clean: of just this type, and a number within these limits.

    A string of `low` characters cannot be too long, one of `high` bytes is not.
    """

    kind: type[Any]
    low: float
    high: float


@dataclass(frozen=True)
class _Shape:
    """What follows from an object's keys alone."""

    known: tuple[str, ...]
    has_extra: bool
    is_complete: bool  # all identity keys are there
    checks: tuple[_Check, ...]  # as many as known keys, in their order


class Careful:
    """Reads raw files of one table.

    `extra_keys` are the names, cut to NAME_BYTES, of keys that the table does not know,
    the first MOST_EXTRA_KEYS of them; `seen_keys` are the known ones that came, if only
    with null.
    """

    def __init__(self, table: RawTable) -> None:
        self._columns = table.raw_columns
        self._checks = {column.json: _check(column) for column in self._columns}
        self._identities = {each.json for each in self._columns if each.identity}
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self.extra_keys: set[str] = set()
        self.seen_keys: set[str] = set()

    def read(self, stream: BinaryIO) -> Iterator[Row | Reject]:
        """Yields what the file holds, in order; each object or bad line once."""
        shapes = self._shapes
        for found in objects(stream):
            if isinstance(found, Broken):
                line, reason, message, raw = found
                yield Reject(line, None, reason, message, storable(raw))
                continue
            line, text, values = found
            shape = shapes.get(tuple(values)) or self._shape(text, values)
            if shape.has_extra:
                values = {key: values[key] for key in shape.known}
            if shape.is_complete and _fits(values, shape.checks):
                yield Row(line, values)
            else:
                yield self._row(Found(line, text, values))

    def _shape(self, text: bytes, values: dict[str, Any]) -> _Shape:
        """The shape of an object that was not seen before, or is not remembered."""
        known = tuple(key for key in values if key in self._checks)
        shape = _Shape(
            known,
            len(known) < len(values),
            bool(known) and self._identities.issubset(known),
            tuple(self._checks[key] for key in known),
        )
        self.seen_keys.update(known)
        for key in values:
            if len(self.extra_keys) >= MOST_EXTRA_KEYS:
                break
            if key not in self._checks:
                self.extra_keys.add(_cut(key, NAME_BYTES))
        if len(self._shapes) < _MOST_SHAPES and len(text) <= _SHAPE_BYTES:
            self._shapes[tuple(values)] = shape
        return shape

    def _row(self, found: Found) -> Row | Reject:
        """Converts value by value, or names the first column that is at fault."""
        line, text, values = found
        if not values:
            message = "the object has no key that the table knows"
            return Reject(line, None, "no_known_key", message, storable(text))
        clean: dict[str, Value] = {}
        source = _Source(text)
        for column in self._columns:
            if column.json in values:
                value = _clean(values[column.json], column, source)
                if not isinstance(value, Fault):
                    clean[column.json] = value
                    continue
            elif column.identity:
                value = Fault("missing_key", f"the key {column.json} is not there")
            else:
                continue
            return Reject(line, column.name, *value, storable(text))
        return Row(line, clean)


def storable(raw: bytes) -> str:
    """Bytes as text of at most RAW_BYTES bytes that any database can store."""
    text = raw[: RAW_BYTES + 4].decode(errors="backslashreplace")
    return _cut(text.replace("\0", r"\x00"), RAW_BYTES)


def _cut(text: str, most: int) -> str:
    """The beginning of a text, of so many bytes at most."""
    return text[:most].encode()[:most].decode(errors="ignore")


# The quick look: nearly all values are clean already


def _check(column: Column) -> _Check:
    if column.limits:
        return _Check(int, *column.limits)
    if column.kind == "number":
        return _Check(float, -sys.float_info.max, sys.float_info.max)
    return _Check(str, _width(column) // 4, _width(column))


def _width(column: Column) -> int:
    return LIMIT if column.width is None else column.width


def _fits(values: dict[str, Any], checks: tuple[_Check, ...]) -> bool:
    """Whether all values can be taken as they are."""
    for value, (kind, low, high) in zip(values.values(), checks, strict=True):
        if type(value) is kind:
            if kind is str:
                if len(value) > low and len(value.encode()) > high:
                    return False
            elif not low <= value <= high:
                return False
        elif value is not None:
            return False
    return True


# The long look


class _Source:
    """An object's text, read again only when a number's own spelling is asked for."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    @cached_property
    def _values(self) -> dict[str, Any] | None:
        try:
            return as_written(self._text)
        except RecursionError:
            return None

    def spelling(self, key: str) -> str | Fault:
        """A number as it stands in the file."""
        if self._values is None:
            return Fault("too_deep", "objects or arrays are nested too deep")
        return str(self._values[key])


def _clean(value: object, column: Column, source: _Source) -> Value | Fault:
    """A value of the column's kind, or why there is none."""
    if value is None:
        return None
    if column.kind == "text":
        return _text(value, column, source)
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
    if column.limits:
        return _integer(value, column, source)
    return _number(value)


def _text(value: object, column: Column, source: _Source) -> str | Fault:
    if isinstance(value, (dict, list)):
        return Fault("nested_value", f"{_shown(value)} in place of a text")
    text: str | Fault = str(value)
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif not isinstance(value, str):
        text = source.spelling(column.json)
    if isinstance(text, Fault):
        return text
    size, width = len(text.encode()), _width(column)
    if size > width:
        return Fault("too_long", f"{size} bytes, the column takes {width}")
    return text


def _integer(value: object, column: Column, source: _Source) -> int | Fault:
    whole: int | Decimal | Fault
    if isinstance(value, str):
        whole = _whole(value)
    elif isinstance(value, float):
        whole = _whole_float(value, column, source)
    elif isinstance(value, int) and not isinstance(value, bool):
        whole = value
    else:
        whole = Fault("wrong_type", f"{_shown(value)} is no whole number")
    if isinstance(whole, Fault):
        return whole
    low, high = column.limits or (0, 0)
    if low <= whole <= high:
        return int(whole)
    message = f"{_shown(value)} is not between {low} and {high}"
    return Fault("out_of_range", message)


def _whole(value: str) -> int | Decimal | Fault:
    if found := _WHOLE.fullmatch(value):
        return Decimal(found[1])
    if _FRACTION.fullmatch(value):
        return Fault("not_integral", f"{_shown(value)} is no whole number")
    return Fault("wrong_type", f"{_shown(value)} is no whole number")


def _whole_float(
    value: float, column: Column, source: _Source
) -> Decimal | int | Fault:
    """The float as a whole number, with the digits that the float itself has lost."""
    if isinf(value):
        return Fault("out_of_range", "beyond the range of any number")
    if not value.is_integer():
        return Fault("not_integral", f"{_shown(value)} is no whole number")
    if abs(value) < _EXACT:
        return int(value)
    spelling = source.spelling(column.json)
    if isinstance(spelling, Fault):
        return spelling
    exact = Decimal(spelling)
    if exact != exact.to_integral_value():
        return Fault("not_integral", f"{_shown(spelling)} is no whole number")
    return exact


def _number(value: object) -> float | Fault:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return Fault("wrong_type", f"{_shown(value)} is no number")
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        return Fault("wrong_type", f"{_shown(value)} is no number")
    number = float(value)
    if isinf(number):
        return Fault("out_of_range", "beyond the range of a double")
    return number


def _shown(value: object) -> str:
    """A value as a message shows it: short, in letters that print everywhere."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return ascii(value if len(value) <= 60 else value[:57] + "...")
    return str(value)
