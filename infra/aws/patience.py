"""Requests that AWS refuses for the moment, asked again; and nothing else.

A write that may have reached AWS is never repeated here: whoever made it looks whether
it was heard.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from infra.aws import faults
from infra.aws.clock import Clock

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

Answer = TypeVar("Answer")

# Seconds between two attempts, doubled from one to the other
FIRST, LONGEST = 1.0, 20.0

READS = 4  # attempts to read something when the network loses answers

# How long a reason may hold, in seconds
THROTTLED = 120
NEW_ROLE = 60  # until all of AWS has heard of a role
BUSY = 900  # an operation that runs on the cluster
IN_USE = 600  # until network interfaces of a deleted cluster are gone


def patiently(
    call: Callable[[], Answer],
    clock: Clock | None = None,
    *,
    busy: float = 0,
    in_use: float = 0,
    told: Callable[[str], None] = lambda _: None,
) -> Answer:
    """What the call answers, after as many attempts as its refusals allow.

    `busy` and `in_use` are the seconds to wait for an operation on the cluster to end,
    and for something that still uses what is to go. `told` hears why it waits.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    clock = clock or Clock()
    started, pause = clock.now(), FIRST
    while True:
        try:
            return call()
        except (BotoCoreError, ClientError) as error:
            reason, budget = _budget(error, busy=busy, in_use=in_use)
            passed = (clock.now() - started).total_seconds()
            rest = pause * random.uniform(0.8, 1.2)  # noqa: S311 - not for secrets
            if passed + rest > budget:
                raise
            told(reason)
        clock.sleep(rest)
        pause = min(pause * 2, LONGEST)


def read(call: Callable[[], Answer], clock: Clock | None = None) -> Answer:
    """What a call that changes nothing answers; a lost answer is asked for again."""
    from botocore.exceptions import BotoCoreError

    for _ in range(READS - 1):
        try:
            return patiently(call, clock)
        except BotoCoreError as error:
            if not faults.is_lost_reply(error):
                raise
            (clock or Clock()).sleep(FIRST)
    return patiently(call, clock)


def _budget(
    error: BotoCoreError | ClientError, *, busy: float, in_use: float
) -> tuple[str, float]:
    """Why AWS refused, and for how many seconds that is worth asking again."""
    if faults.is_throttled(error):
        return "AWS is busy", THROTTLED
    if faults.is_role_unknown_yet(error):
        return "waiting for the new role to be known", NEW_ROLE
    if faults.is_busy_state(error):
        return "waiting for another operation on the cluster", busy
    if faults.is_in_use(error):
        return "waiting for what still uses it", in_use
    return "", 0
