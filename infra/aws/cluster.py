"""The cluster itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from infra.aws import clock as clocks
from infra.aws import faults, logs, states
from infra.aws.clock import Clock
from infra.aws.engine import Attributes, Difference, Found, Live, Resource
from infra.aws.names import EXPIRES, Stack, mapped
from infra.aws.patience import BUSY, patiently, read
from infra.errors import ForeignError

if TYPE_CHECKING:
    from mypy_boto3_redshift import RedshiftClient

SNAPSHOT_DAYS = 30  # that a final snapshot is kept
_AT_CREATION = (
    "It is chosen when the cluster is made. Put the setting back, or take the "
    "warehouse down and up again."
)


@dataclass(frozen=True)
class Wish:
    """What the cluster should be."""

    node_types: tuple[str, ...]  # the first is taken for a new one
    nodes: int
    database: str
    admin_user: str
    port: int
    public: bool
    snapshot_days: int
    window: str
    lifetime: timedelta


class Cluster(Resource):
    """The one cluster of the stack."""

    kind = "cluster"
    fixed: ClassVar[Mapping[str, str]] = {
        "node type": _AT_CREATION,
        "nodes": _AT_CREATION,
        "database": _AT_CREATION,
        "admin user": _AT_CREATION,
        "subnet group": _AT_CREATION,
    }
    restarts: ClassVar[frozenset[str]] = frozenset({"parameters", "port"})

    def __init__(
        self, redshift: RedshiftClient, stack: Stack, wish: Wish, clock: Clock
    ) -> None:
        super().__init__("cluster", stack.full_name)
        self._redshift = redshift
        self._stack = stack
        self._wish = wish
        self._clock = clock

    # As it is

    def find(self, found: Found) -> Live | None:
        """The cluster of this name."""
        return described(self._redshift, self._stack)

    def pending(self, live: Live) -> str:
        """What AWS is doing with it."""
        return states.pending(live)

    def trouble(self, live: Live) -> str:
        """Why nothing can be done with it."""
        if states.is_ending(live):
            return (
                f"The cluster {self.name} is being deleted. Wait until `invoke status` "
                "no longer shows it, then run `invoke up` again."
            )
        return states.trouble(live)

    def wanted(self, found: Found) -> Attributes:
        """Everything that a person might find changed."""
        wish = self._wish
        return {
            "state": "available",
            "node type": wish.node_types,
            "nodes": wish.nodes,
            "database": wish.database,
            "admin user": wish.admin_user,
            "subnet group": self._stack.full_name,
            "lifetime": "not over",
            "default role": self._role,
            "roles": (self._role,),
            "encrypted": True,
            "managed password": True,
            "from the internet": wish.public,
            "traffic through the VPC": True,
            "port": wish.port,
            "security groups": (found.the("firewall", "GroupId"),),
            "parameter group": self._stack.full_name,
            "parameters": "in-sync",
            "snapshot days": wish.snapshot_days,
            "maintenance window": wish.window,
            "upgrades": True,
            "audit log": logs.EXPORTS,
        }

    @property
    def _role(self) -> str:
        return self._stack.role_arn(self._stack.named("copy"))

    def present(self, live: Live, found: Found) -> Attributes:
        """The same, as it is. Of a paused cluster AWS tells little, changes nothing."""
        if states.pending(live):
            return {}
        if states.status(live) == states.PAUSED:
            return {"state": states.PAUSED} | self._immutable(live)
        groups = live.get("ClusterParameterGroups", ())
        own = [each for each in groups if each["ParameterGroupName"] == self.name]
        return {
            "state": states.AVAILABLE,
            **self._immutable(live),
            "node type": self._type(live),
            "nodes": live["NumberOfNodes"],
            "lifetime": "over" if self._is_over(live) else "not over",
            "default role": live.get("DefaultIamRoleArn") or "none",
            "roles": tuple(sorted(each["IamRoleArn"] for each in live["IamRoles"])),
            "encrypted": live["Encrypted"],
            "managed password": bool(live.get("MasterPasswordSecretArn")),
            "from the internet": live["PubliclyAccessible"],
            "traffic through the VPC": live["EnhancedVpcRouting"],
            "port": live["Endpoint"]["Port"],
            "security groups": tuple(
                sorted(each["VpcSecurityGroupId"] for each in live["VpcSecurityGroups"])
            ),
            "parameter group": own[0]["ParameterGroupName"] if own else "another",
            **({"parameters": own[0]["ParameterApplyStatus"]} if own else {}),
            "snapshot days": live["AutomatedSnapshotRetentionPeriod"],
            "maintenance window": live["PreferredMaintenanceWindow"],
            "upgrades": live["AllowVersionUpgrade"],
            "audit log": self._audited(),
        }

    def _immutable(self, live: Live) -> dict[str, object]:
        return {
            "database": live["DBName"],
            "admin user": live["MasterUsername"],
            "subnet group": live["ClusterSubnetGroupName"],
        }

    def _type(self, live: Live) -> object:
        """Any of the types that are allowed is as it should be."""
        found = live["NodeType"]
        return self._wish.node_types if found in self._wish.node_types else found

    def _is_over(self, live: Live) -> bool:
        ends = expires_at(live)
        return ends is None or ends <= self._clock.now()

    def _audited(self) -> tuple[str, ...] | str:
        found = read(
            lambda: self._redshift.describe_logging_status(ClusterIdentifier=self.name)
        )
        if not found.get("LoggingEnabled"):
            return "off"
        if found.get("LogDestinationType") != "cloudwatch":
            return str(found.get("LogDestinationType", "s3"))
        return tuple(sorted(found.get("LogExports", ())))

    # As it becomes

    def create(self, found: Found) -> None:
        """Asks for the cluster. From here on it costs."""
        wish = self._wish
        size: dict[str, Any] = (
            {"ClusterType": "single-node"}
            if wish.nodes == 1
            else {"ClusterType": "multi-node", "NumberOfNodes": wish.nodes}
        )
        expires = clocks.stamp(self._clock.now() + wish.lifetime)
        patiently(
            lambda: self._redshift.create_cluster(
                ClusterIdentifier=self.name,
                NodeType=wish.node_types[0],
                **size,
                DBName=wish.database,
                MasterUsername=wish.admin_user,
                ManageMasterPassword=True,
                Port=wish.port,
                ClusterSubnetGroupName=self._stack.full_name,
                ClusterParameterGroupName=self._stack.full_name,
                VpcSecurityGroupIds=[found.the("firewall", "GroupId")],
                PubliclyAccessible=wish.public,
                EnhancedVpcRouting=True,
                Encrypted=True,
                IamRoles=[self._role],
                DefaultIamRoleArn=self._role,
                AutomatedSnapshotRetentionPeriod=wish.snapshot_days,
                ManualSnapshotRetentionPeriod=SNAPSHOT_DAYS,
                PreferredMaintenanceWindow=wish.window,
                AllowVersionUpgrade=True,
                Tags=self._stack.tags(**{EXPIRES: expires}),
            ),
            self._clock,
        )

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Mends the first of the differences that AWS lets be mended together."""
        wrong = {each.attribute for each in differences}
        if "state" in wrong:
            self._call("resume_cluster")
        elif "lifetime" in wrong:
            self._prolong()
        elif wrong & {"default role", "roles"}:
            foreign = [
                each["IamRoleArn"]
                for each in live["IamRoles"]
                if each["IamRoleArn"] != self._role
            ]
            self._call(
                "modify_cluster_iam_roles",
                AddIamRoles=[self._role],
                RemoveIamRoles=foreign,
                DefaultIamRoleArn=self._role,
            )
        elif alone := next((each for each in _ALONE if each in wrong), None):
            self._call("modify_cluster", **self._modification(alone, found))
        elif together := [each for each in _TOGETHER if each in wrong]:
            changes: dict[str, Any] = {}
            for each in together:
                changes |= self._modification(each, found)
            self._call("modify_cluster", **changes)
        elif "audit log" in wrong:
            self._call(
                "enable_logging",
                LogDestinationType="cloudwatch",
                LogExports=list(logs.EXPORTS),
            )
        else:
            self._call("reboot_cluster")

    def _modification(self, attribute: str, found: Found) -> dict[str, Any]:
        wish = self._wish
        modifications: dict[str, dict[str, Any]] = {
            "traffic through the VPC": {"EnhancedVpcRouting": True},
            "encrypted": {"Encrypted": True},
            "from the internet": {"PubliclyAccessible": wish.public},
            "port": {"Port": wish.port},
            "security groups": {
                "VpcSecurityGroupIds": [found.the("firewall", "GroupId")]
            },
            "parameter group": {"ClusterParameterGroupName": self.name},
            "snapshot days": {"AutomatedSnapshotRetentionPeriod": wish.snapshot_days},
            "maintenance window": {"PreferredMaintenanceWindow": wish.window},
            "upgrades": {"AllowVersionUpgrade": True},
            "managed password": {"ManageMasterPassword": True},
        }
        return modifications[attribute]

    def _prolong(self) -> None:
        prolong(self._redshift, self._stack, self._clock.now() + self._wish.lifetime)

    def _call(self, operation: str, **given: Any) -> None:  # noqa: ANN401 - boto3's
        call = getattr(self._redshift, operation)
        patiently(
            lambda: call(ClusterIdentifier=self.name, **given), self._clock, busy=BUSY
        )

    # How it goes: the name of its last snapshot, if any, and who hears how it is doing
    final_snapshot = ""
    waiting: Callable[[str], None] = staticmethod(lambda _: None)

    def delete(self, live: Live, found: Found) -> None:
        """Deletes it as soon as AWS lets it, and waits until it is gone."""
        from botocore.exceptions import ClientError

        is_paused = states.status(live) == states.PAUSED
        if not states.is_ending(live):
            try:
                self._delete(busy=0 if is_paused else BUSY)
            except ClientError as error:
                if not (is_paused and faults.is_busy_state(error)):
                    raise
                self._call(
                    "resume_cluster"
                )  # a paused one may not have a last snapshot
                states.settled(self._look, self._clock, self.waiting)
                self._delete(busy=BUSY)
        states.gone(self._look, self._clock, self.waiting)

    def _delete(self, busy: float) -> None:
        snapshot: dict[str, Any] = {
            "FinalClusterSnapshotIdentifier": self.final_snapshot,
            "FinalClusterSnapshotRetentionPeriod": SNAPSHOT_DAYS,
        }
        patiently(
            lambda: self._redshift.delete_cluster(
                ClusterIdentifier=self.name,
                SkipFinalClusterSnapshot=not self.final_snapshot,
                **(snapshot if self.final_snapshot else {}),
            ),
            self._clock,
            busy=busy,
            told=self.waiting,
        )

    def _look(self) -> Live | None:
        return described(self._redshift, self._stack)


