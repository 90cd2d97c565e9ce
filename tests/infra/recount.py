"""The raw files of a landing, counted in plain Python as the marts should have them.

Nothing here reads the warehouse, the models or the seeds.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

REGIONS = {
    "Northeast": "CT ME MA NH RI VT NJ NY PA",
    "Midwest": "IL IN MI OH WI IA KS MN MO NE ND SD",
    "South": "DE DC FL GA MD NC SC VA WV AL KY MS TN AR LA OK TX",
    "West": "AZ CO ID MT NV NM UT WY AK CA HI OR WA",
}
REGION_OF = {state: name for name, all_ in REGIONS.items() for state in all_.split()}
BLANKS = " \t\r\n\u00a0"
NEAR = 5.0  # seconds that the same recording may differ by
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the warehouse's moments have no zone

Group = TypeVar("Group", bound=Hashable)
Event = dict[str, Any]


class Play(NamedTuple):
    """A play as a person would tell of it. `song_id` is null without a sure match."""

    user: int
    session: int
    level: str
    title: str
    artist: str
    song_id: str | None
    is_repaired: bool
    seconds: float
    location: str
    agent: str
    at: datetime


class Tally(NamedTuple):
    """What every mart counts of a group of plays."""

    plays: int
    listeners: int
    hours: float
    first: datetime
    last: datetime


class Landing:
    """Events and songs of a folder, each read once."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @cached_property
    def events(self) -> list[Event]:
        """All events, as they stand in their files."""
        return list(_objects(self._root / "log_data"))

    @cached_property
    def songs(self) -> list[Event]:
        """The catalogue, as it stands in its files."""
        return list(_objects(self._root / "song_data"))

    @cached_property
    def years(self) -> dict[str, int]:
        """The year of each song; 0 where nobody knows."""
        return {song["song_id"]: song["year"] for song in self.songs}

    @cached_property
    def artist_ids(self) -> dict[str, set[str]]:
        """Who goes by a name, by its letters and digits; by one without any, nobody."""
        found = defaultdict[str, set[str]](set)
        for song in self.songs:
            name = key(_trimmed(song["artist_name"]))
            if re.fullmatch("[a-z0-9]+", name):
                found[name].add(song["artist_id"])
        return found

    @cached_property
    def plays(self) -> list[Play]:
        """All plays, with the song that each is of."""
        candidates = defaultdict[tuple[str, str], list[Event]](list)
        for song in self.songs:
            name = _trimmed(song["title"]), _trimmed(song["artist_name"])
            candidates[key(name[0]), key(name[1])].append(song)
        return [
            _play(event, candidates)
            for event in self.events
            if event["page"] == "NextSong"
        ]

    @property
    def last_day(self) -> date:
        """The UTC day of the last event."""
        return max(_moment(event["ts"]) for event in self.events).date()

    def tallies(self, group: Callable[[Play], Group]) -> dict[Group, Tally]:
        """The plays of each group, counted."""
        return {name: _tally(plays) for name, plays in self.grouped(group).items()}

    def grouped(self, group: Callable[[Play], Group]) -> dict[Group, list[Play]]:
        """The plays of each group."""
        found = defaultdict[Group, list[Play]](list)
        for play in self.plays:
            found[group(play)].append(play)
        return found


def key(text: str) -> str:
    """What names are compared by."""
    return "".join(re.findall("[A-Za-z0-9]", text)).lower() or text


def usual_song(plays: list[Play]) -> str | None:
    """The song that most of the plays are of, then the lowest id."""
    ids = Counter(play.song_id for play in plays if play.song_id)
    return min(ids, key=lambda each: (-ids[each], each), default=None)


def states(location: str) -> list[str]:
    """The states that a location ends in."""
    return location.rsplit(", ", 1)[1].split("-")


def device(agent: str) -> tuple[str, str, str]:
    """Class, system and browser, for agents as they are in the data."""
    if "Trident" in agent or "MSIE" in agent:
        browser = "Internet Explorer"
    else:
        known = ("Firefox", "Chromium", "Chrome", "Safari")
        browser = next(name for name in known if name in agent)
    if "iPad" in agent or "iPhone" in agent:
        return ("tablet" if "iPad" in agent else "phone"), "iOS", browser
    names = {"Windows": "Windows", "Macintosh": "macOS", "X11": "Linux"}
    return "desktop", next(names[word] for word in names if word in agent), browser


def _objects(folder: Path) -> Iterator[Event]:
    for path in sorted(folder.rglob("*.json")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def _play(event: Event, candidates: dict[tuple[str, str], list[Event]]) -> Play:
    raw = event["song"], event["artist"]
    title, artist = (_repaired(text).strip(BLANKS) for text in raw)
    near = sorted(
        (abs(song["duration"] - event["length"]), song["song_id"])
        for song in candidates.get((key(title), key(artist)), [])
    )
    return Play(
        user=int(event["userId"]),
        session=event["sessionId"],
        level=event["level"],
        title=title,
        artist=artist,
        song_id=near[0][1] if near and near[0][0] <= NEAR else None,
        is_repaired=[_repaired(text) for text in raw] != [*raw],
        seconds=event["length"],
        location=event["location"],
        agent=event["userAgent"].strip('"'),
        at=_moment(event["ts"]),
    )


def _tally(plays: list[Play]) -> Tally:
    return Tally(
        plays=len(plays),
        listeners=len({play.user for play in plays}),
        hours=sum(play.seconds for play in plays) / 3600,
        first=min(play.at for play in plays),
        last=max(play.at for play in plays),
    )


def _repaired(text: str) -> str:
    try:
        return text.encode("latin-1").decode().encode("latin-1").decode()
    except UnicodeError:
        return text


def _trimmed(name: str | float) -> str:
    return str(name).strip(BLANKS)


def _moment(ts: int) -> datetime:
    """Whole milliseconds, where a float would round."""
    return EPOCH + timedelta(milliseconds=ts)
