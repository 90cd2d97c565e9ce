"""Answers to the questions where tables hold what no sample does: a few rows each."""

from decimal import Decimal
from typing import Any

import duckdb
from checkout import REPOSITORY

from infra import questions


def answer(name: str, **tables: str) -> list[tuple[Any, ...]]:
    """The rows of an answer where tables are these rows: columns, then their values."""
    asked = questions.question(REPOSITORY, name)
    with duckdb.connect() as connection:
        for table, told in tables.items():
            columns, _, rows = told.strip().partition("\n")
            values = ", ".join(f"({row.strip()})" for row in rows.splitlines())
            connection.execute(
                f'create table "{table}" as from (values {values}) as rows ({columns})'
            )
        return connection.execute(
            asked.statement({table: f'"{table}"' for table in tables})
        ).fetchall()


def days(rows: list[tuple[Any, ...]]) -> list[str]:
    """The first cells, as text."""
    return [str(row[0]) for row in rows]


def test_a_day_without_plays_has_zeros() -> None:
    rows = answer(
        "how_much_is_listened_each_day",
        dates="""date, weekday_name
            date '2018-11-01', 'Thursday'
            date '2018-11-02', 'Friday'""",
        songplays="""songplay_id, start_date, user_id, level, duration
            'a', date '2018-11-01', 8, 'paid', 1800
            'b', date '2018-11-01', 8, 'free', 1800""",
    )
    assert days(rows) == ["2018-11-02", "2018-11-01"]
    assert [row[2:] for row in rows] == [
        (0, 0, 0, 0, Decimal(0)),
        (2, 1, 1, 1, Decimal(1)),
    ]


def test_hours_of_as_many_plays_follow_the_clock() -> None:
    hours = (9, 20, 7, 21, 6, 8)
    rows = answer(
        "when_do_people_listen",
        songplays="start_time, user_id\n" + "\n".join(f"{hour}, 8" for hour in hours),
        time="start_time, hour, is_weekend\n"
        + "\n".join(f"{hour}, {hour}, true" for hour in hours),
    )
    assert [row[0] for row in rows] == sorted(hours)


def test_songs_and_artists_of_as_many_plays_follow_the_alphabet() -> None:
    columns = "song_title, artist_name, plays_rank, plays, listeners, repeat_share"
    songs = answer(
        "which_songs_are_played_most",
        song_activity=f"""{columns}
            'B', 'y', 2, 1, 1, 0
            'B', 'x', 2, 1, 1, 0
            'A', 'z', 2, 1, 1, 0
            'C', 'z', 1, 2, 1, 0.5""",
    )
    assert [row[1] + row[2] for row in songs] == ["Cz", "Az", "Bx", "By"]
    artists = answer(
        "which_artists_are_played_most",
        songplays="""artist_name, artist_id, user_id, song_title
            'B', 'AR2', 8, 's'
            'A', null, 8, 's'""",
        artists="artist_id, location\n'AR2', 'Oslo'",
    )
    assert artists == [("A", None, 1, 1, 1), ("B", "Oslo", 1, 1, 1)]


def test_fourteen_days_are_silence_and_thirteen_are_not() -> None:
    rows = answer(
        "who_went_silent",
        user_activity="""user_id, level, plays, last_play_at, silent_days
            9, 'free', 5, timestamp '2018-11-16 23:59:59', 14
            12, 'free', 5, timestamp '2018-11-15 23:59:59', 15
            10, 'free', 5, timestamp '2018-11-15 23:59:59', 15
            8, 'paid', 5, timestamp '2018-11-16 00:00:00', 14
            7, 'paid', 6, timestamp '2018-11-17 00:00:00', 13
            6, 'free', 0, null, null""",
        users="user_id, first_name, last_name\n8, 'A', 'B'\n9, 'C', 'D'\n7, 'E', 'F'",
    )
    assert [row[0] for row in rows] == [8, 9, 10, 12]
    assert days([row[5:] for row in rows[:2]]) == ["2018-11-16", "2018-11-16"]


HISTORY = """user_id, level, valid_from, valid_to
    8, 'paid', timestamp '2018-11-01 10:00:00', timestamp '2018-11-03 12:00:00'
    8, 'free', timestamp '2018-11-03 12:00:00', timestamp '2018-11-03 12:05:00'
    8, 'paid', timestamp '2018-11-03 12:05:00', null
    9, 'paid', timestamp '2018-11-01 10:00:00', timestamp '2018-11-03 12:00:00'
    9, 'free', timestamp '2018-11-03 12:00:00', null
    7, 'free', timestamp '2018-11-02 00:00:00', null"""


def test_who_stopped_paying_pays_again_where_the_free_time_ends() -> None:
    rows = answer(
        "who_stopped_paying",
        users_history=HISTORY,
        users="user_id, first_name, last_name\n8, 'A', 'B'\n9, 'C', 'D'\n7, 'E', 'F'",
    )
    assert [(row[0], row[5], str(row[6])) for row in rows] == [
        (8, 2, "2018-11-03"),
        (9, 2, "None"),
    ]


def test_a_play_at_the_moment_of_a_change_has_the_new_level_alone() -> None:
    rows = answer(
        "do_people_listen_more_when_they_pay",
        users_history=HISTORY,
        dates="date\n" + "\n".join(f"date '2018-11-0{day}'" for day in (1, 2, 3, 4)),
        songplays="""user_id, start_time, duration
            8, timestamp '2018-11-01 10:00:00', 240
            8, timestamp '2018-11-03 12:00:00', 240
            8, timestamp '2018-11-03 12:05:00', 240""",
    )
    # User 8 has three days, one and two, user 9 three and two, user 7 never plays
    assert rows == [
        ("changed level", "free", 2, 3, 1, Decimal("0.3"), Decimal("1.3")),
        ("changed level", "paid", 2, 8, 2, Decimal("0.3"), Decimal("1.0")),
        ("stayed", "free", 1, 3, 0, Decimal(0), Decimal(0)),
    ]


def test_plays_of_no_state_are_unknown() -> None:
    rows = answer(
        "where_do_people_listen",
        songplays="""location, user_id, duration
            'Here, NY', 8, 3600
            'Nearby, NY', 8, 3600
            null, 9, 3600
            'Atlantis', 9, 3600
            'There, CA', 7, 3600
            'There, CA', 7, 3600""",
        location_activity="""location, region, state_name
            'Here, NY', 'Northeast', 'New York'
            'Nearby, NY', 'Northeast', 'New York'
            'There, CA', 'West', 'California'
            'Atlantis', null, null
            'unknown', null, null""",
    )
    assert [(row[0], row[2], str(row[3]), row[4]) for row in rows] == [
        ("California", 2, "33.3", 1),
        ("New York", 2, "33.3", 1),
        ("unknown", 2, "33.3", 1),
    ]
