"""Who pays, who changes the level, and who comes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from infra.report.answers import Answers, Row, sql
from infra.report.bars import Bar, Split, bars, splits
from infra.report.figure import Figure, Section, Table
from infra.report.heat import Cell, heat
from infra.report.wording import (
    count,
    counted,
    decimal,
    duration,
    percent,
    ratio,
)

LEVELS = ("free", "paid")
_STEPS = {
    "upgrade_viewed": "looked at the page Upgrade",
    "upgrade_submitted": "asked for the upgrade",
    "downgrade_viewed": "looked at the page Downgrade",
    "downgrade_submitted": "asked for the downgrade",
}
_COHORTS = 12  # that are shown
_SHADES = (0.2, 0.4, 0.55, 0.7, 0.85)  # of retention


def section(answers: Answers) -> Section:
    """The figures about levels and about coming back."""
    return Section(
        "who",
        "Who pays and who comes back",
        [
            levels(answers["levels"]),
            retention(answers["retention"]),
            funnel(answers["funnel"], "upgrade"),
            funnel(answers["funnel"], "downgrade"),
        ],
    )


def levels(rows: Sequence[Row]) -> Figure:
    """What each level has of the listeners, sessions, plays and hours."""
    each = {row["level"]: ratio(row["hours"], row["listeners"]) for row in rows}
    return Figure(
        name="levels",
        topic="Free against paid",
        finding=_against(each),
        unit="Listeners, sessions with plays, plays and hours at the levels free and "
        "paid",
        picture="Bars divided between free and paid, one for each measure",
        table=Table(
            ("Level", "Listeners", "Sessions", "Plays", "Hours", "Hours per listener"),
            [
                (
                    row["level"],
                    *(count(row[name]) for name in ("listeners", "sessions", "plays")),
                    *(decimal(row["hours"]), decimal(each[row["level"]])),
                )
                for row in rows
            ],
        ),
        source=sql("levels"),
        chart=splits(_splits(rows)) if rows else None,
        notes=(
            "Listeners and sessions of both levels count at each. Whether somebody "
            "listens more when paying is another question: "
            "invoke ask do_people_listen_more_when_they_pay.",
        ),
    )


def _splits(rows: Sequence[Row]) -> list[Split]:
    """A bar for each measure, free on the left."""
    measures = [
        ("Listeners", {row["level"]: row["listeners"] for row in rows}, count),
        ("Sessions", {row["level"]: row["sessions"] for row in rows}, count),
        ("Plays", {row["level"]: row["plays"] for row in rows}, count),
        ("Hours", {row["level"]: row["hours"] for row in rows}, decimal),
    ]
    return [
        Split(
            name,
            {level: found.get(level) or 0 for level in LEVELS},
            " · ".join(f"{told(found.get(level) or 0)} {level}" for level in LEVELS),
        )
        for name, found, told in measures
    ]


def _against(hours: dict[str, float | None]) -> str:
    free, paid = hours.get("free"), hours.get("paid")
    if free and paid:
        times = paid / free
        if 0.95 < times < 1.05:
            return "A paying listener hears about as many hours as a free one"
        return (
            f"A paying listener hears {decimal(times)} times the hours of a free one, "
            f"{decimal(paid)} against {decimal(free)}"
        )
    only = [level for level, heard in hours.items() if heard]
    return f"All plays are {only[0]}" if only else "Nobody has played anything yet"


def funnel(rows: Sequence[Row], way: str) -> Figure:
    """The way from one level to the other, step by step."""
    steps = [row for row in rows if row["funnel"] == way]
    is_empty = not steps or not steps[0]["stays"]
    other = "paid" if way == "upgrade" else "free"
    first, last = (steps[0], steps[-1]) if steps else ({}, {})
    finding = (
        f"No stay could end in {'an upgrade' if way == 'upgrade' else 'a downgrade'}"
    )
    if not is_empty:
        stays = counted(first["stays"], f"{first['step']} stay")
        finding = f"{count(last['stays'])} of {stays} became {other}"
    return Figure(
        name=f"{way}s",
        topic=f"{way.capitalize()}s",
        finding=finding,
        unit="Stays that got to each step or further, with their share of the step "
        "before; a stay is the time that a user was at one level without a break",
        picture="Bars, one for each step",
        table=Table(
            ("Step", "Stays", "Users", "Of the step before", "Median time since it"),
            [
                (
                    *(_step(row), count(row["stays"]), count(row["users"])),
                    percent(row["conversion"]),
                    duration(row["median_seconds"]),
                )
                for row in steps
            ],
        ),
        source=sql("funnel"),
        chart=None
        if is_empty
        else bars([Bar(_step(row), row["stays"], _told(row), other) for row in steps]),
        notes=("The log ends in the middle of most stays: they may still go on.",),
    )


def _step(row: Row) -> str:
    if row["step_number"] == 1:
        return f"was {row['step']}"
    return _STEPS.get(row["step"], f"became {row['step']}")


def _told(row: Row) -> str:
    of = row["conversion"]
    return count(row["stays"]) + ("" if of is None else f" · {percent(of)}")


def retention(fetched: Sequence[Row]) -> Figure:
    """How many of those who began in a week play in the weeks after it.

    The query fetches one cohort more than is shown, which tells of earlier ones.
    """
    rows, first = _cohorts(fetched)
    weeks = sorted({row["weeks_since"] for row in rows})
    found = {(row["cohort_week"], row["weeks_since"]): row for row in rows}
    sizes = {row["cohort_week"]: row["cohort_size"] for row in rows}
    cells = [
        Cell(
            str(week),
            f"{_day(cohort, sizes)} ({count(size)})",
            found[cohort, week]["retention"] if (cohort, week) in found else None,
            _share(found.get((cohort, week)), digits=0),
        )
        for cohort, size in sizes.items()
        for week in weeks
    ]
    return Figure(
        name="retention",
        topic="Retention by cohort",
        finding=_returning([row for row in rows if row["cohort_week"] != first]),
        unit="Share of each week's new listeners, their number in brackets, who play "
        "in the weeks since; weeks begin on Monday, UTC",
        picture="Heat map of weeks since the first play for each cohort",
        table=Table(
            ("Week of first play", "Listeners", *(f"Week {week}" for week in weeks)),
            [
                (
                    *(cohort.isoformat(), count(size)),
                    *(_share(found.get((cohort, week)), digits=1) for week in weeks),
                )
                for cohort, size in sizes.items()
            ],
        ),
        source=sql("retention"),
        chart=heat(cells, _SHADES, "Weeks since the first play") if rows else None,
        notes=tuple(_cautions(rows, first)),
    )


def _day(cohort: date, others: Iterable[date]) -> str:
    """A cohort's Monday, as 5 Nov; with the year where there are several."""
    years = {each.year for each in others}
    return f"{cohort.day} {cohort:%b}" + (f" {cohort.year}" if len(years) > 1 else "")


