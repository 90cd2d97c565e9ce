"""How the cluster goes: as soon as AWS lets it, with a last snapshot if wanted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.aws import faults, states
from infra.aws.clock import Clock
from infra.aws.patience import patiently

if TYPE_CHECKING:
    from mypy_boto3_redshift import RedshiftClient

    from infra.aws.resource import Live

SNAPSHOT_DAYS = 30  # that a final snapshot is kept
_HEARD = 3  # answers of AWS that may be lost


def end(
    redshift: RedshiftClient,
    look: Callable[[], Live | None],
    final_snapshot: str,
    clock: Clock,
    told: Callable[[str], None],
) -> None:
    """Deletes the cluster and waits until it is gone.

    `look` finds it, and raises where it is somebody else's: it is asked before each
    attempt. AWS takes none while it works on the cluster, and may take none of a
    paused one that is to leave a snapshot: that is started first.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    delete = partial(redshift.delete_cluster, **_snapshot(final_snapshot))
    wait, lost = states.Wait(clock, told), 0
    while (live := look()) is not None and not states.is_ending(live):
        name = str(live["ClusterIdentifier"])
        try:
            patiently(partial(delete, ClusterIdentifier=name), clock, told=told)
            break
        except (BotoCoreError, ClientError) as error:
            if faults.is_missing(error):
                return
            if states.is_refusal(error):
                if states.trouble(live):
                    raise
                if states.status(live) == states.PAUSED:
                    _start(redshift, name, clock)
            elif not faults.is_lost_reply(error) or (lost := lost + 1) > _HEARD:
                raise
        wait.on(live)
    states.gone(look, clock, told)


def _snapshot(name: str) -> dict[str, Any]:
    if not name:
        return {"SkipFinalClusterSnapshot": True}
    return {
        "SkipFinalClusterSnapshot": False,
        "FinalClusterSnapshotIdentifier": name,
        "FinalClusterSnapshotRetentionPeriod": SNAPSHOT_DAYS,
    }


def _start(redshift: RedshiftClient, name: str, clock: Clock) -> None:
    from botocore.exceptions import ClientError

    try:
        patiently(lambda: redshift.resume_cluster(ClusterIdentifier=name), clock)
    except ClientError as error:
        if not states.is_refusal(error):  # somebody else has started it
            raise
