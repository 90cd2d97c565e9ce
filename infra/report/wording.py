"""Numbers, moments and lists of names as the report's sentences say them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import accumulate
from typing import Any, TypeVar

Item = TypeVar("Item")

NOTHING = "\u2013"  # a dash
_LONGEST = 60  # characters of a name in a sentence; tables have it whole
_JOINERS = "\u200d\ufe0e\ufe0f"  # what makes one picture of several characters
_NARROW = set("fijlrtI.,:;'|!()[] ·")
_NAMED = 3  # how many of those that share a place are named
_EQUAL = 1e-9  # relative; sums of doubles differ in their last digits


def count(number: float | None) -> str:
    """A whole number, as 6,820."""
    return NOTHING if number is None else f"{number:,.0f}"


def decimal(number: float | None) -> str:
    """A number with one digit behind the point, as 468.0."""
    return NOTHING if number is None else f"{number:,.1f}"


def percent(share: float | None) -> str:
    """A share from 0 to 1, as 5.0 %; one that is small is not nothing: < 0.1 %."""
    if share is None:
        return NOTHING
    is_small = 0 < share < 0.0005
    return f"{'< 0.1' if is_small else f'{100 * share:.1f}'}\u00a0%"  # one word


def ratio(part: float | None, whole: float | None) -> float | None:
    """A share, or None of nothing."""
    return part / whole if whole and part is not None else None


def counted(number: float | None, noun: str) -> str:
    """A number with its noun, as 1 play or 2 plays."""
    return f"{count(number)} {noun}" + ("" if number == 1 else "s")


def day(moment: date) -> str:
    """A day, as Wednesday 28 November 2018."""
    return f"{moment:%A} {moment.day} {moment:%B %Y}"


def short_day(moment: date) -> str:
    """A day, as 28 Nov 2018."""
    return f"{moment.day} {moment:%b %Y}"


def minute(moment: datetime | None) -> str:
    """A moment to the minute, as 2018-11-30 19:54 UTC."""
    return NOTHING if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def duration(seconds: float | None) -> str:
    """A time in the unit that fits it, as 87 s, 2.5 min, 4.3 h or 19.0 days."""
    if seconds is None:
        return NOTHING
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.1f}\u00a0{unit}"
    return f"{seconds:,.0f}\u00a0s"


def short(name: str) -> str:
    """A name for a sentence, cut where it is very long."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"


def fitted(text: str, room: float, size: float) -> str:
    """A text cut to a width, all in pixels; letters are taken as rather wide.

    Cut here, between characters, and not where it is drawn: Vega cuts between halves
    of those beyond 16 bits, and what measures such a half brings the drawing down.
    """
    if sum(_width(character, size) for character in text) <= room:
        return text
    widths = accumulate(
        (_width(character, size) for character in text), initial=_width("…", size)
    )
    end = max(0, sum(width <= room for width in widths) - 1)
    while end and (text[end] in _JOINERS or unicodedata.combining(text[end])):
        end -= 1
    return f"{text[:end].rstrip(_JOINERS + ' ')}…"


def _width(character: str, size: float) -> float:
    if unicodedata.combining(character) or character in _JOINERS:
        return 0.0
    if unicodedata.east_asian_width(character) in "WF" or ord(character) > 0xFFFF:
        return 1.3 * size
    if character in _NARROW:
        return 0.4 * size
    return (0.85 if character.isupper() or character in "mw%@" else 0.64) * size


def listed(names: Sequence[str], noun: str) -> str:
    """Names as a list, of many only the first: A, B and 4 other days.

    `noun` is the plural of what is named.
    """
    if len(names) > _NAMED:
        named = list(names[: _NAMED - 1])
        return f"{', '.join(named)} and {len(names) - len(named):,} other {noun}"
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last


def leaders(rows: Sequence[Item], value: Callable[[Item], Any]) -> list[Item]:
    """The rows whose value is greatest: several that share it, none of nothing.

    Values that are None, or not above 0, lead nothing.
    """
    counted_rows = [(row, value(row) or 0) for row in rows]
    most = max((number for _, number in counted_rows), default=0)
    if most <= 0:
        return []
    return [row for row, number in counted_rows if number >= most * (1 - _EQUAL)]


def they(rows: Sequence[object], one: str, several: str) -> str:
    """The verb for as many subjects."""
    return one if len(rows) == 1 else several
