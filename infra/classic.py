"""The classic project's definitions of its tables, beside ours.

They are those of the published solutions of the course project that this data set comes
from, recomputed from the staging tables, so they hold for whatever data is loaded. On
the published data they give 8,056 · 14,896 · 333 · 105 · 14,896 · 10,025 · 8,023.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """A relation, its count by the classic definition, and why ours may differ."""

    relation: str
    classic: str
    here: str
    reason: str


COMPARISONS = (
    Comparison(
        "staging_events",
        "select count(*) from staging_events",
        "select count(*) from staging_events",
        "",
    ),
    Comparison(
        "staging_songs",
        "select count(*) from staging_songs",
        "select count(*) from staging_songs",
        "",
    ),
    Comparison(
        "songplays",
        "select count(*) from staging_events as events join staging_songs as songs "
        "on events.song = songs.title and events.artist = songs.artist_name "
        "where events.page = 'NextSong'",
        "select count(*) from songplays",
        "an inner join loses plays of songs outside the catalogue",
    ),
    Comparison(
        "users",
        "select count(*) from (select distinct userid, firstname, lastname, gender, "
        "level from staging_events where userid <> '')",
        "select count(*) from users",
        "one row per user, not one per user and level",
    ),
    Comparison(
        "songs",
        "select count(*) from (select distinct song_id, title, artist_id, year, "
        "duration from staging_songs where song_id is not null)",
        "select count(*) from songs",
        "one row per song_id",
    ),
    Comparison(
        "artists",
        "select count(*) from (select distinct artist_id, artist_name, "
        "artist_location, artist_latitude, artist_longitude from staging_songs "
        "where artist_id is not null)",
        "select count(*) from artists",
        "one row per artist, not one per spelling and location",
    ),
    Comparison(
        "time",
        "select count(distinct ts) from staging_events",
        "select count(*) from time",
        "moments of plays, not of every page",
    ),
)
