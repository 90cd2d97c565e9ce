"""What a cluster is doing: settled, on its way, or beyond help.

boto3's own waiter knows neither pausing nor resuming, and waits half an hour for a
cluster that has failed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from infra.aws.clock import Clock
from infra.aws.resource import Live
from infra.errors import AwsError, StillWorking

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

AVAILABLE, PAUSED, PAUSING, DELETING = "available", "paused", "pausing", "deleting"

SOONEST, LATEST = 1.0, 30.0  # seconds between two looks
PATIENCE = 45 * 60  # seconds that a task waits; AWS goes on without it
USUAL = {  # minutes, for whoever waits
    "creating": 5,
    "deleting": 5,
    "final-snapshot": 5,
    "modifying": 5,
    "pausing": 10,
    "rebooting": 3,
    "resuming": 10,
}
# Source: the states that DescribeCluster's documentation lists
BEYOND_HELP = {
    "hardware-failure": "Its hardware failed. Restore its last snapshot in the "
    "Redshift console, or run `invoke down` and `invoke up`.",
    "incompatible-hsm": "Its HSM does not answer. AWS support can help.",
    "incompatible-network": "Its network was changed under it. `invoke up --plan` "
    "shows what differs; else run `invoke down` and `invoke up`.",
    "incompatible-parameters": "A parameter keeps it from starting. `invoke up --plan` "
    "shows which differ.",
    "incompatible-restore": "It could not be restored. Run `invoke down` and "
    "`invoke up`.",
    "inaccessible-kms-key": "Its key cannot be used; AWS deletes it after 14 days. "
    "Enable the key in KMS.",
    "insufficient-capacity": "AWS has no machine of its type. Run `invoke down`, and "
    "`invoke up` with another node_type or in another region.",
    "storage-full": "Its disks are full. Delete data, or take it down and up "
    "again with more nodes.",
    "failed": "AWS could not do what was asked for. The events of the cluster in the "
    "Redshift console say why.",
}
_KNOWN = {
    *(AVAILABLE, PAUSED, PAUSING, DELETING, "creating", "modifying", "rebooting"),
    *("resizing", "renaming", "resuming", "rotating-keys", "updating-hsm"),
    *("final-snapshot", "cancelling-resize", "available, prep-for-resize"),
    "available, resize-cleanup",
}


def status(live: Live) -> str:
    """AWS's word for what the cluster does."""
    return str(live.get("ClusterStatus", "unknown")).lower()


def trouble(live: Live) -> str:
    """Why it will not get well by itself; nothing as long as it may."""
    words = (status(live), str(live.get("ClusterAvailabilityStatus", "")).lower())
    for word in words:
        if word in BEYOND_HELP:
            return f"The cluster is in state {word}. {BEYOND_HELP[word]}"
    return ""


def pending(live: Live) -> str:
    """What is being done with it; nothing when it is settled: available or paused.

    A cluster is available before its endpoint can be used and its roles are known.
    """
    state = status(live)
    if state == PAUSED:
        return ""
    if state != AVAILABLE:
        return state
    availability = str(live.get("ClusterAvailabilityStatus") or "Available").lower()
    if availability != "available":
        return availability
    if not (live.get("Endpoint") or {}).get("Address"):
        return "getting an endpoint"
    roles = [each.get("ApplyStatus") for each in live.get("IamRoles", ())]
    groups = live.get("ClusterParameterGroups", ())
    if any(each != "in-sync" for each in roles):
        return "taking its roles"
    is_taking = any(each.get("ParameterApplyStatus") == "applying" for each in groups)
    return "taking its parameters" if is_taking else ""


def doing(live: Live) -> str:
    """What AWS does with it, or the state in which it is settled."""
    return pending(live) or status(live)


def is_unknown(live: Live) -> bool:
    """Whether AWS has a new word, which is taken for being on its way."""
    return status(live) not in _KNOWN and not trouble(live)


def is_ending(live: Live) -> bool:
    """Whether AWS has been asked to delete it."""
    return status(live) in (DELETING, "final-snapshot")


def hopeless(live: Live) -> str:
    """Why nothing can be done with it but to take it away: a sentence, or nothing."""
    if is_ending(live):
        return (
            f"The cluster {live['ClusterIdentifier']} is being deleted. Wait until "
            "`invoke status` no longer shows it, then run `invoke up --target "
            "redshift` again."
        )
    return trouble(live)


def is_refusal(error: BotoCoreError | ClientError) -> bool:
    """Whether AWS does not do it in the state that the cluster is in."""
    response: Any = getattr(error, "response", None) or {}
    return bool(response.get("Error", {}).get("Code") == "InvalidClusterState")


def settled(
    look: Callable[[], Live | None],
    clock: Clock,
    told: Callable[[str], None],
) -> Live | None:
    """The cluster once it is settled; None once it is gone.

    `told` hears at each look how it goes. Raises AwsError when it will not get well,
    StillWorking when it takes longer than a task waits.
    """
    wait = Wait(clock, told)
    while (live := look()) is not None:
        if why := trouble(live):
            raise AwsError(why)
        if not pending(live):
            return live
        wait.on(live)
    return None


def gone(
    look: Callable[[], Live | None], clock: Clock, told: Callable[[str], None]
) -> None:
    """Waits until the cluster is gone."""
    wait = Wait(clock, told)
    while (live := look()) is not None:
        wait.on(live)


class Wait:
    """A wait for a cluster: looks at first often, then less so, and not for ever."""

    def __init__(self, clock: Clock, told: Callable[[str], None]) -> None:
        self._clock = clock
        self._told = told
        self._started = clock.now()
        self._pause = SOONEST

    def on(self, live: Live) -> None:
        """Waits until the next look; raises StillWorking when it was long enough."""
        now = self._clock.now()
        passed = (now - self._started).total_seconds()
        if passed > PATIENCE:
            raise StillWorking(
                f"The cluster is still {doing(live)} after {passed / 60:.0f} min. "
                "AWS goes on by itself: run the same again later, it takes up from "
                "here; `invoke status` shows how it is."
            )
        self._told(_line(live, self._started, now))
        self._clock.sleep(self._pause)
        self._pause = min(self._pause * 1.5, LATEST)


def _line(live: Live, started: datetime, now: datetime) -> str:
    state = doing(live)
    minutes, seconds = divmod(int((now - started).total_seconds()), 60)
    usual = USUAL.get(state)
    about = f", usually {usual} min" if usual else ""
    new = " (a state this project does not know)" if is_unknown(live) else ""
    return f"cluster: {state}{new}, {minutes} min {seconds:02} s{about}"
