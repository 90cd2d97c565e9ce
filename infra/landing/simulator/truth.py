"""The answers to a sample, counted while it is made and never read back from it.

`counts` has what the warehouse must have: rows of staging_events and staging_songs;
`songplays` the NextSong events; `users` the distinct users with any event; `songs` and
`artists` the distinct ids of the catalogue; `time` the distinct instants of plays;
`sessions` the distinct sessions with any event, `sessions_with_plays` with a play.

`classic` counts as the course project did, right or wrong. `songplays`: plays joined
with songs on equal raw title and equal raw artist, every pair a row. `users`: distinct
(user, name, gender, level) over all events of logged-in users. `songs`: distinct ids.
`artists`: distinct (id, name, location, latitude, longitude). `time`: distinct instants
of all events.

`matching` follows the rule: candidates are the songs with the title key and the artist
key of the play; the nearest duration wins, then the lowest song_id. The artist is the
song's; without a song it is the only artist who goes by a name with that key.

`levels`: `users` by the level of their latest event; `plays` by the level of the
event; `upgrades` and `downgrades` the submissions; `level_changes` how often a user's
event has another level than that user's event before it.

`artists` has the canonical name of every artist id that goes by several: the name with
most songs, then without a mark of collaboration, then shortest, then first by code
point.

`answers` groups by the text as a person reads it. Hours and weekdays (Monday is 1) are
all listed; days, ISO weeks and pages only if anything happened. Times are UTC.
"""

from collections import Counter
from datetime import date
from math import fsum
from typing import Any, TypeVar, get_args

from infra.landing.simulator.catalogue import Catalogue
from infra.landing.simulator.listeners import Level
from infra.landing.simulator.plan import Plan
from infra.landing.simulator.sessions import Event
from infra.landing.simulator.tracks import ArtistMatchMethod, MatchMethod, Track
from infra.landing.simulator.wording import is_collaboration

Text = TypeVar("Text", str, tuple[str, str])


