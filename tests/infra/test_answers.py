"""The answers to the questions: kept for the sample, and counted anew from raw files.

`UPDATE_GOLDEN=1 invoke test --only "-k answer_is_the_one"` writes the kept ones anew.
The recounts read nothing of the warehouse, for the sample and for the published data
where SPARKIFY_REAL_DATA names it.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from checkout import REPOSITORY, Built, Checkout
from recount import EPOCH, Landing, Play, key

from infra import console, questions

KEPT = Path(__file__).parent / "golden" / "answers"
NAMES = [each.name for each in questions.questions(REPOSITORY)]
DAY = timedelta(days=1)
Row = tuple[Any, ...]


# Kept


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_is_the_one_that_is_kept(
    name: str,
    built: Built,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(console.out, "width", 80)
    capsys.readouterr()
    questions.ask(built.checkout.project, name, "table")
    told = "".join(
        f"{line.rstrip()}\n" for line in capsys.readouterr().out.splitlines()
    )
    kept = KEPT / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(told)
    assert told == kept.read_text()


def test_nothing_else_is_kept() -> None:
    assert sorted(path.stem for path in KEPT.iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_fits_a_screen(name: str, built: Built) -> None:
    asked = questions.question(built.checkout.root, name)
    headers, rows = questions.answered(built.checkout.project, asked)
    assert 1 <= len(rows) <= 20
    _, line, *_ = (KEPT / f"{name}.txt").read_text().splitlines()
    assert line.split() == headers  # none is broken, as none of 80 characters has to be


def test_what_dbt_compiled_has_the_same_answers(built: Built) -> None:
    root = built.checkout.root
    folder = root / "target" / "docs" / "compiled" / "sparkify" / "analyses"
    with duckdb.connect(root / "sparkify.duckdb", read_only=True) as connection:
        for name in NAMES:
            compiled = connection.execute((folder / f"{name}.sql").read_text())
            asked = questions.question(root, name)
            _, rows = questions.answered(built.checkout.project, asked)
            assert compiled.fetchall() == rows, name


# Counted anew


class Asked:
    """A warehouse that answers, beside the raw files that it was built from."""

    def __init__(self, checkout: Checkout) -> None:
        self._project = checkout.project
        self.landing = Landing(checkout.root / "data" / "landing")

    def __call__(self, name: str) -> list[Row]:
        """The rows of an answer; numbers with a fraction as floats."""
        asked = questions.question(self._project.root, name)
        _, rows = questions.answered(self._project, asked)
        whole = (int, str, date, type(None))
        return [
            tuple(each if isinstance(each, whole) else float(each) for each in row)
            for row in rows
        ]


@pytest.fixture(scope="module", params=["sample", "published data"])
def asked(request: pytest.FixtureRequest) -> Iterator[Asked]:
    if request.param == "sample":
        built: Built = request.getfixturevalue("built")
        yield Asked(built.checkout)
    else:
        yield Asked(request.getfixturevalue("real"))


def tenth(value: float) -> Any:  # noqa: ANN401 - what pytest compares by
    """A number that an answer has to a tenth."""
    return pytest.approx(value, abs=0.05 + 1e-9)


def users(plays: Iterable[Play]) -> int:
    """How many users the plays are by."""
    return len({play.user for play in plays})


def most_played(
    landing: Landing, group: Callable[[Play], Any], count: int = 10
) -> list[tuple[Any, list[Play]]]:
    """The groups with the most plays; of as many, the first by name."""
    found = landing.grouped(group)
    return sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))[:count]


class Stay(NamedTuple):
    """A time of a user at one level; `until` is None while it lasts."""

    user: int
    level: str
    since: date
    until: date | None
    ended: int  # milliseconds; 0 while it lasts


def stays(landing: Landing) -> list[Stay]:
    """All of them, by user and time."""
    events = sorted(
        (int(each["userId"]), each["ts"], each["itemInSession"], each["level"])
        for each in landing.events
        if each["userId"]
    )
    found = []
    for user, theirs in groupby(events, key=lambda each: each[0]):
        runs = [next(run) for _, run in groupby(theirs, key=lambda each: each[3])]
        starts = [run[1] for run in runs]
        for (_, start, _, level), end in zip(runs, [*starts[1:], None], strict=True):
            found.append(
                Stay(user, level, day(start), day(end) if end else None, end or 0)
            )
    return found


def day(ts: int) -> date:
    """The UTC day of milliseconds."""
    return (EPOCH + timedelta(milliseconds=ts)).date()


def test_hours(asked: Asked) -> None:
    total = len(asked.landing.plays)
    assert asked("when_do_people_listen") == [
        (
            hour,
            len(plays),
            tenth(100 * len(plays) / total),
            users(plays),
            sum(play.at.weekday() < 5 for play in plays),
            sum(play.at.weekday() >= 5 for play in plays),
        )
        for hour, plays in most_played(asked.landing, lambda play: play.at.hour)
    ]


def test_days(asked: Asked) -> None:
    days = asked.landing.grouped(lambda play: play.at.date())
    expected = []
    for past in range(14):
        each = asked.landing.last_day - past * DAY
        plays = days.get(each, [])
        paid = [play for play in plays if play.level == "paid"]
        hours = sum(play.seconds for play in plays) / 3600
        counts = (len(plays), len(paid), users(plays), users(paid), tenth(hours))
        expected.append((each, f"{each:%A}", *counts))
    assert asked("how_much_is_listened_each_day") == expected


def test_songs(asked: Asked) -> None:
    rows = asked("which_songs_are_played_most")
    songs = most_played(asked.landing, lambda play: (play.title, play.artist))
    sizes = [len(plays) for _, plays in songs]
    assert rows == [
        (
            1 + sizes.index(len(plays)),
            *(*name, len(plays), users(plays)),
            tenth(100 - 100 * users(plays) / len(plays)),
        )
        for name, plays in songs
    ]


def test_artists(asked: Asked) -> None:
    rows = asked("which_artists_are_played_most")
    names = most_played(asked.landing, lambda play: play.artist)
    assert [(row[0], *row[2:]) for row in rows] == [
        (name, len(plays), users(plays), len({play.title for play in plays}))
        for name, plays in names
    ]
    nowhere = {
        name
        for name, _ in names
        if len(asked.landing.artist_ids.get(key(name), ())) != 1
    }
    assert nowhere <= {row[0] for row in rows if row[1] is None}
    places = defaultdict[str, set[str]](set)
    for song in asked.landing.songs:
        places[key(str(song["artist_name"]))].add(str(song["artist_location"]).strip())
    told = [(row[0], row[1]) for row in rows if row[1] is not None]
    assert len(told) > 2
    assert all(place in places[key(name)] for name, place in told)


def test_eras(asked: Asked) -> None:
    years = asked.landing.years

    def era(play: Play) -> str:
        if play.song_id is None:
            return "no song"
        year = years[play.song_id]
        return f"{year // 10}0s" if year else "no year"

    eras = sorted(asked.landing.grouped(era).items())
    total = len(asked.landing.plays)
    dated = sum(len(plays) for name, plays in eras if not name.startswith("no "))
    assert asked("how_old_is_the_music") == [
        (
            *(name, len(plays), users(plays), tenth(100 * len(plays) / total)),
            None if name.startswith("no ") else tenth(100 * len(plays) / dated),
        )
        for name, plays in eras
    ]


def test_silent_listeners(asked: Asked) -> None:
    last = asked.landing.last_day
    levels = {stay.user: stay.level for stay in stays(asked.landing)}
    names = {
        int(each["userId"]): (each["firstName"], each["lastName"])
        for each in asked.landing.events
        if each["userId"]
    }
    found = []
    for user, plays in most_played(asked.landing, lambda play: play.user, 10**6):
        latest = max(play.at for play in plays).date()
        if (last - latest).days >= 14:
            told = (user, *names[user], levels[user], len(plays), latest)
            found.append((*told, (last - latest).days))
    assert asked("who_went_silent") == found[:20]


def test_endings(asked: Asked) -> None:
    found = []
    for one, other in pairwise(stays(asked.landing)):
        if one.level == "paid" and one.until is not None:
            days = (one.until - one.since).days
            told = (one.user, one.since, one.until, days, other.until)
            found.append((-one.ended, told))
    rows = [(row[0], *row[3:]) for row in asked("who_stopped_paying")]
    assert rows == [told for _, told in sorted(found, key=lambda each: each[0])][:20]


def test_listening_at_each_level(asked: Asked) -> None:
    """Plays by the level in the event itself, which the as-of join does not look at."""
    every = stays(asked.landing)
    changes = Counter(stay.user for stay in every)
    levels = defaultdict[tuple[str, str], list[Stay]](list)
    for stay in every:
        who = "changed level" if changes[stay.user] > 1 else "stayed"
        levels[who, stay.level].append(stay)
    expected = []
    for (who, level), theirs in sorted(levels.items()):
        people = {stay.user for stay in theirs}
        days = sum(
            ((stay.until or asked.landing.last_day) - stay.since).days + 1
            for stay in theirs
        )
        plays = [
            play
            for play in asked.landing.plays
            if play.user in people and play.level == level
        ]
        minutes = sum(play.seconds for play in plays) / 60
        counts = (len(people), days, len(plays))
        expected.append(
            (who, level, *counts, tenth(len(plays) / days), tenth(minutes / days))
        )
    assert asked("do_people_listen_more_when_they_pay") == expected
