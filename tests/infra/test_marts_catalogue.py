"""Marts of songs, artists, users, places, devices, eras and quality, counted twice.

Once by the models, once from the raw files by `recount.py`: for the sample, and for the
published data where SPARKIFY_REAL_DATA names it.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from checkout import Built, Checkout, succeeds
from recount import REGION_OF, Landing, device, key, states, usual_song

from infra import rejects

Rows = dict[Any, tuple[Any, ...]]


class Counted:
    """A built warehouse beside the raw files that it was built from."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.landing = Landing(checkout.root / "data" / "landing")

    def rows(self, mart: str, *columns: str, keys: int = 1) -> Rows:
        """The rows of a mart by their first columns; no key comes twice."""
        found = self.checkout.query(f"select {', '.join(columns)} from {mart}")
        rows = {row[:keys] if keys > 1 else row[0]: row[keys:] for row in found}
        assert len(rows) == len(found)
        return rows


@pytest.fixture(scope="module", params=["sample", "published data"])
def counted(request: pytest.FixtureRequest) -> Iterator[Counted]:
    if request.param == "sample":
        built: Built = request.getfixturevalue("built")
        yield Counted(built.checkout)
    else:
        yield Counted(request.getfixturevalue("real"))


def ranks(plays: dict[Any, int]) -> dict[Any, int]:
    """1 and how many have more."""
    sizes = Counter(plays.values())
    places, before = {}, 0
    for size in sorted(sizes, reverse=True):
        places[size] = before + 1
        before += sizes[size]
    return {name: places[count] for name, count in plays.items()}


def test_songs_as_played(counted: Counted) -> None:
    def song(play: Any) -> tuple[str, str]:  # noqa: ANN401 - a Play
        return play.title, play.artist

    plays = counted.landing.grouped(song)
    places = ranks({name: len(each) for name, each in plays.items()})
    expected = {
        name: (
            usual_song(plays[name]),
            places[name],
            tally.plays,
            tally.listeners,
            tally.plays - tally.listeners,
            sum(play.song_id is not None for play in plays[name]),
            pytest.approx(tally.hours),
            pytest.approx(1 - tally.listeners / tally.plays),
            tally.first,
            tally.last,
        )
        for name, tally in counted.landing.tallies(song).items()
    }
    columns = (
        *("song_title", "artist_name", "song_id", "plays_rank", "plays", "listeners"),
        *("repeat_plays", "matched_plays", "hours", "repeat_share"),
        *("first_played_at", "last_played_at"),
    )
    assert counted.rows("song_activity", *columns, keys=2) == expected


def test_artists_as_played(counted: Counted) -> None:
    plays = counted.landing.grouped(lambda play: play.artist)
    places = ranks({name: len(each) for name, each in plays.items()})
    ids = {name: counted.landing.artist_ids.get(key(name), set()) for name in plays}
    expected = {
        name: (
            min(ids[name]) if len(ids[name]) == 1 else None,
            ("none", "one", "several")[min(len(ids[name]), 2)],
            places[name],
            tally.plays,
            tally.listeners,
            tally.plays - tally.listeners,
            len({play.title for play in plays[name]}),
            sum(play.song_id is not None for play in plays[name]),
            pytest.approx(tally.hours),
            pytest.approx(1 - tally.listeners / tally.plays),
            tally.first,
            tally.last,
        )
        for name, tally in counted.landing.tallies(lambda play: play.artist).items()
    }
    columns = (
        *("artist_name", "artist_id", "catalogue_artists", "plays_rank", "plays"),
        *("listeners", "repeat_plays", "songs", "matched_plays", "hours"),
        *("repeat_share", "first_played_at", "last_played_at"),
    )
    assert counted.rows("artist_activity", *columns) == expected


def test_users(counted: Counted) -> None:
    landing = counted.landing
    plays = landing.grouped(lambda play: play.user)
    levels = {
        int(event["userId"]): event["level"]
        for event in sorted(
            landing.events, key=lambda e: (e["ts"], e["sessionId"], e["itemInSession"])
        )
        if event["userId"]
    }
    expected: Rows = {
        user: (level, 0, 0, 0, 0, None, 0, None, None) for user, level in levels.items()
    }
    for user, tally in landing.tallies(lambda play: play.user).items():
        expected[user] = (
            levels[user],
            tally.plays,
            sum(play.level == "paid" for play in plays[user]),
            len({play.session for play in plays[user]}),
            len({play.at.date() for play in plays[user]}),
            (landing.last_day - tally.last.date()).days,
            pytest.approx(tally.hours),
            tally.first,
            tally.last,
        )
    columns = (
        *("user_id", "level", "plays", "paid_plays", "sessions"),
        *("active_days", "silent_days", "hours", "first_play_at", "last_play_at"),
    )
    assert counted.rows("user_activity", *columns) == expected


def test_locations(counted: Counted) -> None:
    tallies = counted.landing.tallies(lambda play: play.location)
    expected = {
        location: (
            location.rsplit(", ", 1)[0],
            "-".join(states(location)),
            states(location)[0],
            REGION_OF[states(location)[0]],
            len(states(location)),
            tally.plays,
            tally.listeners,
            pytest.approx(tally.hours),
        )
        for location, tally in tallies.items()
    }
    columns = (
        *("location", "area", "states", "state", "region", "state_count", "plays"),
        *("listeners", "hours"),
    )
    assert counted.rows("location_activity", *columns) == expected
    assert max(len(states(location)) for location in tallies) == 4


