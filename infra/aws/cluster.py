"""The cluster itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from infra.aws import clock as clocks
from infra.aws import cluster_changes, cluster_end, faults, logs, states
from infra.aws.clock import Clock
from infra.aws.cluster_end import SNAPSHOT_DAYS
from infra.aws.names import EXPIRES, Stack, mapped
from infra.aws.patience import BUSY, patiently, read
from infra.aws.resource import Attributes, Difference, Found, Live, Resource
from infra.errors import ForeignError

if TYPE_CHECKING:
    from mypy_boto3_redshift import RedshiftClient

SOON = timedelta(minutes=10)  # AWS takes no schedule for a moment that has passed
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
    restarts: ClassVar[frozenset[str]] = frozenset(
        {"parameter group", "parameters", "port"}
    )

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
        return self._look()

    def pending(self, live: Live) -> str:
        """What AWS is doing with it."""
        return states.pending(live)

    def trouble(self, live: Live) -> str:
        """Why nothing can be done with it."""
        return states.hopeless(live)

    def wanted(self, found: Found) -> Attributes:
        """Everything that a person might find changed."""
        wish = self._wish
        return {
            "state": "available",
            "node type": self._types,
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
        """The same, as it is. Of a paused cluster AWS tells little, changes nothing.

        One that is on its way there counts as paused: it would have to be resumed.
        """
        if states.status(live) in (states.PAUSED, states.PAUSING):
            return {"state": states.PAUSED} | self._immutable(live)
        if states.pending(live):
            return {}
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
        return self._types if found in self._wish.node_types else found

    @property
    def _types(self) -> str:
        return " or ".join(self._wish.node_types)

    def _is_over(self, live: Live) -> bool:
        ends = expires_at(live)
        return ends is None or ends <= self._clock.now() + SOON

    def _audited(self) -> tuple[str, ...] | str:
        found = read(
            lambda: self._redshift.describe_logging_status(ClusterIdentifier=self.name),
            self._clock,
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
        if any(each.attribute == "lifetime" for each in differences):
            until = self._clock.now() + self._wish.lifetime
            prolong(self._redshift, self._stack, until, self._clock)
            return
        operation, given = cluster_changes.request(differences, live)
        call = getattr(self._redshift, operation)
        patiently(
            lambda: call(ClusterIdentifier=self.name, **given),
            self._clock,
            busy=BUSY,
            told=self.waiting,
        )

    # How it goes

    final_snapshot = ""  # its name, if there is to be one

    def delete(self, live: Live, found: Found) -> None:
        """Deletes it as soon as AWS lets it, and waits until it is gone."""
        cluster_end.end(
            self._redshift, self._look, self.final_snapshot, self._clock, self.waiting
        )

    def _look(self) -> Live | None:
        return described(self._redshift, self._stack, self._clock)


def described(
    redshift: RedshiftClient, stack: Stack, clock: Clock | None = None
) -> Live | None:
    """The stack's cluster; an error where one of its name is not the stack's."""
    from botocore.exceptions import ClientError

    try:
        found = read(
            lambda: redshift.describe_clusters(ClusterIdentifier=stack.full_name), clock
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


def with_end(live: Live, until: datetime) -> Live:
    """The cluster as it is once its time is over then."""
    tags = mapped(live.get("Tags")) | {EXPIRES: clocks.stamp(until)}
    return {**live, "Tags": [{"Key": key, "Value": tags[key]} for key in tags]}


def prolong(
    redshift: RedshiftClient, stack: Stack, until: datetime, clock: Clock
) -> None:
    """Writes down when its time is over."""
    patiently(
        lambda: redshift.create_tags(
            ResourceName=stack.cluster_arn,
            Tags=[{"Key": EXPIRES, "Value": clocks.stamp(until)}],
        ),
        clock,
    )
