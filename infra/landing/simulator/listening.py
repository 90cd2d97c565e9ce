"""When people listen: the events of each day of the period, in order."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import count
from random import Random

from infra.landing.simulator.listeners import EVENTS_PER_DAY, Listener, listeners
from infra.landing.simulator.plan import Plan
from infra.landing.simulator.sessions import Event, passing_visit, visit
from infra.landing.simulator.tracks import Jukebox, Track

DAY = 86_400
BUSY_HOURS = (3, 3, 2, 2, 2, 3, 3, 3, 4, 5, 6, 6, 6, 7, 8, 9, 10, 9, 9, 7, 6, 5, 4, 3)
BUSY_WEEKDAYS = (1.1, 1.15, 1.2, 1.1, 1.2, 0.65, 0.6)  # Monday first
PASSERS_BY = 0.01  # sessions a day of people who never log in, for each listener


def days(
    plan: Plan, jukebox: Jukebox, dice: Random
) -> Iterator[tuple[date, list[Event]]]:
    """Yield each UTC day with its events by time, session and item.

    A session that crosses midnight goes on in the next day; the log stops at the end
    of the last one.
    """
    crowd = _Crowd(plan, jukebox, dice)
    midnight = int(datetime.combine(plan.start, datetime.min.time(), UTC).timestamp())
    waiting: dict[int, list[Event]] = {}
    for day, date_ in enumerate(plan.dates()):
        for event in crowd.events(day, date_, midnight + day * DAY):
            waiting.setdefault((event.second - midnight) // DAY, []).append(event)
        yield date_, sorted(waiting.pop(day, []))


class _Crowd:
    """Everybody, and the numbering of their sessions."""

    def __init__(self, plan: Plan, jukebox: Jukebox, dice: Random) -> None:
        self._listeners = listeners(plan, dice)
        self._jukebox = jukebox
        self._dice = dice
        self._session_ids = count(1)
        busy = [BUSY_WEEKDAYS[date_.weekday()] for date_ in plan.dates()]
        self._usual = sum(busy) / len(busy)
        scale = 1.0
        if plan.events is not None:
            scale = plan.events / (EVENTS_PER_DAY * plan.users * plan.days)
        self._passers_by = PASSERS_BY * plan.users * scale

    def events(self, day: int, date_: date, midnight: int) -> Iterator[Event]:
        """Yield the events of every session that begins on this day."""
        busy = BUSY_WEEKDAYS[date_.weekday()] / self._usual
        for listener in self._listeners:
            for start in self._starts(listener, day, busy):
                begin = max(midnight + start, listener.free_from + 60)
                yield from visit(
                    listener,
                    next(self._session_ids),
                    begin,
                    self._tracks(listener, day),
                    self._dice,
                )
        for _ in range(self._about(self._passers_by * busy)):
            start = midnight + self._second_of_day()
            yield from passing_visit(next(self._session_ids), start, self._dice)

    def _starts(self, listener: Listener, day: int, busy: float) -> list[int]:
        """Return the seconds of the day at which the listener wants to begin."""
        sessions = self._about(listener.sessions_per_day * busy)
        if day == listener.debut:
            sessions = max(sessions, 1)
        return sorted(self._second_of_day() for _ in range(sessions))

    def _tracks(self, listener: Listener, day: int) -> list[Track]:
        """Return the plays of a session; after each there is one chance to go on."""
        usual = listener.plays_per_session
        tracks = [self._jukebox.pick()] if day == listener.debut else []
        while len(tracks) < 3 * usual and self._dice.random() < usual / (1 + usual):
            tracks.append(self._jukebox.pick())
        return tracks

    def _about(self, mean: float) -> int:
        """Return a number from none to twice the mean."""
        return int(mean * 2 * self._dice.random() + self._dice.random())

    def _second_of_day(self) -> int:
        hour = self._dice.choices(range(24), BUSY_HOURS)[0]
        return hour * 3600 + self._dice.randrange(3600)
