"""The SQL behind an account's cluster: there while it is, open while it answers."""

from __future__ import annotations

from infra.errors import SparkifyError
from infra.rehearsal.aws.account import Account
from infra.rehearsal.aws.calls import Call
from infra.rehearsal.aws.walk import Cluster
from infra.rehearsal.aws.world import World
from infra.rehearsal.copy import Cluster as Attached
from infra.rehearsal.server import Server
from infra.rehearsal.standin import Standin

# States in which Redshift takes connections; in all others it ends them
_ANSWERING = {"available", "modifying", "final-snapshot"}


class Leader:
    """What takes a cluster's connections, at one door.

    Its stand-in starts when the cluster is asked for, and holds its data until the
    cluster is gone. `password` is good for the admin, beside what IAM gives out.
    """

    def __init__(self, account: Account, door: Server, password: str) -> None:
        self._account, self._door, self._password = account, door, password
        self._of: tuple[str, str] | None = None
        self._standin: Standin | None = None

    @property
    def standin(self) -> Standin:
        """The cluster's SQL; an error where there is no cluster."""
        if self._standin is None:
            raise SparkifyError("The rehearsal has no cluster.")
        return self._standin

    def follow(self, call: Call) -> None:
        """Goes to where the one cluster is after a call."""
        if call.service != "redshift":
            return
        there = {
            (world.region, cluster.name): (world, cluster)
            for world in self._account.worlds.values()
            for cluster in world.clusters.values()
        }
        if self._of not in there:
            self.close()
        for key, (world, cluster) in there.items():
            if self._standin is None:
                self._start(key, cluster)
            self.standin.cluster = _attached(world, cluster)
            if cluster.has_endpoint and cluster.status in _ANSWERING:
                self.standin.open()
            else:
                self.standin.shut()

    def close(self) -> None:
        """Ends the stand-in, and its data with it; one that is starting ends then."""
        with self._account.lock:
            if self._standin is not None:
                self._standin.__exit__()
            self._of = self._standin = None

    def _start(self, key: tuple[str, str], cluster: Cluster) -> None:
        admin = str(cluster.shown["MasterUsername"])

        def passwords(user: str) -> list[str]:
            own = [self._password] if user == admin else []
            return [*own, *self._account.logins(user)]

        self._standin = Standin(
            logins=passwords,
            database=cluster.shown["DBName"],
            admin=admin,
            door=self._door,
        ).__enter__()
        self._of = key


def _attached(world: World, cluster: Cluster) -> Attached:
    """What COPY may use, as the cluster has it now."""
    roles = [arn for arn, status in cluster.roles.items() if status == "in-sync"]
    default = cluster.shown["DefaultIamRoleArn"] or None
    return Attached(world.region, roles, default if default in roles else None)