def test_the_seed_has_the_regions_of_the_census(counted: Counted) -> None:
    seed = counted.rows("us_states", "state", "region")
    assert seed.pop("PR") == (None,)
    assert seed == {state: (region,) for state, region in REGION_OF.items()}


def test_devices(counted: Counted) -> None:
    tallies = counted.landing.tallies(lambda play: device(play.agent))
    columns = ("device_class", "os", "browser", "plays", "listeners", "hours")
    assert counted.rows("device_activity", *columns, keys=3) == {
        name: (tally.plays, tally.listeners, pytest.approx(tally.hours))
        for name, tally in tallies.items()
    }
    agents = counted.rows("user_agents", "user_agent", "device_class", "os", "browser")
    assert agents == {play.agent: device(play.agent) for play in counted.landing.plays}


def test_eras(counted: Counted) -> None:
    landing = counted.landing

    def era(play: Any) -> tuple[str, int | None]:  # noqa: ANN401 - a Play
        if play.song_id is None:
            return "no song", None
        year = landing.years[play.song_id]
        return (f"{year // 10 * 10}s", year // 10 * 10) if year else ("no year", None)

    plays = landing.grouped(era)
    dated = sum(len(each) for (_, decade), each in plays.items() if decade)
    expected = {
        name: (
            tally.plays,
            tally.listeners,
            len({play.song_id for play in plays[name]} - {None}),
            pytest.approx(tally.hours),
            pytest.approx(tally.plays / len(landing.plays)),
            pytest.approx(tally.plays / dated) if name[1] else None,
        )
        for name, tally in landing.tallies(era).items()
    }
    columns = (
        *("era", "decade", "plays", "listeners", "songs", "hours", "share_of_plays"),
        "share_of_dated_plays",
    )
    assert counted.rows("era_activity", *columns, keys=2) == expected
    assert len(expected) > 5


def test_quality(counted: Counted) -> None:
    landing = counted.landing
    measures = counted.rows("data_quality", "measure", "value", "total", "moment")
    values = {name: value for name, (value, *_) in measures.items()}
    plays = len(landing.plays)
    sessions = {event["sessionId"] for event in landing.events}
    names = [landing.artist_ids.get(key(play.artist), set()) for play in landing.plays]
    assert measures["plays"][:2] == (plays, plays)
    assert measures["plays_with_song"][:2] == (
        sum(play.song_id is not None for play in landing.plays),
        plays,
    )
    assert values["plays_with_repaired_text"] == sum(
        p.is_repaired for p in landing.plays
    )
    assert values["plays_with_artist"] == sum(len(ids) == 1 for ids in names)
    assert values["plays_with_shared_name"] == sum(len(ids) > 1 for ids in names)
    assert measures["events"][:2] == (len(landing.events), len(landing.events))
    assert measures["sessions_with_gaps"][:2] == (0, len(sessions))
    assert measures["songs_with_year"][:2] == (
        sum(year > 0 for year in landing.years.values()),
        len(landing.songs),
    )
    files = len(
        list((counted.checkout.root / "data/landing").rglob("*_data/**/*.json"))
    )
    assert measures["files"][:2] == (files, files)
    assert measures["rows_rejected"][:2] == (0, len(landing.events + landing.songs))
    assert measures["last_event"][2].date() == landing.last_day
    assert measures["last_load"][2] == counted.checkout.value(
        "select max(finished_at) from load_runs"
    )
    nothing = [name for name in values if "quarantined" in name or "repeated" in name]
    assert len(nothing) == 17
    assert {values[name] for name in [*nothing, "rejects_open"]} == {0}


def test_the_top_of_the_published_data(real: Checkout) -> None:
    assert real.query(
        "select song_title, artist_name, plays, listeners from song_activity "
        "where plays_rank <= 3 order by plays_rank"
    ) == [
        ("You're The One", "Dwight Yoakam", 37, 22),
        ("Undo", "Björk", 28, 14),
        ("Revelry", "Kings Of Leon", 27, 12),
    ]
    assert real.query(
        "select artist_name, plays, listeners, songs from artist_activity "
        "where plays_rank <= 2 order by plays_rank"
    ) == [("Coldplay", 58, 22, 24), ("Kings Of Leon", 55, 19, 19)]
    assert real.query(
        "select region, sum(plays) from location_activity group by 1 order by 2 desc"
    ) == [("Midwest", 2054), ("West", 1998), ("South", 1721), ("Northeast", 1047)]
    assert real.query(
        "select count(*), sum(case when silent_days is null then user_id end) "
        "from user_activity"
    ) == [(97, 21)]
    assert real.value("select count(*) from user_agents") == 40


@pytest.mark.slow
def test_quality_knows_the_rejects_that_are_open(own_built: Checkout) -> None:
    log = own_built.root / "data/landing/log_data/2018/11/2018-11-30-events.json"
    lines = log.read_text(encoding="utf-8").splitlines()
    lines[5:5] = ["{", lines[4].replace('"ts":', '"ts":"never","was":')]
    log.write_text("\n".join([*lines, lines[0]]), encoding="utf-8")
    succeeds(own_built.invoke("load"))
    succeeds(own_built.dbt("run", "--select", "+data_quality"))
    counted = Counted(own_built)
    values = counted.rows("data_quality", "measure", "value", "total")
    assert values["rejects_open"] == (2, None)
    assert own_built.value(f"select count(*) from ({rejects.OPEN})") == 2
    rows = own_built.value("select count(*) from staging_events")
    songs = own_built.value("select count(*) from staging_songs")
    assert values["rows_rejected"] == (2, rows + songs + 2)
    assert values["events_repeated"] == (1, rows)
    assert values["sessions_with_gaps"][0] == 0
