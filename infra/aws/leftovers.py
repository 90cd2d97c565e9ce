"""What the stack has left on AWS, and what that costs.

Asked of each service by itself, by name and tag: AWS's own list of tagged things knows
no roles and remembers what is gone. There is no file of state to be wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.aws import cost, faults, states, strangers
from infra.aws import lock as locks
from infra.aws.names import mapped
from infra.aws.patience import read
from infra.aws.report import short
from infra.aws.resource import Found
from infra.aws.site import belongings
from infra.console import say, table
from infra.errors import AwsError, ForeignError

if TYPE_CHECKING:
    from infra.aws.resource import Live, Resource
    from infra.aws.site import Site

STORAGE = 0.024  # US dollars per GB and month, of snapshots and of a paused cluster
LOGS = 0.03  # per GB and month of log lines kept


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
        things += _tenants(site)
        holder = locks.held(site.clients.ssm, locks.name(site.stack), site.clock)
    if holder is not None:
        note = f"held by {holder.told()}"
        things.append(Leftover("lock", locks.name(site.stack), 0.0, note))
    return things


def _resources(site: Site) -> list[Leftover]:
    seen = Found()
    things = []
    for resource in belongings(site):
        try:
            live = seen[resource.key] = resource.find(seen)
        except AwsError as error:  # somebody else's, or two of them
            seen[resource.key] = None
            whose = "not ours: " if isinstance(error, ForeignError) else ""
            things.append(
                Leftover(resource.kind, resource.name, 0.0, f"{whose}{error}")
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
        return cost.SECRET, "paused: its password and its storage are billed"
    hourly = hourly_usd(site, live)
    if hourly is None:
        return None, state
    return hourly * cost.HOURS_PER_MONTH + cost.SECRET, state


def hourly_usd(site: Site, live: Live) -> float | None:
    """What a cluster costs by the hour while it runs; None where nobody tells."""
    price = cost.price(site.clients.pricing, site.stack.region, str(live["NodeType"]))
    public, nodes = live["PubliclyAccessible"], live["NumberOfNodes"]
    return cost.bill(
        price, nodes, site.settings.lifetime_hours, public=public
    ).hourly_usd


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
        for page in read(
            lambda: list(pages.paginate(SnapshotType="manual")), site.clock
        )
        for snapshot in page["Snapshots"]
        if site.stack.owns(mapped(snapshot.get("Tags")))
    ]


def _kept(snapshot: dict[str, Any]) -> str:
    days = snapshot.get("ManualSnapshotRetentionPeriod", -1)
    return (
        "kept for ever" if days in (-1, None) else f"AWS deletes it after {days} days"
    )


def _tenants(site: Site) -> list[Leftover]:
    """What is in the stack's VPC and not of the stack."""
    return [
        Leftover(each.kind, each.name, 0.0, each.note)
        for each in strangers.tenants(site)
    ]


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
