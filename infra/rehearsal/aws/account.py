"""An account: what is answered here, and what is left to moto."""

import threading
from collections.abc import Callable
from datetime import datetime

from infra.rehearsal.aws import (
    catalogue,
    changes,
    clusters,
    groups,
    guards,
    interfaces,
    limits,
    logins,
    managed_secrets,
    parameters,
    schedules,
    snapshots,
    tagging,
)
from infra.rehearsal.aws.answers import Params, Refused, Unknown
from infra.rehearsal.aws.calls import Call
from infra.rehearsal.aws.logins import Logins
from infra.rehearsal.aws.others import Others
from infra.rehearsal.aws.paging import Pages, is_paged
from infra.rehearsal.aws.world import Pace, Place, World

REDSHIFT: dict[str, Callable[[World, Params], Params]] = {
    **clusters.OPERATIONS,
    **changes.OPERATIONS,
    **groups.OPERATIONS,
    **parameters.OPERATIONS,
    **snapshots.OPERATIONS,
    **schedules.OPERATIONS,
    **limits.OPERATIONS,
    **tagging.OPERATIONS,
    **catalogue.OPERATIONS,
    **logins.OPERATIONS,
}
# What may put a cluster elsewhere
_PLACED = {"CreateCluster", "ModifyCluster", "RestoreFromClusterSnapshot"}


class Account:
    """One account at AWS.

    Redshift, prices and quotas are answered from memory, whatever moto holds; the other
    services are moto's, with AWS's guards before them. `others` makes the clients that
    see moto, by region. `place` is where the one cluster there may be answers; without
    it clusters have names as AWS gives them, which lead nowhere.
    """

    def __init__(
        self, others: Callable[[str], Others], place: Place | None = None
    ) -> None:
        self.lock = threading.RLock()
        self._make_others, self._place = others, place
        self._others: dict[str, Others] = {}  # slow to make, and good for ever
        self.worlds: dict[str, World] = {}
        self.empty()

    def empty(self) -> None:
        """There is nothing of Redshift any more, and its pace is the usual one.

        What moto holds is moto's to forget.
        """
        self.worlds.clear()
        self.pace = Pace()
        self.catalogue = catalogue.Catalogue()
        self.logins = Logins(self._now)
        self._pages = Pages()

    def _now(self) -> datetime:
        return self.pace.clock()

    def world_of(self, region: str) -> World:
        """What there is of Redshift in a region."""
        with self.lock:
            if region not in self.worlds:
                if region not in self._others:
                    self._others[region] = self._make_others(region)
                self.worlds[region] = World(
                    region,
                    self._others[region],
                    self.pace,
                    self.logins,
                    self._place,
                    parameter_groups=parameters.defaults(),
                )
            return self.worlds[region]

    def answer(self, call: Call) -> Params | None:
        """What is answered here; None leaves the call to moto. Raises Refused."""
        with self.lock:
            if call.service == "redshift":
                return self._redshift(call)
            if call.service == "ec2":
                return self._ec2(call)
            if call.service == "s3":
                guards.bucket_owner(call.params)
            if str(call) == "pricing.GetProducts":
                return self.catalogue.products(call.params)
            if str(call) == "secretsmanager.DescribeSecret":
                return managed_secrets.describe(self.world_of(call.region), call.params)
            if str(call) == "service-quotas.GetServiceQuota":
                return self.catalogue.quota(call.region, call.params)
            return None

    def _redshift(self, call: Call) -> Params:
        if call.operation not in REDSHIFT:
            raise Unknown(str(call))
        self._refuse_without_place(call)
        operation, world = REDSHIFT[call.operation], self.world_of(call.region)
        if call.model is None or not is_paged(call.model):
            return operation(world, call.params)
        size = self.pace.page_size
        return self._pages.page(
            call.model, call.params, size, lambda: operation(world, call.params)
        )

    def _refuse_without_place(self, call: Call) -> None:
        """Raises for a cluster that could not answer where clusters do."""
        if self._place is None or call.operation not in _PLACED:
            return
        port = call.params.get("Port", self._place.port)
        if port != self._place.port:
            raise Refused(
                "InvalidParameterValue",
                f"The stand-in answers on port {self._place.port} and not on {port}.",
            )
        is_new = call.operation != "ModifyCluster"
        if is_new and any(world.clusters for world in self.worlds.values()):
            raise Refused(
                "ClusterQuotaExceeded", "The stand-in has one cluster at a time."
            )

    def _ec2(self, call: Call) -> Params | None:
        world = self.world_of(call.region)
        guards.dry_run(world, call.params)
        if call.operation in guards.EC2:
            guards.EC2[call.operation](world, call.params)
        if call.operation == "DescribeNetworkInterfaces":
            return interfaces.describe(world, call.params)
        return None
