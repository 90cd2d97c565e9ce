"""What happens in a session, event by event."""

from random import Random
from typing import NamedTuple

from infra.landing.simulator.listeners import Level, Listener
from infra.landing.simulator.tracks import Track

OTHER_PAGES = ("Home", "Settings", "Help", "About", "Error")
OFTEN = (40, 15, 10, 5, 3)
LOOKED_AT_LOGGED_OUT = ("Home", "Home", "Home", "About", "Help", "Login")


class Event(NamedTuple):
    """One line of the log. Nobody is logged in when `listener` is None."""

    second: int  # Unix time
    session_id: int
    item: int
    page: str
    level: Level
    listener: Listener | None
    track: Track | None  # of a NextSong


class Session:
    """A session in the making: views of pages, and plays one after the other."""

    def __init__(
        self,
        session_id: int,
        start: int,
        listener: Listener | None,
        level: Level,
        dice: Random,
    ) -> None:
        self.events: list[Event] = []
        self.level = level
        self._id = session_id
        self._second = start
        self._silent_from: int | None = None  # when the song being played ends
        self._listener = listener
        self._dice = dice

    def view(self, page: str, *, after: int | None = None, out: bool = False) -> None:
        """Add the view of a page, `after` so many seconds; `out` is not logged in."""
        if self.events:
            self._second += self._pause() if after is None else after
        self._add(page, None if out else self._listener, None)

    def play(self, track: Track) -> None:
        """Add a play; it begins when the song before it ends, or a little later."""
        if self._silent_from is not None:
            self._second = max(self._second, self._silent_from)
            if self._dice.random() < 0.02:
                self._second += self._dice.randrange(1, 900)
        elif self.events:
            self._second += self._pause()
        self._add("NextSong", self._listener, track)
        self._silent_from = self._second + int(track.length)

    def change_level(self, level: Level) -> None:
        """Add the submission, which still has the old level, and the page after it."""
        self.view("Submit Upgrade" if level == "paid" else "Submit Downgrade")
        self.level = level
        self.view("Home", after=1)

    def end(self) -> int:
        """Return the first second at which nothing is played or viewed any more."""
        return max(self._second, self._silent_from or 0) + 1

    def _pause(self) -> int:
        if self._dice.random() < 0.02:
            return 0
        return self._dice.randrange(1, self._dice.choice((20, 60, 180)))

    def _add(self, page: str, listener: Listener | None, track: Track | None) -> None:
        item = len(self.events)
        self.events.append(
            Event(self._second, self._id, item, page, self.level, listener, track)
        )


def visit(
    listener: Listener,
    session_id: int,
    start: int,
    tracks: list[Track],
    dice: Random,
) -> list[Event]:
    """Return a listener's session with these plays, and remember what it changed."""
    session = Session(session_id, start, listener, listener.level, dice)
    if listener.only_looks:
        session.view("Home")
    else:
        _arrive(session, dice, to_play=bool(tracks))
        for number, track in enumerate(tracks, start=1):
            session.play(track)
            if listener.wavers and number == 2 and session.level == "paid":
                listener.wavers = False
                _downgrade(session, regret=True)
            elif dice.random() < 0.055:
                _look_around(session, dice)
        if dice.random() < 0.09:
            _leave(session, dice)
    listener.level = session.level
    listener.free_from = session.end()
    return session.events


def passing_visit(session_id: int, start: int, dice: Random) -> list[Event]:
    """Return the session of somebody who never logs in."""
    level: Level = dice.choice(("free", "paid"))
    session = Session(session_id, start, None, level, dice)
    for _ in range(dice.randrange(1, 5)):
        session.view(dice.choice(LOOKED_AT_LOGGED_OUT))
    return session.events


def _arrive(session: Session, dice: Random, *, to_play: bool) -> None:
    way = dice.random()
    if way < 0.10:
        if way < 0.07:
            session.view("Home", out=True)
        if way < 0.01:
            session.view(dice.choice(("About", "Help")), out=True)
        session.view("Login", after=1, out=True)
        session.view("Home")
    elif way < 0.45 or not to_play:
        session.view("Home")


def _look_around(session: Session, dice: Random) -> None:
    """View another page or two while the song goes on."""
    if dice.random() < 0.2:
        _consider_level(session, dice)
        return
    page = dice.choices(OTHER_PAGES, OFTEN)[0]
    session.view(page)
    if page == "Settings" and dice.random() < 0.2:
        session.view("Save Settings")
        session.view("Home", after=1)


def _consider_level(session: Session, dice: Random) -> None:
    if session.level == "free":
        session.view("Upgrade")
        if dice.random() < 0.4:
            session.change_level("paid")
    elif dice.random() < 0.1:
        _downgrade(session, regret=dice.random() < 0.3)
    else:
        session.view("Downgrade")


def _downgrade(session: Session, *, regret: bool) -> None:
    session.view("Downgrade")
    session.change_level("free")
    if regret:
        session.view("Upgrade")
        session.change_level("paid")


def _leave(session: Session, dice: Random) -> None:
    session.view("Logout", after=1)
    session.view("Home", out=True)
    if dice.random() < 0.2:
        session.view(dice.choice(("About", "Help")), out=True)
