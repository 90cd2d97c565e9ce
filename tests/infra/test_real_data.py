"""The published data: set SPARKIFY_REAL_DATA to the path of sparkify.tar.xz."""

import re

from checkout import Checkout, succeeds

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


def test_user_21_alone_never_played(real: Checkout) -> None:
    assert real.query("select user_id from users where first_play_at is null") == [
        (21,)
    ]
    assert real.value("select count(distinct user_id) from songplays") == 96


def test_user_15_went_free_and_back_within_minutes(real: Checkout) -> None:
    changes = real.query(
        "select level from (select level, event_at, item_in_session, level is distinct "
        "from lag(level) over (order by event_at, item_in_session) as changed from "
        "stg_events where user_id = 15 and cast(event_at as date) = '2018-11-21') "
        "where changed order by event_at, item_in_session"
    )
    assert changes == [("paid",), ("free",), ("paid",)]
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
