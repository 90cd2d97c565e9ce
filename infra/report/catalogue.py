"""What is played: songs, artists, eras, and what of it the catalogue knows."""

from __future__ import annotations

from collections.abc import Sequence

from infra.report.answers import Answers, Row, sql
from infra.report.bars import Bar, bars, columns
from infra.report.figure import Figure, Section, Spec, Table
from infra.report.wording import (
    count,
    counted,
    decimal,
    leaders,
    listed,
    percent,
    ratio,
    short,
    they,
)

_AS_PLAYED = "Names are as the app showed them; equal places are in order of listeners."
METHODS = {  # what match_method and artist_match_method say, in words
    "title_artist_duration": "Song: title, artist, duration within 0.5 s",
    "title_artist_near": "Song: title, artist, duration within 5 s",
    "title_artist": "Song: title and artist, another duration",
    "name": "Artist: by the name",
    "via_song": "Artist: by the name, and by the song",
    "ambiguous": "Artist: several go by the name",
}


def section(answers: Answers) -> Section:
    """The figures about songs and artists."""
    return Section(
        "what",
        "What is played",
        [
            songs(answers["songs"]),
            artists(answers["artists"]),
            eras(answers["eras"]),
            matching(answers["matching"]),
        ],
    )


def songs(rows: Sequence[Row]) -> Figure:
    """The ten songs played most."""
    best = leaders(rows, lambda row: row["plays"])
    names = [f"“{short(r['song_title'])}” by {short(r['artist_name'])}" for r in best]
    return Figure(
        name="songs",
        topic="Top songs",
        finding=_most_played(best, names, "songs"),
        unit="Plays of each song, the ten played most",
        picture="Bars, one for each song",
        table=Table(
            ("Place", "Song", "Artist", "Plays", "Listeners", "Hours"),
            [
                (
                    *(count(row["plays_rank"]), row["song_title"], row["artist_name"]),
                    *(count(row["plays"]), count(row["listeners"])),
                    decimal(row["hours"]),
                )
                for row in rows
            ],
            texts=3,
        ),
        source=sql("songs"),
        chart=bars(
            [
                Bar(
                    f"{row['song_title']} · {row['artist_name']}",
                    row["plays"],
                    count(row["plays"]),
                )
                for row in rows
            ]
        )
        if rows
        else None,
        notes=(_AS_PLAYED,),
    )


def artists(rows: Sequence[Row]) -> Figure:
    """The ten artists played most."""
    best = leaders(rows, lambda row: row["plays"])
    names = [short(row["artist_name"]) for row in best]
    return Figure(
        name="artists",
        topic="Top artists",
        finding=_most_played(best, names, "artists"),
        unit="Plays of each artist, the ten played most",
        picture="Bars, one for each artist",
        table=Table(
            ("Place", "Artist", "Plays", "Listeners", "Songs", "Hours"),
            [
                (
                    *(count(row["plays_rank"]), row["artist_name"]),
                    *(count(row[name]) for name in ("plays", "listeners", "songs")),
                    decimal(row["hours"]),
                )
                for row in rows
            ],
            texts=2,
        ),
        source=sql("artists"),
        chart=bars([Bar(r["artist_name"], r["plays"], count(r["plays"])) for r in rows])
        if rows
        else None,
        notes=(_AS_PLAYED,),
    )


def _most_played(best: Sequence[Row], names: list[str], noun: str) -> str:
    if not best:
        return "Nothing has been played yet"
    plays = counted(best[0]["plays"], "play")
    each = "" if len(best) == 1 else " each"
    return f"{listed(names, noun)} {they(best, 'leads', 'lead')} with {plays}{each}"


def eras(rows: Sequence[Row]) -> Figure:
    """Plays by decade of the song, and how few plays have one."""
    dated = [row for row in rows if row["decade"] is not None and row["plays"]]
    total = sum(row["plays"] for row in rows)
    coverage = ratio(sum(row["plays"] for row in dated), total)
    best = leaders(dated, lambda row: row["plays"])
    finding = (
        "No play has a song with a year" if total else "Nothing has been played yet"
    )
    if best:
        finding = (
            f"Songs of the {listed([row['era'] for row in best], 'decades')} lead "
            f"among the {percent(coverage)} of plays that have a year"
        )
    others = [
        f"{counted(row['plays'], 'play')} {reason}"
        for row in rows
        if row["plays"] and (reason := _undated(row["era"]))
    ]
    return Figure(
        name="eras",
        topic="Eras",
        finding=finding,
        unit="Plays by the decade of the song's release, as the catalogue has it",
        picture="Columns, one for each decade",
        table=Table(
            ("Era", "Plays", "Of all plays", "Listeners", "Songs", "Hours"),
            [
                (
                    *(row["era"], count(row["plays"]), percent(row["share_of_plays"])),
                    *(count(row["listeners"]), count(row["songs"])),
                    decimal(row["hours"]),
                )
                for row in rows
            ],
        ),
        source=sql("eras"),
        chart=columns(
            [Bar(row["era"], row["plays"], count(row["plays"])) for row in dated]
        )
        if dated
        else None,
        notes=(f"Not here: {'; '.join(others)}.",) if others else (),
    )


def _undated(era: str) -> str:
    return {
        "no song": "of no song of the catalogue, or of a doubtful one",
        "no year": "of songs whose year it does not know",
    }.get(era, "")


def matching(rows: Sequence[Row]) -> Figure:
    """How the catalogue's songs and artists were found."""
    total = sum(row["plays"] for row in rows if row["thing"] == "song")
    shares = {thing: ratio(_found(rows, thing), total) for thing in ("song", "artist")}
    named = [(_method(row), row["plays"]) for row in rows]
    return Figure(
        name="matching",
        topic="Match methods",
        finding=f"{percent(shares['song'])} of plays have a song of the catalogue, "
        f"{percent(shares['artist'])} an artist"
        if total
        else "Nothing has been played yet",
        unit="Plays by how their song and their artist were found",
        picture="Bars, one for each way of finding a song or an artist",
        table=Table(
            ("Found by", "Plays", "Of all plays"),
            [
                (name, count(plays), percent(ratio(plays, total)))
                for name, plays in named
            ],
        ),
        source=sql("matching"),
        chart=_methods(named, total) if total else None,
    )


def _found(rows: Sequence[Row], thing: str) -> int:
    """The plays whose song or artist is known."""
    return sum(
        row["plays"]
        for row in rows
        if row["thing"] == thing and row["method"] not in ("none", "ambiguous")
    )


def _methods(named: Sequence[tuple[str, int]], total: int) -> Spec:
    return bars(
        [
            Bar(
                name,
                plays,
                f"{count(plays)} · {percent(plays / total)}",
                "rest" if name.endswith("not found") else "accent",
            )
            for name, plays in named
        ]
    )


def _method(row: Row) -> str:
    return METHODS.get(
        row["method"],
        f"{row['thing'].capitalize()}: not found"
        if row["method"] == "none"
        else f"{row['thing'].capitalize()}: {row['method']}",
    )
