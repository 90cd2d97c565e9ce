"""Marts of days, hours, users, sessions and levels, counted anew from the raw log."""

import datetime as dt
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, pairwise
from statistics import fmean, median
from typing import Any, Literal

import pytest
from checkout import Built, Checkout, Row

HOUR, DAY, WEEK = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(weeks=1)
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - a warehouse's times have no zone
LEVELS = ("free", "paid")
KEYS = {
    "daily_activity": ["date"],
    "hourly_activity": ["weekday", "hour"],
    "active_users": ["date"],
    "cohort_retention": ["cohort_week", "week"],
    "sessions": ["session_id"],
    "level_changes": ["user_id", "changed_at"],
    "upgrade_funnel": ["funnel", "step_number"],
}


@dataclass(frozen=True)
class Event:
    """A line of the log, as far as the marts look at it."""

    at: dt.datetime
    session: int
    item: int
    user: int | None
    page: str
    level: str
    location: str | None
    agent: str | None
    seconds: float | None

    @classmethod
    def read(cls, line: str) -> "Event":
        """The event of a line of JSON."""
        told = json.loads(line)
        agent = told["userAgent"]
        return cls(
            EPOCH + dt.timedelta(milliseconds=told["ts"]),
            told["sessionId"],
            told["itemInSession"],
            int(told["userId"]) if told["userId"] else None,
            told["page"],
            told["level"],
            told["location"],
            agent.strip('"') if agent else None,
            told["length"],
        )

    @property
    def date(self) -> dt.date:
        """The day in UTC."""
        return self.at.date()

    @property
    def week(self) -> dt.date:
        """The Monday of the week."""
        return self.date - DAY * self.date.weekday()


@dataclass
class Stay:
    """A user at one level without a break; `changed` begins the next stay."""

    user: int
    level: str
    events: list[Event] = field(default_factory=list)
    changed: Event | None = None

    def first(self, way: Literal["", "Submit "]) -> Event | None:
        """The first request of the page to the other level, or of its submit."""
        page = way + {"free": "Upgrade", "paid": "Downgrade"}[self.level]
        return next((event for event in self.events if event.page == page), None)


