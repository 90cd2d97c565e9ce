"""The catalogue: songs, their artists, and the quirks that a real one has."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from itertools import cycle
from random import Random

from infra.landing.simulator.vocabulary import (
    ODD_NAMES,
    ODD_PLACES,
    ODD_TITLES,
    PLACES,
)
from infra.landing.simulator.wording import alias, artist_name, key, title, trimmed

CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALPHANUMERIC = f"{CAPITALS}0123456789"
NEW_ARTIST = 0.6  # of songs; the others join an artist in proportion to their songs
NEW_NAME, NEW_PLACE = 0.15, 0.04  # of songs that join an artist
TIE_GAP = 1.5  # seconds; half of it is exact in binary, so both songs are equally near
# The song at the first index appears again, so much longer, as the song at the second.
REISSUES = {20: (10, TIE_GAP), 22: (11, 0.4375), 28: (14, 2.75), 34: (17, 42.5)}
ORIGINALS = {original for original, _ in REISSUES.values()}
OTHER_ID = 34  # this reissue is filed under another artist of the same name


@dataclass(frozen=True, slots=True)
class Place:
    """Where an artist comes from: text as filed, and coordinates or neither."""

    location: str | int
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Song:
    """One song of the catalogue, as its file describes it."""

    song_id: str
    track_id: str
    title: str | int | float
    duration: float
    year: int
    artist_id: str
    artist_name: str | int
    place: Place

    @property
    def key(self) -> tuple[str, str]:
        """What title and artist keep in every spelling."""
        return key(str(self.title)), key(str(self.artist_name))


@dataclass(slots=True, eq=False)
class Artist:
    """An artist id with every name and place that its songs give it."""

    artist_id: str
    names: list[str | int]
    places: list[Place]


@dataclass
class Catalogue:
    """Every song, most played first, with what is needed to look a play up."""

    songs: list[Song] = field(default_factory=list)
    by_key: dict[tuple[str, str], list[Song]] = field(default_factory=dict)
    artists_by_name_key: dict[str, set[str]] = field(default_factory=dict)
    songs_by_name: dict[str, Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )

    def add(self, song: Song) -> None:
        """File a song under its keys."""
        name = trimmed(str(song.artist_name))
        self.songs.append(song)
        self.by_key.setdefault(song.key, []).append(song)
        self.artists_by_name_key.setdefault(key(name), set()).add(song.artist_id)
        self.songs_by_name[song.artist_id][name] += 1


def catalogue(count: int, dice: Random) -> Catalogue:
    """Return a catalogue of so many songs; it has every quirk that fits."""
    shelf = Catalogue()
    register = _Register(dice)
    odd_titles = iter(ODD_TITLES)
    for index in range(count):
        if index in REISSUES:
            original, gap = REISSUES[index]
            shelf.add(register.reissue(shelf.songs[original], gap, index == OTHER_ID))
            continue
        artist = register.artist()
        name = dice.choice(artist.names)
        odd = next(odd_titles, None) if index % 9 == 3 else None
        named: str | float = title(dice) if odd is None else odd
        while (key(str(named)), key(str(name))) in shelf.by_key:
            named = f"{title(dice)} {dice.randrange(2, 1000)}"
        song = register.song(named, artist, name)
        if index in ORIGINALS:
            song = replace(song, duration=int(song.duration) + 0.25)
        shelf.add(song)
    return shelf


class _Register:
    """Gives out ids, artists and songs, each id once."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._ids: set[str] = set()
        self._artists = 0
        self._credits: list[Artist] = []  # the artist of each song so far
        self._name_keys: set[str] = set()
        self._odd_names = iter(ODD_NAMES)
        self._odd_places = cycle(ODD_PLACES)

    def artist(self) -> Artist:
        """Return the artist of the next song: a new one, or one who has songs."""
        dice = self._dice
        if not self._credits or dice.random() < NEW_ARTIST:
            return self._new_artist()
        artist = dice.choice(self._credits)
        if dice.random() < NEW_NAME:
            guest = artist_name(dice)
            artist.names.append(alias(trimmed(str(artist.names[0])), guest, dice))
        if dice.random() < NEW_PLACE:
            artist.places.append(self._place())
        return artist

    def song(self, named: str | float, artist: Artist, name: str | int) -> Song:
        """Return a new song of the artist under one of the artist's names."""
        dice = self._dice
        self._credits.append(artist)
        return Song(
            song_id=self._id("SO", 16),
            track_id=self._track_id(),
            title=named,
            duration=round(90 + 150 * dice.random() + 150 * dice.random(), 5),
            year=0 if dice.random() < 1 / 3 else dice.randrange(1926, 2011),
            artist_id=artist.artist_id,
            artist_name=name,
            place=dice.choice(artist.places),
        )

    def reissue(self, original: Song, gap: float, other_id: bool) -> Song:
        """Return the same title by the same name, `gap` seconds longer."""
        again = replace(
            original,
            song_id=self._id("SO", 16),
            track_id=self._track_id(),
            duration=original.duration + gap,
        )
        return replace(again, artist_id=self._id("AR", 16)) if other_id else again

    def _new_artist(self) -> Artist:
        dice = self._dice
        self._artists += 1
        odd = next(self._odd_names, None) if self._artists % 11 == 4 else None
        name: str | int
        if odd is not None:
            name = odd
        elif self._artists % 80 == 30:  # a namesake
            name = dice.choice(self._credits).names[0]
        else:
            name = self._new_name()
        self._name_keys.add(key(str(name)))
        return Artist(self._id("AR", 16), [name], [self._place()])

    def _new_name(self) -> str:
        name, tries = artist_name(self._dice), 0
        while key(name) in self._name_keys:
            name, tries = artist_name(self._dice), tries + 1
            if tries > 5:  # the vocabulary is running out
                name = f"{name} {self._dice.randrange(2, 1_000_000)}"
        return name

    def _place(self) -> Place:
        dice = self._dice
        location: str | int = ""
        if dice.random() < 0.55:
            location = dice.choice(PLACES)
        if self._artists % 17 == 7:
            location = next(self._odd_places)
        if dice.random() < 1 / 3:
            latitude = round(dice.uniform(-60, 70), 5)
            return Place(location, latitude, round(dice.uniform(-180, 180), 5))
        return Place(location, None, None)

    def _track_id(self) -> str:
        folders = "".join(self._dice.choices(CAPITALS, k=2))
        return self._id(f"TRA{folders}", 13)

    def _id(self, prefix: str, length: int) -> str:
        made = prefix + "".join(self._dice.choices(ALPHANUMERIC, k=length))
        if made in self._ids:
            return self._id(prefix, length)
        self._ids.add(made)
        return made
