"""Where listeners are, and on what they listen."""

from __future__ import annotations

from collections.abc import Sequence

from infra.report.answers import Answers, Row, sql
from infra.report.bars import Bar, bars
from infra.report.figure import Figure, Section, Table
from infra.report.wording import (
    count,
    counted,
    decimal,
    leaders,
    listed,
    percent,
    ratio,
    they,
)

_SHOWN = 10
_NO_PLAYS = "Nobody has played anything yet"


def section(answers: Answers) -> Section:
    """The figures about places and devices."""
    return Section(
        "where",
        "Where, and on what",
        [states(answers["states"]), devices(answers["devices"])],
    )


def states(rows: Sequence[Row]) -> Figure:
    """Plays by state."""
    total = sum(row["plays"] for row in rows)
    best = leaders(rows, lambda row: row["plays"])
    return Figure(
        name="states",
        topic="By state",
        finding=_most(best, [row["state"] for row in best], "states", total),
        unit="Plays by the first state of the listener's metropolitan area",
        picture="Bars, one for each state",
        table=Table(
            ("State", "Plays", "Of all plays", "Hours", "Areas"),
            [
                (
                    *(row["state"], count(row["plays"])),
                    percent(ratio(row["plays"], total)),
                    *(decimal(row["hours"]), count(row["locations"])),
                )
                for row in rows
            ],
        ),
        source=sql("states"),
        chart=bars(_bars(rows, [row["state"] for row in rows], "states"))
        if total
        else None,
    )


def devices(rows: Sequence[Row]) -> Figure:
    """Plays by class of device, operating system and browser."""
    total = sum(row["plays"] for row in rows)
    best = leaders(rows, lambda row: row["plays"])
    return Figure(
        name="devices",
        topic="Devices",
        finding=_most(best, [_device(row) for row in best], "devices", total),
        unit="Plays by browser, operating system and class of device",
        picture="Bars, one for each kind of device",
        table=Table(
            (
                "Browser",
                "System",
                "Device",
                "Plays",
                "Of all plays",
                "Listeners",
                "Hours",
            ),
            [
                (
                    *(row["browser"], row["os"], row["device_class"]),
                    *(count(row["plays"]), percent(ratio(row["plays"], total))),
                    *(count(row["listeners"]), decimal(row["hours"])),
                )
                for row in rows
            ],
            texts=3,
        ),
        source=sql("devices"),
        chart=bars(_bars(rows, [_device(row) for row in rows], "devices"))
        if total
        else None,
    )


def _most(best: Sequence[Row], names: list[str], noun: str, total: int) -> str:
    if not best:
        return _NO_PLAYS
    share = percent(best[0]["plays"] / total)
    plays = f"{counted(best[0]['plays'], 'play')}, {share} of all"
    each = "" if len(best) == 1 else " each"
    return f"{listed(names, noun)} {they(best, 'leads', 'lead')} with {plays}{each}"


def _device(row: Row) -> str:
    if row["browser"] == row["os"]:  # both unknown, or both other
        return f"{row['browser']} ({row['device_class']})"
    return f"{row['browser']} on {row['os']} ({row['device_class']})"


def _bars(rows: Sequence[Row], names: Sequence[str], noun: str) -> list[Bar]:
    """The first rows as bars, and one for all others if there is more than one."""
    shown = len(rows) if len(rows) <= _SHOWN + 1 else _SHOWN
    total = sum(row["plays"] for row in rows)
    found = [
        (name, row["plays"], "accent")
        for name, row in zip(names[:shown], rows, strict=False)
    ]
    if others := rows[shown:]:
        plays = sum(row["plays"] for row in others)
        found.append((counted(len(others), f"other {noun}")[:-1], plays, "rest"))
    return [
        Bar(name, plays, f"{count(plays)} · {percent(plays / total)}", colour)
        for name, plays, colour in found
    ]
