"""When people listen: by hour of the week, by day, and how many are active."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.report.answers import Answers, Row, sql
from infra.report.figure import Figure, Section, Table
from infra.report.heat import Cell, heat, limits
from infra.report.timelines import lines, stacked_days
from infra.report.wording import count, day, decimal, leaders, listed, percent

_NO_PLAYS = "Nobody has played anything yet"
_DAYS = 120  # a column for each is still to be seen


def section(answers: Answers) -> Section:
    """The figures about time."""
    return Section(
        "when",
        "When people listen",
        [
            hours(answers["hours"]),
            plays(answers["days"]),
            listeners(answers["days"]),
            active(answers["active"]),
        ],
    )


def hours(rows: Sequence[Row]) -> Figure:
    """Plays by weekday and hour; hours that the log holds more often do not win."""
    best = leaders(rows, lambda row: row["plays_per_hour"])
    names = list(dict.fromkeys(row["weekday_name"] for row in rows))
    finding = _NO_PLAYS
    if best:
        when = listed([_weekly(row) for row in best], "hours of the week")
        average = decimal(best[0]["plays_per_hour"])
        finding = f"Busiest on {when}, with {average} plays an hour"
    cells = [
        Cell(f"{row['hour']:02}", row["weekday_name"][:3], row["plays_per_hour"])
        for row in rows
    ]
    most = max((cell.value or 0 for cell in cells), default=0)
    return Figure(
        name="hours",
        topic="Peak hours",
        finding=finding,
        unit="Plays begun in an hour of the week, on average; hours are UTC",
        picture="Heat map of the 24 hours of 7 weekdays",
        table=Table(
            ("Hour, UTC", *(name[:3] for name in names)),
            [
                (f"{hour:02}:00", *(_cell(rows, name, hour) for name in names))
                for hour in sorted({row["hour"] for row in rows})
            ],
        ),
        source=sql("hours"),
        chart=heat(cells, limits(most), "Hour, UTC", "Plays an hour") if best else None,
        notes=_totals(rows),
    )


def _weekly(row: Row) -> str:
    return f"{row['weekday_name']}s at {row['hour']:02}:00 UTC"


def _cell(rows: Sequence[Row], weekday: str, hour: int) -> str:
    found = [r for r in rows if r["weekday_name"] == weekday and r["hour"] == hour]
    return decimal(found[0]["plays_per_hour"]) if found else decimal(None)


def _totals(rows: Sequence[Row]) -> tuple[str, ...]:
    """What leads when every play of the log is added up: another hour, at times."""
    if not (most := leaders(rows, lambda row: row["plays"])):
        return ()
    when = listed([_weekly(row) for row in most], "hours of the week")
    often = (
        "" if len(most) > 1 else f" in {count(most[0]['calendar_hours'])} such hours"
    )
    return (f"Most plays in all on {when}: {count(most[0]['plays'])}{often}.",)


def plays(latest: Sequence[Row]) -> Figure:
    """Plays by day, free and paid; days come with the last one first."""
    rows, of_last = _shown(latest)
    total = sum(row["plays"] for row in rows)
    paid = sum(row["paid_plays"] for row in rows)
    return Figure(
        name="plays",
        topic="Plays by day",
        finding=_best_day(rows, "plays", f"Most plays{of_last}"),
        unit=f"Plays begun on each day{of_last}, UTC, at the levels free and paid",
        picture="Stacked columns, one for each day",
        table=_days(rows, "plays"),
        source=sql("days"),
        chart=stacked_days(rows, {"free": "free_plays", "paid": "paid_plays"})
        if total
        else None,
        notes=(f"{percent(paid / total)} of these plays are paid.",) if total else (),
    )


def listeners(latest: Sequence[Row]) -> Figure:
    """Listeners by day; who changed the level on a day counts at both."""
    rows, of_last = _shown(latest)
    series = {
        "all": ("listeners", "rest"),
        "free": ("free_listeners", "free"),
        "paid": ("paid_listeners", "paid"),
    }
    return Figure(
        name="listeners",
        topic="Listeners by day",
        finding=_best_day(rows, "listeners", f"Most listeners{of_last}"),
        unit=f"People who played on each day{of_last}, UTC: all, and at the levels "
        "free and paid",
        picture="Three lines over the days, for all and for each level",
        table=_days(rows, "listeners"),
        source=sql("days"),
        chart=lines(rows, series) if any(row["listeners"] for row in rows) else None,
        notes=("Who played at both levels on a day counts at both, and once in all.",),
    )


def active(latest: Sequence[Row]) -> Figure:
    """Active users of the day, the week and 28 days, where windows are whole."""
    rows, of_last = _shown(latest)
    whole = [
        {
            **row,
            "wau": row["wau"] if row["is_full_week"] else None,
            "mau": row["mau"] if row["is_full_month"] else None,
        }
        for row in rows
    ]
    series = {
        "1 day": ("dau", "accent"),
        "7 days": ("wau", "second"),
        "28 days": ("mau", "rest"),
    }
    table = [
        (_date(row), count(row["dau"]), count(row["wau"]), count(row["mau"]))
        for row in whole
    ]
    return Figure(
        name="active",
        topic="Active listeners",
        finding=_activity(whole),
        unit=f"People who played in the 1, 7 and 28 days up to each day{of_last}, UTC",
        picture="Three lines over the days, one for each length of time",
        table=Table(("Day, UTC", "1 day", "7 days", "28 days"), table),
        source=sql("active"),
        chart=lines(whole, series) if any(row["dau"] for row in rows) else None,
        notes=("Windows that begin before the log are left out.",),
    )


def _activity(rows: Sequence[Row]) -> str:
    """The last day whose week is whole: what a reader compares next time."""
    for row in reversed(rows):
        if row["wau"] is not None:
            return f"{count(row['wau'])} active in the 7 days up to {day(row['date'])}"
    return "The log is shorter than a week" if rows else _NO_PLAYS


def _best_day(rows: Sequence[Row], column: str, what: str) -> str:
    best = leaders(rows, lambda row: row[column])
    if not best:
        return _NO_PLAYS
    when = listed([day(row["date"]) for row in best], "days")
    return f"{what} on {when}: {count(best[0][column])}"


def _days(rows: Sequence[Row], what: str) -> Table:
    return Table(
        ("Day, UTC", "All", "Free", "Paid"),
        [
            (
                _date(row),
                *(count(row[f"{level}{what}"]) for level in ("", "free_", "paid_")),
            )
            for row in rows
        ],
    )


def _date(row: dict[str, Any]) -> str:
    return f"{row['date']:%a} {row['date'].isoformat()}"


def _shown(latest: Sequence[Row]) -> tuple[Sequence[Row], str]:
    """The days that are shown, in order, and what to say where there are earlier ones.

    The queries fetch one day more than is shown, which tells.
    """
    if len(latest) <= _DAYS:
        return latest[::-1], ""
    return latest[:_DAYS][::-1], f" of the last {_DAYS} days"