# Changes that AWS takes one at a time, and those it takes in one request
_ALONE = ("traffic through the VPC", "encrypted", "from the internet", "port")
_TOGETHER = (
    *("security groups", "parameter group", "snapshot days", "maintenance window"),
    *("upgrades", "managed password"),
)


def described(redshift: RedshiftClient, stack: Stack) -> Live | None:
    """The stack's cluster; an error where one of its name is not the stack's."""
    from botocore.exceptions import ClientError

    try:
        found = read(
            lambda: redshift.describe_clusters(ClusterIdentifier=stack.full_name)
        )
    except ClientError as error:
        if faults.is_missing(error):
            return None
        raise
    live: Live = {**found["Clusters"][0]}
    if not stack.owns(mapped(live.get("Tags"))):
        raise ForeignError(
            f"There is a cluster {stack.full_name} that this project did not make (it "
            "lacks the tags of the stack). Rename the stack (setting stack), or tag "
            "that cluster yourself if it is yours."
        )
    return live


def expires_at(live: Live) -> datetime | None:
    """When its time is over, as its tag says."""
    return clocks.moment(mapped(live.get("Tags")).get(EXPIRES, ""))


def prolong(redshift: RedshiftClient, stack: Stack, until: datetime) -> None:
    """Writes down when its time is over; the scheduled pause follows."""
    patiently(
        lambda: redshift.create_tags(
            ResourceName=stack.cluster_arn,
            Tags=[{"Key": EXPIRES, "Value": clocks.stamp(until)}],
        )
    )
