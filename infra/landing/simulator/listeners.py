"""Who listens: their particulars, their level, and how much they hear."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from random import Random
from typing import Literal

from infra.landing.simulator.plan import MOST_EVENTS_PER_DAY, Plan
from infra.landing.simulator.vocabulary import (
    LISTENER_FIRST,
    LISTENER_LAST,
    METROS,
    USER_AGENTS,
)

Level = Literal["free", "paid"]

EVENTS_PER_DAY = 2.8  # of an average listener who follows the natural habit
EVENTS_PER_PLAY = 1.2
PLAYS_PER_SESSION: dict[Level, float] = {"free": 5.0, "paid": 13.0}
MOST_SESSIONS_PER_DAY = 3.0
MILLISECONDS = 796  # of every time stamp: the player's clock counts whole seconds


@dataclass(slots=True, eq=False)
class Listener:
    """A registered user, and where the user's sessions have got to.

    `free_from` is the first second (Unix time) at which another
    session can begin. `wavers` says that a downgrade and its regret are still to come.
    """

    user_id: str
    first_name: str
    last_name: str
    gender: str
    location: str
    user_agent: str
    registration: float
    level: Level
    sessions_per_day: float
    plays_per_session: float
    debut: int | None  # the day of the period on which a session is certain
    only_looks: bool = False
    wavers: bool = False
    free_from: int = 0


def listeners(plan: Plan, dice: Random) -> list[Listener]:
    """Return everybody who may listen, most active first."""
    numbers = dice.sample(range(1, plan.users + plan.users // 20 + 2), plan.users)
    names = [_name(dice) for _ in numbers]
    names[3:4] = names[2:3]  # two people of one name
    everybody = []
    for rank, plays in enumerate(_plays_per_day(plan)):
        paid = rank == 1 or dice.random() < (0.85 if rank < plan.users / 5 else 0.1)
        level: Level = "paid" if paid else "free"
        sessions = min(plays / PLAYS_PER_SESSION[level], MOST_SESSIONS_PER_DAY)
        gender, first_name, last_name = names[rank]
        listener = Listener(
            user_id=str(numbers[rank]),
            first_name=first_name,
            last_name=last_name,
            gender=gender,
            location=dice.choice(METROS),
            user_agent=dice.choice(USER_AGENTS),
            registration=_registration(plan, dice),
            level=level,
            sessions_per_day=sessions,
            plays_per_session=plays / sessions,
            debut=_debut(rank, sessions, plan, dice),
            only_looks=plan.users >= 5 and rank % 200 == min(60, plan.users - 1),
            wavers=rank == 1,
        )
        everybody.append(listener)
    return everybody


def _name(dice: Random) -> tuple[str, str, str]:
    gender = dice.choice("FM")
    return gender, dice.choice(LISTENER_FIRST[gender]), dice.choice(LISTENER_LAST)


def _plays_per_day(plan: Plan) -> list[float]:
    """Return each listener's plays a day: skewed, in sum as planned, humanly possible.

    In a hundred the first hears a tenth of all plays, the first ten six tenths.
    """
    weights = [
        1 / (100 * (rank + 0.5) / plan.users + 8) ** 2 for rank in range(plan.users)
    ]
    if plan.events is None:
        left = EVENTS_PER_DAY * plan.users / EVENTS_PER_PLAY
    else:
        left = plan.events / plan.days / EVENTS_PER_PLAY
    weights_left = list(accumulate(reversed(weights)))
    plays = []
    for weight in weights:
        share = left * weight / weights_left.pop()
        plays.append(min(share, MOST_EVENTS_PER_DAY / EVENTS_PER_PLAY))
        left -= plays[-1]
    return plays


def _registration(plan: Plan, dice: Random) -> float:
    """Return a moment in the five months before the period, in Unix milliseconds."""
    start = int(datetime.combine(plan.start, datetime.min.time(), UTC).timestamp())
    return (start - dice.randrange(1, 150 * 86_400)) * 1000.0 + MILLISECONDS


def _debut(rank: int, sessions_per_day: float, plan: Plan, dice: Random) -> int | None:
    day = 0 if rank == 0 else dice.randrange(plan.days)
    return day if rank == 0 or sessions_per_day * plan.days >= 0.5 else None
