"""The published data: set SPARKIFY_REAL_DATA to the path of sparkify.tar.xz."""

import re
from datetime import date

from checkout import Checkout, succeeds

from infra.accounts import Account
from infra.verify import verify


def test_rows_are_counted_as_published(real: Checkout) -> None:
    assert verify(real.project).counts == {
        "staging_events": (8056, 8056),
        "staging_songs": (14896, 14896),
        "songplays": (333, 6820),
        "users": (105, 97),
        "songs": (14896, 14896),
        "artists": (10025, 9553),
        "time": (8023, 6813),
    }


def test_plays_are_matched_as_counted_by_hand(real: Checkout) -> None:
    verdict = verify(real.project)
    assert verdict.methods == {
        "none": 6479,
        "title_artist_duration": 328,
        "title_artist_near": 9,
        "title_artist": 4,
    }
    assert real.value("select count(song_id) from songplays") == 341
    assert real.value("select count(artist_id) from songplays") == 4441
    assert verdict.with_artist == 4441


def test_every_raw_row_is_accounted_for(real: Checkout) -> None:
    accounts = verify(real.project).accounts
    assert accounts["events"] == Account(8056, 6820, 1236, 0, {})
    assert accounts["songs"] == Account(14896, 14896, 0, 0, {})


def test_every_name_of_an_artist_can_be_looked_up(real: Checkout) -> None:
    assert real.value("select count(*) from artist_names") == 9993
    assert real.value("select count(*) from artist_names where is_canonical") == 9553


def test_history_holds_the_levels_that_the_events_tell(real: Checkout) -> None:
    levels = "select distinct user_id, level from {} where user_id is not null"
    told = real.query(levels.format("users_history"))
    assert len(told) == 105
    assert sorted(told) == sorted(real.query(levels.format("stg_events")))
    # user 15 alone came back to a level
    assert real.value("select count(*) from users_history") == 106


def test_dates_are_the_days_of_november(real: Checkout) -> None:
    ((first, last, count),) = real.query(
        "select min(date), max(date), count(*) from dates"
    )
    assert (first, last, count) == (date(2018, 11, 1), date(2018, 11, 30), 30)


def test_user_21_alone_never_played(real: Checkout) -> None:
    assert real.query("select user_id from users where first_play_at is null") == [
        (21,)
    ]
    assert real.value("select count(distinct user_id) from songplays") == 96


def test_user_15_went_free_and_back_within_minutes(real: Checkout) -> None:
    spells = real.query(
        "select level, valid_to - valid_from < interval 10 minute from users_history "
        "where user_id = 15 order by valid_from"
    )
    assert spells[-2:] == [("free", True), ("paid", None)]
    assert real.value("select level from users where user_id = 15") == "paid"


def repaired(text: str) -> str:
    try:
        return text.encode("latin-1").decode().encode("latin-1").decode()
    except UnicodeEncodeError:
        return text


def test_all_damaged_plays_are_repaired(real: Checkout) -> None:
    plays = real.query(
        "select raw.song, raw.artist, songplays.song_title, songplays.artist_name "
        "from staging_events as raw join songplays on raw.sessionid = "
        "songplays.session_id and raw.iteminsession = songplays.item_in_session"
    )
    assert len(plays) == 6820
    damaged = [
        play for play in plays if [repaired(text) for text in play[:2]] != [*play[:2]]
    ]
    assert len(damaged) == 326
    for song, artist, title, name in plays:
        # a no-break space at an end is a blank there, as `Là` shows
        assert (title, name) == (
            repaired(song).strip(" \t\r\n\u00a0"),
            repaired(artist).strip(" \t\r\n\u00a0"),
        )
        assert not re.search("Ã[\x80-\xbf]|Ã", title + name)


def test_moments_keep_their_milliseconds(real: Checkout) -> None:
    endings = "select distinct extract(millisecond from start_time) % 1000 from {}"
    assert real.query(endings.format("songplays")) == [(796,)]
    assert real.query(endings.format("time")) == [(796,)]


def test_verify_tells_all_of_it(real: Checkout) -> None:
    told = succeeds(real.invoke("verify"))
    assert (
        "5.0 % of plays have a song in the catalogue, 4,441 of 6,820 an artist" in told
    )
    assert "7 relations counted both ways" in told


def test_nothing_is_in_quarantine(real: Checkout) -> None:
    assert real.value("select count(*) from quarantine_events") == 0
    assert real.value("select count(*) from quarantine_songs") == 0
