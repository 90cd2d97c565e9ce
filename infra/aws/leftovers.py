"""What the stack has left on AWS, and what that costs.

Asked of each service by itself, by name and tag: AWS's own list of tagged things knows
no roles and remembers what is gone. There is no file of state to be wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.aws import cost, engine, faults, states
from infra.aws import lock as locks
from infra.aws.names import mapped
from infra.aws.patience import read
from infra.aws.report import short
from infra.aws.site import NONE, resources
from infra.console import say, table
from infra.errors import ForeignError

if TYPE_CHECKING:
    from infra.aws.engine import Live, Resource
    from infra.aws.site import Site

STORAGE = 0.024  # US dollars per GB and month, of snapshots and of a paused cluster
LOGS = 0.03  # per GB and month of log lines kept
HOURS = 730  # in a month


@dataclass(frozen=True)
class Leftover:
    """Something that is still there; `monthly_usd` is None where it is unknown."""

    kind: str
    name: str
    monthly_usd: float | None
    note: str = ""


def found(site: Site) -> list[Leftover]:
    """Everything of the stack that there is, by describing alone."""
    with faults.translated():
        things = _resources(site)
        things += _snapshots(site)
        things += _interfaces(site)
        holder = locks.held(site.clients.ssm, locks.name(site.stack))
    if holder is not None:
        note = f"held by {holder.told()}"
        things.append(Leftover("lock", locks.name(site.stack), 0.0, note))
    return things


def _resources(site: Site) -> list[Leftover]:
    seen = engine.Found()
    things = []
    for resource in resources(site, NONE):
        try:
            live = seen[resource.key] = resource.find(seen)
        except ForeignError as error:
            seen[resource.key] = None
            things.append(
                Leftover(resource.kind, resource.name, 0.0, f"not ours: {error}")
            )
            continue
        if live is not None:
            things.append(_leftover(site, resource, live))
    return things


def _leftover(site: Site, resource: Resource, live: Live) -> Leftover:
    monthly: float | None = 0.0
    note = ""
    if resource.key == "cluster":
        monthly, note = _cluster(site, live)
    elif "storedBytes" in live:
        monthly = live["storedBytes"] / 1e9 * LOGS
        note = f"{live['storedBytes'] / 1e6:,.1f} MB of lines"
    return Leftover(resource.kind, resource.name, monthly, note)


def _cluster(site: Site, live: Live) -> tuple[float | None, str]:
    state = states.status(live)
    if state == states.PAUSED:
        return 0.0, "paused: only its storage is billed"
    price = cost.price(site.clients.pricing, site.stack.region, str(live["NodeType"]))
    if price is None:
        return None, state
    return price.hourly_usd * live["NumberOfNodes"] * HOURS, state


def _snapshots(site: Site) -> list[Leftover]:
    """The stack's manual snapshots; automated ones go with the cluster."""
    return [
        Leftover(
            "snapshot",
            each["SnapshotIdentifier"],
            each.get("TotalBackupSizeInMegaBytes", 0.0) / 1e3 * STORAGE,
            f"{each.get('TotalBackupSizeInMegaBytes', 0.0):,.1f} MB, {_kept(each)}",
        )
        for each in snapshots(site)
    ]


def snapshots(site: Site) -> list[dict[str, Any]]:
    """The manual snapshots with the stack's tags."""
    pages = site.clients.redshift.get_paginator("describe_cluster_snapshots")
    return [
        {**snapshot}
        for page in read(lambda: list(pages.paginate(SnapshotType="manual")))
        for snapshot in page["Snapshots"]
        if site.stack.owns(mapped(snapshot.get("Tags")))
    ]


def _kept(snapshot: dict[str, Any]) -> str:
    days = snapshot.get("ManualSnapshotRetentionPeriod", -1)
    return (
        "kept for ever" if days in (-1, None) else f"AWS deletes it after {days} days"
    )


def _interfaces(site: Site) -> list[Leftover]:
    """Network interfaces in the stack's VPC: Redshift's go by themselves."""
    return [
        Leftover(
            "network interface",
            each["NetworkInterfaceId"],
            0.0,
            "Redshift's, goes by itself" if is_redshifts(each) else "not ours",
        )
        for each in interfaces(site)
    ]


def interfaces(site: Site) -> list[dict[str, Any]]:
    """What has an address in the stack's VPC."""
    ec2 = site.clients.ec2
    vpcs = read(lambda: ec2.describe_vpcs(Filters=site.stack.filters()))["Vpcs"]
    if not vpcs:
        return []
    given: Any = [{"Name": "vpc-id", "Values": [vpc["VpcId"] for vpc in vpcs]}]
    pages = ec2.get_paginator("describe_network_interfaces")
    return [
        {**each}
        for page in read(lambda: list(pages.paginate(Filters=given)))
        for each in page["NetworkInterfaces"]
    ]


def is_redshifts(interface: dict[str, Any]) -> bool:
    """Whether Redshift made the interface for a cluster."""
    words = (interface.get("Description", ""), interface.get("RequesterId", ""))
    return any("redshift" in str(word).lower() for word in words)


def report(things: list[Leftover]) -> float:
    """Prints what is left, and returns what it costs a month, as far as is known."""
    if not things:
        say("  nothing of the stack is left on AWS")
        return 0.0
    rows = [
        (each.kind, short(each.name), _monthly(each.monthly_usd), each.note)
        for each in things
    ]
    table(("what", "name", "a month", "note"), rows)
    return sum(each.monthly_usd or 0.0 for each in things)


def _monthly(usd: float | None) -> str:
    return "unknown" if usd is None else "free" if usd == 0 else cost.usd(usd)