def _share(row: Row | None, digits: int) -> str:
    if row is None or row["retention"] is None:
        return ""
    return f"{100 * row['retention']:.{digits}f}%{'*' if _is_partial(row) else ''}"


def _is_partial(row: Row) -> bool:
    """Whether more may come back in that week; in its first week all of them played."""
    return row["weeks_since"] > 0 and not row["is_full_week"]


def _cohorts(fetched: Sequence[Row]) -> tuple[list[Row], date | None]:
    """What is shown, and of that the cohort that was there when the log began."""
    weeks = sorted({row["cohort_week"] for row in fetched})
    if len(weeks) > _COHORTS:
        return [row for row in fetched if row["cohort_week"] in weeks[-_COHORTS:]], None
    return list(fetched), weeks[0] if weeks else None


def _cautions(rows: Sequence[Row], first: date | None) -> Iterable[str]:
    """What a reader may take wrongly of these cohorts."""
    if any(map(_is_partial, rows)):
        yield "* The log holds this week in part, so the share is too low."
    if first is not None:
        yield (
            "Of the first cohort many listened before the log began: the finding "
            "leaves it out."
        )
    elif rows:
        yield f"Cohorts before the last {_COHORTS} are left out."


def _returning(rows: Sequence[Row]) -> str:
    """Over all these cohorts whose next week the log holds as a whole."""
    next_weeks = [r for r in rows if r["weeks_since"] == 1 and r["is_full_week"]]
    back = ratio(
        sum(row["active_listeners"] for row in next_weeks),
        sum(row["cohort_size"] for row in next_weeks),
    )
    if back is None:
        return "No cohort of new listeners has a whole week after its first yet"
    return f"{percent(back)} of new listeners play again in the week after their first"
