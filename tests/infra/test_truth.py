import json
from typing import Any

import duckdb
import pytest
from checkout import Built, Checkout, fails, succeeds

from infra.classic import COMPARISONS

OTHER_PLANS = {
    "almost all matched": ["--seed", "7", "--match-rate", "0.9", "--days", "70"],
    "none matched": ["--seed", "11", "--match-rate", "0", "--days", "12"],
}
METHODS = ("title_artist_duration", "title_artist_near", "title_artist", "none")
ARTIST_METHODS = ("via_song", "name", "ambiguous", "none")
LEVELS = ("free", "paid")


class Answers:
    """What a built warehouse says, in the shape of the simulator's truth."""

    def __init__(self, checkout: Checkout) -> None:
        self.one = checkout.value
        self.query = checkout.query

    def counted(self, statement: str, names: tuple[str, ...] = ()) -> dict[str, int]:
        """Numbers by name; 0 for a name that does not occur."""
        return dict.fromkeys(names, 0) | dict(self.query(statement))

    def document(self) -> dict[str, Any]:
        return {
            "counts": self.counts(),
            "classic": self.classic(),
            "matching": self.matching(),
            "levels": self.levels(),
            "artists": self.canonical_names(),
            "answers": self.answers(),
            "files": self.files(),
        }

    def files(self) -> dict[str, int]:
        files = "select count(distinct _source_uri) from staging_{}"
        return {
            "log_files": self.one(files.format("events")),
            "song_files": self.one(files.format("songs")),
        }

    def counts(self) -> dict[str, int]:
        relations = (
            *("staging_events", "staging_songs", "songplays", "users", "songs"),
            *("artists", "time"),
        )
        sessions = "select count(distinct session_id) from {}"
        return {
            **{name: self.one(f"select count(*) from {name}") for name in relations},
            "sessions": self.one(sessions.format("stg_events")),
            "sessions_with_plays": self.one(sessions.format("songplays")),
        }

    def classic(self) -> dict[str, int]:
        return {
            "staging_events": self.one("select count(*) from staging_events"),
            "staging_songs": self.one("select count(*) from staging_songs"),
            "songplays": self.one(
                "select count(*) from staging_events, staging_songs "
                "where song = title and artist = artist_name and page = 'NextSong'"
            ),
            "users": self.one(
                "select count(distinct (userid, firstname, lastname, gender, level)) "
                "from staging_events where userid <> ''"
            ),
            "songs": self.one("select count(distinct song_id) from staging_songs"),
            "artists": self.one(
                "select count(distinct (artist_id, artist_name, artist_location, "
                "artist_latitude, artist_longitude)) from staging_songs"
            ),
            "time": self.one("select count(distinct ts) from staging_events"),
        }

    def matching(self) -> dict[str, Any]:
        methods = "select {0}, count(*) from songplays group by {0}"
        return {
            "match_method": self.counted(methods.format("match_method"), METHODS),
            "artist_match_method": self.counted(
                methods.format("artist_match_method"), ARTIST_METHODS
            ),
            "songplays_with_song": self.one("select count(song_id) from songplays"),
            "songplays_with_artist": self.one("select count(artist_id) from songplays"),
            "distinct_songs_played": self.one(
                "select count(distinct song_id) "
                "from songplays join songs using (song_id)"
            ),
        }

    def levels(self) -> dict[str, Any]:
        by_level = "select level, count(*) from {} group by level"
        page = "select count(*) from stg_events where page = 'Submit {}'"
        return {
            "users": self.counted(by_level.format("users"), LEVELS),
            "plays": self.counted(by_level.format("songplays"), LEVELS),
            "upgrades": self.one(page.format("Upgrade")),
            "downgrades": self.one(page.format("Downgrade")),
            "level_changes": self.one(
                "select count(*) from (select level <> lag(level) over (partition by "
                "user_id order by event_at, session_id, item_in_session) as changed "
                "from stg_events where user_id is not null) where changed"
            ),
        }

    def canonical_names(self) -> dict[str, str]:
        return dict(
            self.query(
                "select artist_id, name from artists where artist_id in (select "
                "artist_id from stg_songs group by artist_id "
                "having count(distinct artist_name) > 1)"
            )
        )

    def answers(self) -> dict[str, Any]:
        by_time = (
            "select {0}, count(*) from songplays join time using (start_time) "
            "group by {0}"
        )
        top = "group by all order by plays desc, {} limit 10"
        songs = self.query(
            "select song_title, artist_name, count(*) as plays from songplays "
            + top.format("artist_name, song_title")
        )
        artists = self.query(
            "select artist_name, count(*) as plays from songplays "
            + top.format("artist_name")
        )
        return {
            "plays_by_day": self.counted(by_time.format("cast(date as varchar)")),
            "plays_by_hour": self.counted(
                by_time.format("cast(hour as varchar)"), tuple(map(str, range(24)))
            ),
            "plays_by_weekday": self.counted(
                by_time.format("cast(weekday as varchar)"), tuple("1234567")
            ),
            "weeks": self.counted(
                by_time.format("iso_year || '-W' || lpad(week::text, 2, '0')")
            ),
            "top_songs": [list(row) for row in songs],
            "top_artists": [list(row) for row in artists],
            "hours_listened": self.one("select sum(duration) / 3600 from songplays"),
            "listeners": self.one("select count(distinct user_id) from songplays"),
            "events_by_page": self.counted(
                "select page, count(*) from stg_events group by page"
            ),
        }


