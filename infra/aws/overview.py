"""How the warehouse on AWS is: state, age, cost so far, whether it can be reached."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from infra.aws import address, cost, faults, leftovers, reach, states
from infra.aws import clock as clocks
from infra.aws.cluster import described, expires_at
from infra.aws.firewall import Firewall
from infra.aws.patience import read
from infra.aws.resource import Found
from infra.aws.site import NONE, resources
from infra.console import say, table, warn

if TYPE_CHECKING:
    from infra.aws.resource import Live
    from infra.aws.site import Site

EVENT_MINUTES = 14 * 24 * 60  # AWS forgets older ones


@dataclass(frozen=True)
class Overview:
    """The cluster as `invoke status` tells it; moments are ISO 8601 in UTC."""

    cluster: str
    account: str
    region: str
    state: str
    endpoint: str | None = None
    nodes: str | None = None
    created_at: str | None = None
    age_hours: float | None = None
    hourly_usd: float | None = None
    cost_usd: float | None = None
    cost_note: str = ""
    expires_at: str | None = None
    is_over: bool = False
    may_come_in: tuple[str, ...] = ()
    unreachable: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def overview(site: Site) -> Overview:
    """Looks; writes nothing."""
    stack = site.stack
    with faults.translated():
        cluster = described(site.clients.redshift, stack, site.clock)
        names = (stack.full_name, stack.account, stack.region)
        if cluster is None:
            return Overview(*names, "absent")
        rules = _may_come_in(site)
        events = _events(site)
    now = site.clock.now()
    hourly = leftovers.hourly_usd(site, cluster)
    created = cluster.get("ClusterCreateTime")
    state = states.doing(cluster)
    so_far = (
        cost.accrued(created, events, state, hourly, now)
        if created and hourly is not None
        else None
    )
    ends = expires_at(cluster)
    endpoint = cluster.get("Endpoint") or {}
    return Overview(
        *names,
        state,
        endpoint=f"{endpoint['Address']}:{endpoint['Port']}"
        if endpoint.get("Address")
        else None,
        nodes=f"{cluster['NumberOfNodes']} x {cluster['NodeType']}",
        created_at=clocks.stamp(created) if created else None,
        age_hours=round((now - created) / timedelta(hours=1), 2) if created else None,
        hourly_usd=hourly,
        cost_usd=round(so_far.usd, 2) if so_far else None,
        cost_note=so_far.note if so_far else "",
        expires_at=clocks.stamp(ends) if ends else None,
        is_over=ends is None or ends <= now,
        may_come_in=rules,
        unreachable=states.trouble(cluster)
        or reach.why_not(site, cluster, rules, lambda: str(address.my_address())),
    )


def _may_come_in(site: Site) -> tuple[str, ...]:
    found = Found()
    for resource in resources(site, NONE):
        if isinstance(resource, Firewall):
            live: Live | None = resource.find(found)
            rules = resource.present(live, found)["may come in"] if live else ()
            return rules if isinstance(rules, tuple) else ()
    return ()


def _events(site: Site) -> list[tuple[datetime, str]]:
    """When the cluster was paused and resumed, as far as AWS remembers."""
    pages = site.clients.redshift.get_paginator("describe_events")
    given: Any = {
        "SourceIdentifier": site.stack.full_name,
        "SourceType": "cluster",
        "Duration": EVENT_MINUTES,
    }
    return sorted(
        (event["Date"], word)
        for page in read(lambda: list(pages.paginate(**given)), site.clock)
        for event in page["Events"]
        for word in ("paused", "resumed")
        if word in event.get("Message", "").lower()
    )


def report(seen: Overview) -> str:
    """Prints the overview, and returns what the closing line says."""
    if seen.state == "absent":
        return f"no cluster {seen.cluster} in {seen.region}"
    rows = [
        ("state", seen.state),
        ("endpoint", seen.endpoint or "none yet"),
        ("nodes", seen.nodes),
        ("age", _hours(seen.age_hours)),
        (
            "price",
            "unknown" if seen.hourly_usd is None else f"{cost.usd(seen.hourly_usd)}/h",
        ),
        ("cost so far", _cost(seen)),
        ("runs until", _moment(seen.expires_at)),
        ("may come in", ", ".join(seen.may_come_in) or "nobody"),
        ("from here", seen.unreachable or "it answers"),
    ]
    table(("cluster", f"{seen.cluster}, {seen.region}"), rows)
    if seen.is_over and seen.state != states.PAUSED:
        warn("its lifetime is over: `invoke pause`, `invoke extend` or `invoke down`.")
    return f"{seen.cluster} is {seen.state}"


def _moment(stamp: str | None) -> str:
    return f"{stamp.replace('T', ' ')} UTC" if stamp else "unknown"


def _hours(hours: float | None) -> str:
    if hours is None:
        return "unknown"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"


def _cost(seen: Overview) -> str:
    if seen.cost_usd is None:
        return "unknown"
    return f"about {cost.usd(seen.cost_usd)} {seen.cost_note}".rstrip()


def warn_when_over(site: Site) -> None:
    """Says so when the cluster runs longer than it was to, as each task does."""
    with faults.translated():
        cluster = described(site.clients.redshift, site.stack, site.clock)
    if cluster is None or states.status(cluster) == states.PAUSED:
        return
    ends = expires_at(cluster)
    if ends is None or ends <= site.clock.now():
        say("")
        warn(
            f"the lifetime of {site.stack.full_name} is over and it still costs: "
            "`invoke pause`, `invoke extend` or `invoke down`."
        )