class Log:
    """All events of a landing in the order of their time, session and item."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.events = sorted(
            (
                Event.read(line)
                for path in (checkout.root / "data/landing/log_data").rglob("*.json")
                for line in path.read_text(encoding="utf-8").splitlines()
            ),
            key=lambda event: (event.at, event.session, event.item),
        )
        self.plays = [event for event in self.events if event.page == "NextSong"]
        self.first, self.last = self.events[0].at, self.events[-1].at

    @cached_property
    def dates(self) -> list[dt.date]:
        """Every day from the first event to the last."""
        days = (self.last.date() - self.first.date()).days
        return [self.first.date() + DAY * day for day in range(days + 1)]

    @cached_property
    def first_plays(self) -> dict[int | None, Event]:
        """The first play of each listener."""
        return {event.user: event for event in reversed(self.plays)}

    def of_users(self) -> dict[int, list[Event]]:
        """The logged-in events of each user, in order."""
        found = defaultdict(list)
        for event in self.events:
            if event.user is not None:
                found[event.user].append(event)
        return found

    def stays(self) -> Iterator[Stay]:
        """All stays, those of one user one after another."""
        for user, events in self.of_users().items():
            found = [
                Stay(user, level, list(same))
                for level, same in groupby(events, key=lambda event: event.level)
            ]
            for stay, after in pairwise(found):
                stay.changed = after.events[0]
            yield from found

    def is_full_week(self, monday: dt.date) -> bool:
        """Whether all days from Monday to Sunday lie in the log."""
        return {monday + DAY * day for day in range(7)} <= set(self.dates)

    def mart(self, columns: str) -> list[Row]:
        """Rows of a mart by their first columns: `a, b, c from the_mart`."""
        return self.checkout.query(f"select {columns} order by 1, 2")


@pytest.fixture(scope="module", params=["simulated", "published"])
def log(request: pytest.FixtureRequest) -> Log:
    if request.param == "published":
        return Log(request.getfixturevalue("real"))
    built: Built = request.getfixturevalue("built")
    return Log(built.checkout)


def assert_rows(found: list[Row], expected: Iterable[Row]) -> None:
    """All of the rows, in one order; fractions may differ in their last digits."""
    wanted = sorted(expected, key=lambda row: row[:2])
    assert len(found) == len(wanted)
    for row, other in zip(found, wanted, strict=True):
        assert len(row) == len(other)
        assert all(map(is_same, row, other)), (row, other)


def is_same(one: Any, other: Any) -> bool:  # noqa: ANN401 - cells hold anything
    if isinstance(other, float):
        return isinstance(one, float) and math.isclose(one, other, abs_tol=1e-9)
    return bool(one == other)


def hours(plays: Iterable[Event]) -> float:
    return math.fsum(play.seconds or 0 for play in plays) / 3600


def distinct(attribute: Callable[[Event], Any], plays: Iterable[Event]) -> int:
    return len({attribute(play) for play in plays})


def users(plays: Iterable[Event]) -> int:
    return distinct(lambda play: play.user, plays)


def sessions(plays: Iterable[Event]) -> int:
    return distinct(lambda play: play.session, plays)


def test_each_day_is_counted(log: Log) -> None:
    expected = []
    for date in log.dates:
        plays = [play for play in log.plays if play.date == date]
        parts = [plays, *([p for p in plays if p.level == each] for each in LEVELS)]
        counted = [[count(part) for part in parts] for count in (len, users, sessions)]
        share = len(parts[2]) / len(plays) if plays else None
        new = sum(play.date == date for play in log.first_plays.values())
        times = [hours(part) for part in parts]
        expected.append(
            (date, *counted[0], share, *counted[1], new, *counted[2], *times)
        )
    columns = (
        "date, plays, free_plays, paid_plays, paid_share, listeners, free_listeners, "
        "paid_listeners, new_listeners, sessions, free_sessions, paid_sessions, "
        "hours, free_hours, paid_hours from daily_activity"
    )
    assert_rows(log.mart(columns), expected)


def test_each_hour_of_the_week_is_counted(log: Log) -> None:
    calendar: Counter[tuple[int, int]] = Counter()
    moment = log.first.replace(minute=0, second=0, microsecond=0)
    while moment <= log.last:
        calendar[moment.isoweekday(), moment.hour] += 1
        moment += HOUR
    plays_of = defaultdict(list)
    for play in log.plays:
        plays_of[play.at.isoweekday(), play.at.hour].append(play)
    expected = []
    for weekday in range(1, 8):
        for hour in range(24):
            plays, times = plays_of[weekday, hour], calendar[weekday, hour]
            rate = len(plays) / times if times else None
            counted = (users(plays), sessions(plays), hours(plays))
            expected.append((weekday, hour, times, len(plays), rate, *counted))
    columns = (
        "weekday, hour, calendar_hours, plays, plays_per_hour, listeners, sessions, "
        "hours from hourly_activity"
    )
    assert_rows(log.mart(columns), expected)
    names = log.mart("distinct weekday, weekday_name from hourly_activity")
    week = [dt.date(2024, 1, day) for day in range(1, 8)]
    assert names == [(each.isoweekday(), f"{each:%A}") for each in week]


def test_active_users_are_those_of_each_window(log: Log) -> None:
    expected = []
    for number, date in enumerate(log.dates, start=1):
        dau, wau, mau = (
            users(p for p in log.plays if date - DAY * days < p.date <= date)
            for days in (1, 7, 28)
        )
        stickiness = dau / mau if mau else None
        expected.append((date, dau, wau, mau, stickiness, number >= 7, number >= 28))
    columns = "date, dau, wau, mau, stickiness, is_full_week, is_full_month"
    assert_rows(log.mart(f"{columns} from active_users"), expected)


def test_cohorts_are_followed_week_by_week(log: Log) -> None:
    cohorts = defaultdict(set)
    for user, play in log.first_plays.items():
        cohorts[play.week].add(user)
    active = defaultdict(set)
    for play in log.plays:
        active[play.week].add(play.user)
    expected = []
    for cohort, listeners in cohorts.items():
        week, number = cohort, 0
        while week <= log.last.date():
            stayed = len(active[week] & listeners)
            counted = (len(listeners), stayed, stayed / len(listeners))
            expected.append((cohort, week, number, *counted, log.is_full_week(week)))
            week, number = week + WEEK, number + 1
    columns = (
        "cohort_week, week, weeks_since, cohort_size, active_listeners, retention, "
        "is_full_week from cohort_retention"
    )
    assert_rows(log.mart(columns), expected)


def test_each_session_is_summed_up(log: Log) -> None:
    events_of = defaultdict(list)
    for event in log.events:
        events_of[event.session].append(event)
    changes = Counter(stay.changed.session for stay in log.stays() if stay.changed)
    expected = []
    for session, events in events_of.items():
        known = [event for event in events if event.user is not None]
        last = known[-1] if known else None
        levels = (known[0].level, known[-1].level) if known else (None, None)
        begun = events[0].at
        ends = [(e.at - begun).total_seconds() + (e.seconds or 0) for e in events]
        listened = math.fsum(event.seconds or 0 for event in events) / 60
        expected.append(
            (
                session,
                last and last.user,
                *levels,
                last and last.location,
                last and last.agent,
                len(events),
                sum(event.page == "NextSong" for event in events),
                changes[session],
                listened,
                max(ends) / 60,
                begun.date() != events[-1].date,
                begun,
                events[-1].at,
            )
        )
    columns = (
        "session_id, user_id, level_at_start, level_at_end, location, user_agent, "
        "events, plays, level_changes, minutes_listened, minutes_wall_clock, "
        "crosses_midnight, first_event_at, last_event_at from sessions"
    )
    assert_rows(log.mart(columns), expected)


def test_each_change_of_level_is_found(log: Log) -> None:
    expected = []
    for stay in log.stays():
        if stay.changed:
            *_, submit = (e for e in stay.events if e.page.startswith("Submit "))
            changed = stay.changed
            seconds = (changed.at - submit.at).total_seconds()
            levels = (stay.level, changed.level)
            told = (changed.session, *levels, stay.events[-1].page, seconds, submit.at)
            expected.append((stay.user, changed.at, *told))
    assert len(expected) > 5
    columns = (
        "user_id, changed_at, session_id, from_level, to_level, page_before, "
        "seconds_since_submit, submitted_at from level_changes"
    )
    assert_rows(log.mart(columns), expected)


def test_the_funnel_counts_users_stays_and_times(log: Log) -> None:
    ways = {"upgrade": LEVELS, "downgrade": LEVELS[::-1]}
    expected = []
    for funnel, (level, other) in ways.items():
        stays = [stay for stay in log.stays() if stay.level == level]
        names = (level, f"{funnel}_viewed", f"{funnel}_submitted", other)
        before: list[Stay] = []
        for number, name in enumerate(names):
            reached, waited = [], []
            for stay in stays:
                way = [stay.events[0], stay.first(""), stay.first("Submit ")]
                way.append(stay.changed)
                if event := way[number]:
                    reached.append(stay)
                    if number and (start := way[number - 1]):
                        waited.append((event.at - start.at).total_seconds())
            share = len(reached) / len(before) if before else None
            people = len({stay.user for stay in reached})
            times = (median(waited), fmean(waited)) if waited else (None, None)
            expected.append(
                (funnel, number + 1, name, people, len(reached), share, *times)
            )
            before = reached
    columns = (
        "funnel, step_number, step, users, stays, conversion, median_seconds, "
        "average_seconds from upgrade_funnel"
    )
    assert_rows(log.mart(columns), expected)


@pytest.mark.parametrize("mart", KEYS)
def test_each_mart_has_a_contract_with_a_key_that_a_test_proves(
    mart: str, manifest: dict[str, Any]
) -> None:
    node = manifest["nodes"][f"model.sparkify.{mart}"]
    assert node["contract"]["enforced"]
    assert node["schema"] == "sparkify_marts"
    keys = [each["columns"] for each in node["constraints"]]
    assert keys == [KEYS[mart]]
    tests = [
        each.get("test_metadata", {})
        for each in manifest["nodes"].values()
        if each.get("attached_node") == node["unique_id"]
    ]
    proved = [
        test["kwargs"].get("columns", [test["kwargs"].get("column_name")])
        for test in tests
        if test.get("name") in {"unique", "one_row_per"}
    ]
    assert proved == keys


def test_the_marts_say_what_the_simulator_knows(built: Built) -> None:
    query, one = built.checkout.query, built.checkout.value
    truth = json.loads((built.checkout.root / "data/landing/truth.json").read_text())
    levels, answers = truth["levels"], truth["answers"]
    days = "select cast(date as varchar), plays from daily_activity where plays > 0"
    assert dict(query(days)) == answers["plays_by_day"]
    by = "select cast({0} as varchar), sum(plays) from hourly_activity group by {0}"
    assert dict(query(by.format("hour"))) == answers["plays_by_hour"]
    assert dict(query(by.format("weekday"))) == answers["plays_by_weekday"]
    assert query("select sum(free_plays), sum(paid_plays) from daily_activity") == [
        (levels["plays"]["free"], levels["plays"]["paid"])
    ]
    assert one("select sum(hours) from daily_activity") == pytest.approx(
        answers["hours_listened"]
    )
    listeners = "select sum(cohort_size) from cohort_retention where weeks_since = 0"
    assert one(listeners) == answers["listeners"]
    assert query("select count(*), sum(cast(plays > 0 as integer)) from sessions") == [
        (truth["counts"]["sessions"], truth["counts"]["sessions_with_plays"])
    ]
    assert one("select count(*) from level_changes") == levels["level_changes"]