class Tally:
    """Counts of one sample; they grow with users, songs and days, not with events."""

    def __init__(self) -> None:
        self._days: Counter[date] = Counter()  # plays
        self._hours: Counter[int] = Counter()
        self._pages: Counter[str] = Counter()
        self._tracks: Counter[Track] = Counter()
        self._play_levels: Counter[Level] = Counter()
        self._level_of: dict[str, Level] = {}
        self._levels_seen: set[tuple[str, Level]] = set()
        self._last_played_in: dict[str, int] = {}
        self._level_changes = 0
        self._sessions = 0
        self._sessions_with_plays = 0
        self._instants = 0
        self._play_instants = 0

    def add(self, day: date, events: list[Event]) -> None:
        """Count the events of one UTC day; days come in order."""
        self._instants += len({event.second for event in events})
        self._play_instants += len({event.second for event in events if event.track})
        self._sessions += sum(event.item == 0 for event in events)
        self._pages.update(event.page for event in events)
        for event in events:
            if event.listener:
                self._add_level(event.listener.user_id, event.level)
            if event.track and event.listener:
                self._add_play(event.listener.user_id, event)
                self._tracks[event.track] += 1
                self._days[day] += 1

    def _add_level(self, user_id: str, level: Level) -> None:
        before = self._level_of.get(user_id)
        if before != level:
            self._level_changes += before is not None
            self._level_of[user_id] = level
            self._levels_seen.add((user_id, level))

    def _add_play(self, user_id: str, event: Event) -> None:
        self._hours[event.second // 3600 % 24] += 1
        self._play_levels[event.level] += 1
        if self._last_played_in.get(user_id) != event.session_id:
            self._last_played_in[user_id] = event.session_id
            self._sessions_with_plays += 1

    def document(self, plan: Plan, shelf: Catalogue) -> dict[str, Any]:
        """Return the truth, all but its format and files."""
        return {
            "plan": plan.as_json(),
            "counts": self._counts(shelf),
            "classic": self._classic(shelf),
            "matching": self._matching(),
            "levels": self._levels(),
            "artists": canonical_names(shelf),
            "answers": self._answers(),
        }

    def _counts(self, shelf: Catalogue) -> dict[str, int]:
        return {
            "staging_events": self._pages.total(),
            "staging_songs": len(shelf.songs),
            "songplays": self._tracks.total(),
            "users": len(self._level_of),
            "songs": len(shelf.songs),
            "artists": len(shelf.songs_by_name),
            "time": self._play_instants,
            "sessions": self._sessions,
            "sessions_with_plays": self._sessions_with_plays,
        }

    def _classic(self, shelf: Catalogue) -> dict[str, int]:
        return {
            "staging_events": self._pages.total(),
            "staging_songs": len(shelf.songs),
            "songplays": sum(
                plays * track.exact_songs for track, plays in self._tracks.items()
            ),
            "users": len(self._levels_seen),
            "songs": len(shelf.songs),
            "artists": len(
                {(song.artist_id, song.artist_name, song.place) for song in shelf.songs}
            ),
            "time": self._instants,
        }

    def _matching(self) -> dict[str, Any]:
        methods: Counter[str] = Counter()
        artist_methods: Counter[str] = Counter()
        for track, plays in self._tracks.items():
            methods[track.match_method] += plays
            artist_methods[track.artist_match_method] += plays
        return {
            "match_method": {name: methods[name] for name in get_args(MatchMethod)},
            "artist_match_method": {
                name: artist_methods[name] for name in get_args(ArtistMatchMethod)
            },
            "songplays_with_song": methods.total() - methods["none"],
            "songplays_with_artist": artist_methods["via_song"]
            + artist_methods["name"],
            "distinct_songs_played": len(
                {track.song_id for track in self._tracks if track.song_id}
            ),
        }

    def _levels(self) -> dict[str, Any]:
        users = Counter(self._level_of.values())
        return {
            "users": {level: users[level] for level in get_args(Level)},
            "plays": {level: self._play_levels[level] for level in get_args(Level)},
            "upgrades": self._pages["Submit Upgrade"],
            "downgrades": self._pages["Submit Downgrade"],
            "level_changes": self._level_changes,
        }

    def _answers(self) -> dict[str, Any]:
        songs: Counter[tuple[str, str]] = Counter()
        artists: Counter[str] = Counter()
        for track, plays in self._tracks.items():
            songs[track.artist, track.title] += plays
            artists[track.artist] += plays
        weekdays: Counter[int] = Counter()
        weeks: Counter[str] = Counter()
        for day, plays in self._days.items():
            year, week, weekday = day.isocalendar()
            weekdays[weekday] += plays
            weeks[f"{year}-W{week:02}"] += plays
        seconds = fsum(track.length * plays for track, plays in self._tracks.items())
        return {
            "plays_by_day": {str(day): plays for day, plays in self._days.items()},
            "plays_by_hour": {str(hour): self._hours[hour] for hour in range(24)},
            "plays_by_weekday": {str(day): weekdays[day] for day in range(1, 8)},
            "top_songs": [[*reversed(song), plays] for song, plays in _top(songs)],
            "top_artists": [[artist, plays] for artist, plays in _top(artists)],
            "hours_listened": round(seconds / 3600, 6),
            "listeners": len(self._last_played_in),
            "events_by_page": dict(self._pages),
            "weeks": dict(weeks),
        }


def canonical_names(shelf: Catalogue) -> dict[str, str]:
    """Return the name to show for each artist id that goes by several."""
    return {
        artist_id: min(
            names,
            key=lambda name: (-names[name], is_collaboration(name), len(name), name),
        )
        for artist_id, names in shelf.songs_by_name.items()
        if len(names) > 1
    }


def _top(plays: Counter[Text]) -> list[tuple[Text, int]]:
    return sorted(plays.items(), key=lambda item: (-item[1], item[0]))[:10]
