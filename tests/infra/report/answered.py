"""Answers as a warehouse gives them, made up: small, and each different on wish."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from infra.report.answers import Answers, Row, plain
from infra.report.figure import Figure, Section
from infra.report.write import figures, told
from infra.steps import Step

MADE_AT = datetime(2018, 12, 1, 8, 30, tzinfo=UTC)
STEPS = [
    Step("load", 2.0, "2018-12-01T08:00:00+00:00"),
    Step("build", 8.5, "2018-12-01T08:01:00+00:00"),
]
WEEKDAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
# What the published catalogue holds, and worse
HOSTILE = (
    '<a href="javascript:x" onmousedown="steal()">Sigur R&oacute;s</a>',
    "</text></svg><script>alert(1)</script>",
    "'\"><img src=https://example.com/x onerror=alert(1)>",
    "D\x19Angelo \x00\x1b[31m \ufffd \ufffe \u202e]]> {{ 7*7 }} %}",
    "<!--" + "W" * 1000,
)


def hour(weekday: int, at: int, plays: int, calendar_hours: int = 4) -> Row:
    return {
        "weekday": weekday,
        "weekday_name": WEEKDAYS[weekday - 1],
        "hour": at,
        "plays": plays,
        "calendar_hours": calendar_hours,
        "plays_per_hour": plays / calendar_hours if calendar_hours else None,
    }


def day(number: int, free: int, paid: int) -> Row:
    return {
        "date": date(2018, 11, number),
        "plays": free + paid,
        "free_plays": free,
        "paid_plays": paid,
        "listeners": max(free, paid),
        "free_listeners": free,
        "paid_listeners": paid,
    }


def active(number: int, **changes: Any) -> Row:  # noqa: ANN401 - cells hold anything
    row = {"date": date(2018, 11, number), "dau": 3, "wau": 9, "mau": 12}
    return {**row, "is_full_week": True, "is_full_month": False, **changes}


def song(title: str, artist: str, plays: int) -> Row:
    numbers = {"plays": plays, "listeners": 2, "hours": 0.5}
    return {"plays_rank": 1, "song_title": title, "artist_name": artist, **numbers}


def artist(name: str, plays: int) -> Row:
    numbers = {"plays": plays, "listeners": 2, "songs": 1, "hours": 0.5}
    return {"plays_rank": 1, "artist_name": name, **numbers}


def era(name: str, plays: int) -> Row:
    return {
        "era": name,
        "decade": int(name[:4]) if name.endswith("0s") else None,
        "plays": plays,
        "listeners": 1,
        "songs": 1,
        "hours": 0.1,
        "share_of_plays": 0.5,
    }


def level(name: str, listeners: int, plays: int, hours: float) -> Row:
    return {
        "level": name,
        "listeners": listeners,
        "sessions": listeners,
        "plays": plays,
        "hours": hours,
    }


def step(funnel: str, number: int, name: str, stays: int) -> Row:
    return {
        "funnel": funnel,
        "step_number": number,
        "step": name,
        "stays": stays,
        "users": stays,
        "conversion": None if number == 1 else 0.5,
        "median_seconds": None if number == 1 else 90.0,
    }


def cohort(week: int, since: int, size: int, back: int, *, full: bool = True) -> Row:
    return {
        "cohort_week": date(2018, 11, week),
        "weeks_since": since,
        "cohort_size": size,
        "active_listeners": back,
        "retention": back / size,
        "is_full_week": full,
    }


def state(name: str, plays: int) -> Row:
    return {"state": name, "plays": plays, "hours": 1.0, "locations": 1}


def device(browser: str, os: str, plays: int) -> Row:
    named = {"device_class": "desktop", "os": os, "browser": browser}
    return {**named, "plays": plays, "listeners": 1, "hours": 1.0}


def measure(name: str, value: int | None, total: int | None = 100) -> Row:
    is_moment = name in ("last_event", "last_load")
    return {
        "measure": name,
        "out_of": None if total is None else "events",
        "explanation": "What it says",
        "value": value,
        "total": total,
        "share": value / total if total and value is not None else None,
        "moment": datetime(2018, 11, 30, 19, 54) if is_moment else None,  # noqa: DTZ001
    }


def answers(**changed: list[Row]) -> Answers:
    """Everything, with some questions answered otherwise."""
    return {
        "headline": [
            {
                "plays": 40,
                "listeners": 4,
                "sessions": 5,
                "hours": 2.5,
                "paid_plays": 30,
                "plays_with_song": 2,
                "plays_with_artist": 26,
                "first_play_at": datetime(2018, 11, 5, 0, 1),  # noqa: DTZ001
                "last_play_at": datetime(2018, 11, 8, 23, 1),  # noqa: DTZ001
            }
        ],
        "hours": [
            hour(weekday, at, 40 if (weekday, at) == (2, 20) else 1)
            for weekday in range(1, 8)
            for at in range(24)
        ],
        "days": [day(number, 2, number) for number in (8, 7, 6, 5)],
        "active": [active(8), active(7), active(6, is_full_week=False)],
        "songs": [song("Undo", "Björk", 9), song("Canada", "Five Iron Frenzy", 4)],
        "artists": [artist("Coldplay", 9), artist("Björk", 4)],
        "eras": [era("1990s", 3), era("2000s", 7), era("no song", 90)],
        "matching": [
            {"thing": "song", "method": "none", "plays": 38},
            {"thing": "song", "method": "title_artist_duration", "plays": 2},
            {"thing": "artist", "method": "name", "plays": 26},
            {"thing": "artist", "method": "ambiguous", "plays": 1},
            {"thing": "artist", "method": "none", "plays": 13},
        ],
        "levels": [level("free", 4, 10, 0.5), level("paid", 2, 30, 2.0)],
        "funnel": [
            step(way, number, name, 8 // number)
            for way, names in {
                "upgrade": ("free", "upgrade_viewed", "upgrade_submitted", "paid"),
                "downgrade": (
                    *("paid", "downgrade_viewed", "downgrade_submitted", "free"),
                ),
            }.items()
            for number, name in enumerate(names, start=1)
        ],
        "retention": [
            cohort(5, 0, 4, 4),
            cohort(5, 1, 4, 3),
            cohort(12, 0, 2, 2),
            cohort(12, 1, 2, 1, full=False),
        ],
        "states": [state("California", 30), state("Maine", 10)],
        "devices": [device("Chrome", "macOS", 30), device("Safari", "macOS", 10)],
        "quality": [
            measure("events", 100),
            measure("songs", 100),
            measure("plays_with_repaired_text", 5),
            measure("events_quarantined", 0),
            measure("songs_quarantined", 0),
            measure("rejects_open", 0, None),
            measure("last_event", None, None),
            measure("last_load", None, None),
        ],
    } | changed


def nothing() -> Answers:
    """What an empty warehouse answers."""
    empty = answers()
    headline: Row = dict.fromkeys(empty["headline"][0], 0)
    headline |= dict.fromkeys(("hours", "first_play_at", "last_play_at"))
    return {
        **{name: [] for name in empty},
        "headline": [headline],
        "hours": [hour(day, at, 0, 0) for day in range(1, 8) for at in range(24)],
        "quality": [
            {**row, "value": 0, "total": 0, "share": None, "moment": None}
            for row in empty["quality"]
        ],
    }


def hostile() -> Answers:
    """Hostile texts wherever the warehouse has texts of others, as `plain` has them."""
    texts = [plain(text) for text in HOSTILE]
    return answers(
        songs=[song(text, text, 9) for text in texts],
        artists=[artist(text, 9) for text in texts],
        states=[state(text, 9) for text in texts],
        devices=[device(text, text, 9) for text in texts],
        eras=[{**era("2000s", 3), "era": text} for text in texts],
        levels=[level(text, 1, 1, 1.0) for text in texts],
        matching=[{"thing": text, "method": text, "plays": 3} for text in texts],
        funnel=[step("upgrade", n + 1, text, 9) for n, text in enumerate(texts)],
    )


def large() -> Answers:
    """A long log of many people: as many days and cohorts as queries let through."""
    first, many = date(2018, 1, 1), 1_234_567
    mondays = [first + timedelta(weeks=each) for each in range(12)]
    return answers(
        hours=[
            hour(weekday, at, 17 * many * (weekday + at), 9)
            for weekday in range(1, 8)
            for at in range(24)
        ],
        days=[
            {**day(1, many, many), "date": first + timedelta(days=each)}
            for each in reversed(range(120))
        ],
        active=[
            active(1, date=first + timedelta(days=each), dau=many, wau=2 * many)
            for each in reversed(range(120))
        ],
        retention=[
            {**cohort(1, since, many, many // 2), "cohort_week": monday}
            for monday in mondays
            for since in range(9)
        ],
        eras=[era(f"{1920 + 10 * each}s", many * each) for each in range(11)],
        levels=[level("free", many, many, 1e6), level("paid", many, many, 2e6)],
        states=[state(f"Name of a state {each}", many) for each in range(50)],
    )


def sections(found: Answers) -> list[Section]:
    return list(told(found, STEPS))


def figure(name: str, **changed: list[Row]) -> Figure:
    """One figure of the page, with some questions answered otherwise."""
    (found,) = [each for each in every(answers(**changed)) if each.name == name]
    return found


def every(found: Answers) -> list[Figure]:
    return figures(sections(found))
