"""What players report as played: spellings and lengths, and which song each one is."""

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Literal

from infra.landing.simulator.catalogue import TIE_GAP, Catalogue, Song
from infra.landing.simulator.wording import (
    as_logged,
    has_letters_or_digits,
    key,
    outside_artist_name,
    outside_title,
    restyled,
    trimmed,
)

MatchMethod = Literal[
    "title_artist_duration", "title_artist_near", "title_artist", "none"
]
ArtistMatchMethod = Literal["via_song", "name", "ambiguous", "none"]

SAME, NEAR = 0.5, 5.0  # seconds between the played and the filed duration
MOST_OUTSIDE = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One spelling and length that players report, and what the catalogue makes of it.

    Title and artist are as a person reads them. `exact_songs` counts the songs that a
    join on the raw text of both finds.
    """

    title: str
    artist: str
    length: float
    match_method: MatchMethod = "none"
    song_id: str | None = None
    artist_match_method: ArtistMatchMethod = "none"
    exact_songs: int = 0


class Jukebox:
    """Picks what is played next: mostly the same few favourites."""

    def __init__(self, shelf: Catalogue, match_rate: float, dice: Random) -> None:
        self._dice = dice
        self._match_rate = match_rate
        inside = [
            (track, share / (rank + 10))
            for rank, song in enumerate(shelf.songs)
            for track, share in _tracks_of(song, shelf, dice)
        ]
        count = min(MOST_OUTSIDE, 40 + 2 * len(shelf.songs))
        outside = [
            (_outside_track(shelf, dice), 1 / (rank + 30)) for rank in range(count)
        ]
        self._inside = _Pool(inside)
        self._outside = _Pool(outside)

    def pick(self) -> Track:
        """Return the next track to play."""
        inside = self._dice.random() < self._match_rate
        return (self._inside if inside else self._outside).pick(self._dice)


class _Pool:
    def __init__(self, weighted: list[tuple[Track, float]]) -> None:
        self._tracks = [track for track, _ in weighted]
        self._upto = list(accumulate(weight for _, weight in weighted))

    def pick(self, dice: Random) -> Track:
        place = bisect(self._upto, dice.random() * self._upto[-1])
        return self._tracks[min(place, len(self._tracks) - 1)]


def _tracks_of(
    song: Song, shelf: Catalogue, dice: Random
) -> Iterator[tuple[Track, float]]:
    """Yield the tracks that are plays of a song, with their shares of its plays.

    A length other than the song's own never comes within 0.01 s of a limit of the
    matching rule, and is not given to a song with a namesake, except for the tie.
    """
    title, artist = trimmed(str(song.title)), trimmed(str(song.artist_name))
    yield _track(title, artist, song.duration, shelf), 1.0
    if dice.random() < 0.5:
        spelled = restyled(title, dice), restyled(artist, dice)
        yield _track(*spelled, song.duration, shelf), 0.3
    namesakes = shelf.by_key[song.key]
    if len(namesakes) == 1:
        off = _difference(dice)
        if off is not None:
            yield _track(title, artist, round(song.duration + off, 5), shelf), 0.3
    elif namesakes[0].duration + TIE_GAP == namesakes[1].duration:
        yield _track(title, artist, namesakes[0].duration + TIE_GAP / 2, shelf), 1.0


def _difference(dice: Random) -> float | None:
    """Return by how many seconds another recording differs, if there is one."""
    sign = dice.choice((-1, 1))
    kind = dice.random()
    if kind < 0.15:
        return sign * dice.uniform(0.02, SAME - 0.02)
    if kind < 0.35:
        return sign * dice.uniform(SAME + 0.02, NEAR - 0.02)
    if kind < 0.45:
        return sign * dice.uniform(NEAR + 0.02, 80)
    return None


def _track(title: str, artist: str, length: float, shelf: Catalogue) -> Track:
    candidates = shelf.by_key[key(title), key(artist)]
    nearest = min(
        candidates, key=lambda song: (abs(song.duration - length), song.song_id)
    )
    logged = as_logged(title), as_logged(artist)
    return Track(
        title,
        artist,
        length,
        match_method=_match_method(abs(nearest.duration - length)),
        song_id=nearest.song_id,
        artist_match_method=_artist_match_method(artist, shelf, song_found=True),
        exact_songs=sum(
            (str(song.title), str(song.artist_name)) == logged for song in candidates
        ),
    )


def _match_method(difference: float) -> MatchMethod:
    if difference <= SAME:
        return "title_artist_duration"
    return "title_artist_near" if difference <= NEAR else "title_artist"


def _artist_match_method(
    artist: str, shelf: Catalogue, *, song_found: bool
) -> ArtistMatchMethod:
    """Return how the name finds its artist: alone or not at all, song or no song."""
    if not has_letters_or_digits(artist):
        return "none"
    if len(shelf.artists_by_name_key[key(artist)]) > 1:
        return "ambiguous"
    return "via_song" if song_found else "name"


def _outside_track(shelf: Catalogue, dice: Random) -> Track:
    """Return a track that is no song of the catalogue, though half of it may be."""
    length = round(90 + 300 * dice.random(), 5)
    song = dice.choice(shelf.songs)
    kind = dice.random()
    if kind < 0.6:  # an artist of the catalogue with a title that it lacks
        artist = trimmed(str(song.artist_name))
        method = _artist_match_method(artist, shelf, song_found=False)
        return Track(outside_title(dice), artist, length, artist_match_method=method)
    if kind < 0.65:  # somebody else's version of a song
        return Track(trimmed(str(song.title)), outside_artist_name(dice), length)
    return Track(outside_title(dice), outside_artist_name(dice), length)
