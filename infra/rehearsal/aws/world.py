"""What there is of Redshift in one account and region, and how its pace is set."""

import random
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.others import Others
from infra.rehearsal.aws.walk import Cluster

if TYPE_CHECKING:
    from infra.rehearsal.aws.logins import Logins

ACCOUNT = "123456789012"  # moto's
PUBLISHED = "udacity-dend"  # the bucket that the raw files are in, another's

NODES = {  # node type: vCPUs, GiB, dollars an hour in us-east-1 and us-west-2
    "rg.large": (2, 16, 0.3801),
    "rg.xlarge": (4, 32, 0.7602),
    "rg.4xlarge": (16, 128, 3.04267),
    "rg.12xlarge": (48, 384, 9.128),
    "ra3.large": (2, 16, 0.543),
    "ra3.xlplus": (4, 32, 1.086),
    "ra3.4xlarge": (12, 96, 3.26),
    "ra3.16xlarge": (48, 384, 13.04),
}


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Pace:
    """How long things take, in answers: nothing here looks at a real clock."""

    polls: dict[str, float] = field(
        default_factory=lambda: {
            "creating": 2,
            "settling": 1,  # available, but its availability is still Modifying
            "modifying": 1,
            "rebooting": 1,
            "pausing": 1,
            "resuming": 2,
            "final-snapshot": 1,
            "deleting": 1,
            "snapshot": 1,
        }
    )
    role_refusals: int = 0  # how often a role is called invalid before it is known
    lingering: int = 0  # how many deletes a network interface outlives its cluster
    page_size: int = 100  # of every Describe* of Redshift
    deletes_paused: bool = True  # whether AWS deletes a paused cluster
    clock: Callable[[], datetime] = _now


class Place(NamedTuple):
    """Where on this machine the one cluster of an account answers."""

    host: str
    port: int


@dataclass
class World:
    """Redshift in one region."""

    region: str
    others: Others
    pace: Pace
    logins: "Logins"
    place: Place | None = None
    clusters: dict[str, Cluster] = field(default_factory=dict)
    subnet_groups: dict[str, Params] = field(default_factory=dict)
    parameter_groups: dict[str, Params] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    snapshots: dict[str, Params] = field(default_factory=dict)
    snapshot_polls: dict[str, float] = field(default_factory=dict)
    scheduled: dict[str, Params] = field(default_factory=dict)
    limits: dict[str, Params] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    events: list[Params] = field(default_factory=list)
    interfaces: list[Params] = field(default_factory=list)
    lingering: dict[str, int] = field(default_factory=dict)
    offered: dict[str, list[str] | None] = field(
        default_factory=lambda: dict.fromkeys(NODES)
    )  # node type: its zones, None for all zones of the region
    doubted: dict[str, int] = field(default_factory=dict)  # role: times refused so far

    def now(self) -> datetime:
        """The time, to the second, as AWS writes it."""
        return self.pace.clock().replace(microsecond=0)

    def arn(self, kind: str, name: str) -> str:
        """The ARN of something of Redshift's."""
        return f"arn:aws:redshift:{self.region}:{ACCOUNT}:{kind}:{name}"

    def cluster(self, params: Params) -> Cluster:
        """The cluster that a request names."""
        name = str(params["ClusterIdentifier"]).lower()
        if name not in self.clusters:
            raise Refused("ClusterNotFound", f"Cluster {name} not found.", 404)
        return self.clusters[name]

    def zones(self, node_type: str) -> list[str]:
        """The zones in which a node type is offered."""
        if node_type not in self.offered:
            return []
        zones = self.offered[node_type]
        return self.others.zones() if zones is None else zones

    def tell(self, source: str, kind: str, message: str, event: str) -> None:
        """Adds to the events that DescribeEvents tells."""
        self.events.append(
            {
                "SourceIdentifier": source,
                "SourceType": kind,
                "Message": message,
                "EventCategories": ["management"],
                "Severity": "INFO",
                "Date": self.now(),
                "EventId": event,
            }
        )

    def check_role(self, arn: str, service: str, message: str) -> None:
        """Refuses a role that there is not, does not trust us, or is too new."""
        invalid = Refused("InvalidParameterValue", message)
        if not self.others.role_trusts(arn, service):
            raise invalid
        if self.doubted.get(arn, 0) < self.pace.role_refusals:
            self.doubted[arn] = self.doubted.get(arn, 0) + 1
            raise invalid


def tagged(tags: dict[str, str]) -> list[Params]:
    """Tags as AWS lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def letters(seed: str, count: int = 6) -> str:
    """The letters that AWS makes up, the same for the same name in a test."""
    chosen = random.Random(seed)  # noqa: S311 - nothing secret comes of it
    return "".join(chosen.choices(string.ascii_lowercase + string.digits, k=count))


FOR_EVER = inf
