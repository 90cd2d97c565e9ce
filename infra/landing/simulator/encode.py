"""How songs and events are spelled in JSON: every key, in the classic order."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from infra.landing.simulator.catalogue import Song
from infra.landing.simulator.listeners import MILLISECONDS, Listener
from infra.landing.simulator.sessions import Event
from infra.landing.simulator.wording import as_logged

EVENT_KEYS = (
    *("artist", "auth", "firstName", "gender", "itemInSession", "lastName"),
    *("length", "level", "location", "method", "page", "registration"),
    *("sessionId", "song", "status", "ts", "userAgent", "userId"),
)
REQUESTS = {  # page: method, status
    "About": ("GET", 200),
    "Downgrade": ("GET", 200),
    "Error": ("GET", 404),
    "Help": ("GET", 200),
    "Home": ("GET", 200),
    "Login": ("PUT", 307),
    "Logout": ("PUT", 307),
    "NextSong": ("PUT", 200),
    "Save Settings": ("PUT", 307),
    "Settings": ("GET", 200),
    "Submit Downgrade": ("PUT", 307),
    "Submit Upgrade": ("PUT", 307),
    "Upgrade": ("GET", 200),
}


def log_file(events: list[Event]) -> Iterator[bytes]:
    """Yield a log file: a line for each event, with an end between two."""
    for number, event in enumerate(events):
        line = _line(event) if number == 0 else f"\n{_line(event)}"
        yield line.encode("ascii")


def song_file(song: Song) -> bytes:
    """Return a song file: one object."""
    record = {
        "artist_id": song.artist_id,
        "artist_latitude": song.place.latitude,
        "artist_location": song.place.location,
        "artist_longitude": song.place.longitude,
        "artist_name": song.artist_name,
        "duration": song.duration,
        "num_songs": 1,
        "song_id": song.song_id,
        "title": song.title,
        "year": song.year,
    }
    return _escaped(json.dumps(record, separators=(",", ":"))).encode("ascii")


def jsonpaths_file() -> bytes:
    """Return the JSONPaths file with which Redshift's COPY reads events."""
    paths = {"jsonpaths": [f"$['{name}']" for name in EVENT_KEYS]}
    return json.dumps(paths, indent=4).encode("ascii")


def _line(event: Event) -> str:
    artist = song = length = "null"
    if event.track:
        artist, song = _logged(event.track.artist), _logged(event.track.title)
        length = repr(event.track.length)
    method, status = REQUESTS[event.page]
    who = _particulars(event.listener)
    return (
        f'{{"artist":{artist},"auth":{who.auth},"firstName":{who.first_name},'
        f'"gender":{who.gender},"itemInSession":{event.item},'
        f'"lastName":{who.last_name},"length":{length},"level":"{event.level}",'
        f'"location":{who.location},"method":"{method}","page":"{event.page}",'
        f'"registration":{who.registration},"sessionId":{event.session_id},'
        f'"song":{song},"status":{status},"ts":{event.second}{MILLISECONDS},'
        f'"userAgent":{who.user_agent},"userId":{who.user_id}}}'
    )


class _Particulars(NamedTuple):
    """What the log says of who is logged in, in JSON."""

    auth: str
    first_name: str
    last_name: str
    gender: str
    location: str
    registration: str
    user_agent: str
    user_id: str


@lru_cache(maxsize=20_000)
def _particulars(listener: Listener | None) -> _Particulars:
    if listener is None:
        return _Particulars('"Logged Out"', *("null",) * 6, '""')
    return _Particulars(
        '"Logged In"',
        _quoted(listener.first_name),
        _quoted(listener.last_name),
        _quoted(listener.gender),
        _quoted(listener.location),
        repr(listener.registration),
        _quoted(listener.user_agent),
        _quoted(listener.user_id),
    )


@lru_cache(maxsize=100_000)
def _logged(text: str) -> str:
    return _quoted(as_logged(text))


def _quoted(text: str) -> str:
    return _escaped(json.dumps(text))


def _escaped(encoded: str) -> str:
    """Return the JSON with slashes escaped, as the player and the catalogue do."""
    return encoded.replace("/", "\\/")