def assert_met(checkout: Checkout) -> None:
    truth = json.loads((checkout.root / "data/landing/truth.json").read_text())
    del (
        truth["format"],
        truth["plan"],
        truth["files"]["bytes"],
        truth["files"]["digest"],
    )
    hours = truth["answers"]["hours_listened"]
    truth["answers"]["hours_listened"] = pytest.approx(hours, abs=1e-6)
    found = Answers(checkout).document()
    assert found.keys() == truth.keys()
    for part, expected in truth.items():
        assert found[part] == expected, part


def test_the_star_says_what_the_simulator_knows(built: Built) -> None:
    assert_met(built.checkout)


@pytest.mark.slow
@pytest.mark.parametrize("plan", OTHER_PLANS)
def test_the_star_of_another_sample_says_what_the_simulator_knows(
    plan: str, own_built: Checkout
) -> None:
    chosen = ["--users", "30", "--songs", "200", *OTHER_PLANS[plan]]
    succeeds(own_built.invoke("generate", *chosen, "--replace", "load"))
    fails(own_built.invoke("verify"), 1)  # the star is still the other sample's
    succeeds(own_built.dbt("run"))
    assert_met(own_built)
    told = succeeds(own_built.invoke("verify"))
    assert "counts of the sample's truth.json are met" in told


# invoke verify


def test_verify_prints_both_counts_and_why_they_differ(built: Built) -> None:
    told = succeeds(built.checkout.invoke("verify"))
    truth = json.loads((built.checkout.root / "data/landing/truth.json").read_text())
    rows = {
        words[0]: words[1:] for line in told.splitlines() if (words := line.split())
    }
    for each in COMPARISONS:
        classic, here = truth["classic"][each.relation], truth["counts"][each.relation]
        assert rows[each.relation][:2] == [f"{classic:,}", f"{here:,}"]
        assert bool(rows[each.relation][2:]) == (classic != here)
    for method, plays in truth["matching"]["match_method"].items():
        assert rows[method][0] == f"{plays:,}"
    assert f"{truth['matching']['songplays_with_artist']:,} of " in told
    assert {"up", "load", "build", "docs"} <= rows.keys()
    assert "all 18 counts of the sample's truth.json are met" in told


def write_to(checkout: Checkout, statement: str) -> None:
    with duckdb.connect(checkout.root / "sparkify.duckdb") as connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("change", "complaints"),
    [
        ("delete from sparkify.sparkify.users where user_id = {user}", ["users: 98 "]),
        (
            "update sparkify.sparkify.songplays set match_method = 'none' where "
            "songplay_id = (select min(songplay_id) from sparkify.sparkify.songplays "
            "where match_method = 'title_artist_near')",
            ["plays matched by title_artist_near: ", "plays matched by none: "],
        ),
        (
            "delete from sparkify.staging.staging_songs where song_id = "
            "(select min(song_id) from sparkify.staging.staging_songs)",
            ["staging_songs (classic): 1,199 instead of 1,200", "songs (classic): "],
        ),
    ],
    ids=["a user lost", "a match lost", "a raw song lost"],
)
def test_verify_fails_when_a_row_is_not_what_it_must_be(
    change: str, complaints: list[str], own_built: Checkout
) -> None:
    user = own_built.value("select min(user_id) from users")
    write_to(own_built, change.format(user=user))
    told = fails(own_built.invoke("verify"), 1)
    for complaint in complaints:
        assert f"\n  {complaint}" in told


def test_verify_of_raw_files_that_are_not_simulated_has_no_truth(
    own_built: Checkout,
) -> None:
    truth = own_built.root / "data" / "landing" / "truth.json"
    truth.unlink()
    assert "7 relations counted both ways" in succeeds(own_built.invoke("verify"))
    truth.write_text("{")
    assert "truth.json cannot be read" in fails(own_built.invoke("verify"), 1)


def test_verify_before_the_star_is_built_says_so(checkout: Checkout) -> None:
    plan = ["--users", "2", "--songs", "3", "--days", "1"]
    succeeds(checkout.invoke("generate", *plan, "up", "load"))
    told = fails(checkout.invoke("verify"), 1)
    assert "The star is not built yet; run `invoke load build`" in told
