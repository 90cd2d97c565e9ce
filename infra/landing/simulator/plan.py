"""What to simulate."""

import math
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from infra.errors import ConfigurationError

MOST_DAYS = 3660
MOST_EVENTS_PER_DAY = 240  # sixteen hours of songs: nobody listens for longer
EARLIEST, LATEST = date(1971, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True)
class Plan:
    """The size, seed and period of a sample; raises ConfigurationError if it cannot be.

    `match_rate` is the share of plays whose song is in the catalogue. `events` is the
    number of events to aim at, which is met within a fifth; without it each listener
    follows a natural habit.
    """

    users: int = 100
    songs: int = 1200
    days: int = 30
    seed: int = 42
    match_rate: float = 0.25
    start: date = date(2018, 11, 1)
    events: int | None = None

    def __post_init__(self) -> None:
        faults = list(self._faults())
        if faults:
            raise ConfigurationError(f"the sample cannot be made: {'; '.join(faults)}")

    def _faults(self) -> Iterator[str]:
        if self.users < 1:
            yield f"users = {self.users}, must be at least 1"
        if self.songs < 1:
            yield f"songs = {self.songs}, must be at least 1"
        if not 1 <= self.days <= MOST_DAYS:
            yield f"days = {self.days}, must be from 1 to {MOST_DAYS}"
        if math.isnan(self.match_rate) or not 0 <= self.match_rate <= 1:
            yield f"match_rate = {self.match_rate}, must be from 0 to 1"
        if not EARLIEST <= self.start < LATEST:
            yield f"start = {self.start}, must be from {EARLIEST} and before {LATEST}"
        if self.events is not None and self.events < 1:
            yield f"events = {self.events}, must be at least 1 (or left out)"
        most = MOST_EVENTS_PER_DAY * max(self.users, 1) * max(self.days, 1)
        if self.events is not None and self.events > most:
            yield (
                f"events = {self.events}, must be at most {most}: "
                f"{MOST_EVENTS_PER_DAY} a user a day"
            )

    def dates(self) -> list[date]:
        """Return every UTC day of the period, in order."""
        return [self.start + timedelta(days=day) for day in range(self.days)]

    def dice(self, purpose: str) -> random.Random:
        """Return the generator for one purpose: other purposes do not disturb it."""
        return random.Random(f"{self.seed}/{purpose}")  # noqa: S311  nothing is secret

    def as_json(self) -> dict[str, Any]:
        """Return the plan as truth.json records it."""
        return {**asdict(self), "start": self.start.isoformat()}
