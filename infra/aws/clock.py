"""Time, as a value: what waits can be tested without waiting."""

import time
from datetime import UTC, datetime


class Clock:
    """The real time."""

    def now(self) -> datetime:
        """This moment in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Lets time pass."""
        time.sleep(seconds)


def stamp(moment: datetime) -> str:
    """A moment as tags and schedules carry it: 2026-11-21T18:00:00, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def moment(text: str) -> datetime | None:
    """The moment of a stamp; None when it is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
