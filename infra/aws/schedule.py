"""The pause that AWS makes by itself when the cluster's time is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from infra.aws import clock as clocks
from infra.aws import faults, states
from infra.aws.clock import Clock
from infra.aws.cluster import expires_at
from infra.aws.names import Stack
from infra.aws.patience import BUSY, patiently, read
from infra.aws.resource import Attributes, Difference, Found, Live, Resource
from infra.errors import ForeignError

if TYPE_CHECKING:
    from mypy_boto3_redshift import RedshiftClient


class ScheduledPause(Resource):
    """A scheduled action has no tags: it is the stack's by its name and its target."""

    kind = "scheduled pause"

    def __init__(self, redshift: RedshiftClient, stack: Stack, clock: Clock) -> None:
        super().__init__("scheduled pause", stack.named("expires"))
        self._redshift = redshift
        self._stack = stack
        self._clock = clock

    def find(self, found: Found) -> Live | None:
        """The action of this name."""
        from botocore.exceptions import ClientError

        try:
            answer = read(
                lambda: self._redshift.describe_scheduled_actions(
                    ScheduledActionName=self.name
                ),
                self._clock,
            )
        except ClientError as error:
            if faults.is_missing(error):
                return None
            raise
        if not answer["ScheduledActions"]:
            return None
        live: Live = {**answer["ScheduledActions"][0]}
        target = live.get("TargetAction", {}).get("PauseCluster", {})
        if target.get("ClusterIdentifier") != self._stack.full_name:
            raise ForeignError(
                f"There is a scheduled action {self.name} that does not pause this "
                "stack's cluster. Delete it, or rename the stack (setting stack)."
            )
        return live

    def wanted(self, found: Found) -> Attributes:
        """The moment the cluster's tag says."""
        return {"at": self._at(found), "enabled": True, "role": self._role}

    @property
    def _role(self) -> str:
        return self._stack.role_arn(self._stack.named("scheduler"))

    def _at(self, found: Found) -> str:
        cluster = found.get("cluster")
        ends = expires_at(cluster) if cluster else None
        return f"at({clocks.stamp(ends)})" if ends else "when the cluster expires"

    def present(self, live: Live, found: Found) -> Attributes:
        """The same, as it is; what has passed, or waits for a paused one, is well."""
        if (cluster := found.get("cluster")) is not None:
            is_paused = states.status(cluster) in (states.PAUSED, states.PAUSING)
            ends = expires_at(cluster)
            if is_paused or ends is None or ends <= self._clock.now():
                return {}
        return {
            "at": live["Schedule"],
            "enabled": live.get("State") != "DISABLED",
            "role": live.get("IamRole"),
        }

    def _settings(self, found: Found) -> dict[str, Any]:
        return {
            "ScheduledActionName": self.name,
            "TargetAction": {
                "PauseCluster": {"ClusterIdentifier": self._stack.full_name}
            },
            "Schedule": self._at(found),
            "IamRole": self._role,
            "ScheduledActionDescription": "Pauses the cluster when its time is over",
            "Enable": True,
        }

    def create(self, found: Found) -> None:
        """Makes the action."""
        patiently(
            lambda: self._redshift.create_scheduled_action(**self._settings(found)),
            self._clock,
            busy=BUSY,
        )

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Moves it."""
        patiently(
            lambda: self._redshift.modify_scheduled_action(**self._settings(found)),
            self._clock,
            busy=BUSY,
        )

    def delete(self, live: Live, found: Found) -> None:
        """Deletes it."""
        patiently(
            lambda: self._redshift.delete_scheduled_action(
                ScheduledActionName=self.name
            ),
            self._clock,
        )
