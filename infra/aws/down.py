"""`invoke down --target redshift`: takes the stack away, and says what is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra.aws import engine, faults, leftovers, states, strangers
from infra.aws import lock as locks
from infra.aws.cluster import Cluster
from infra.aws.cluster_end import SNAPSHOT_DAYS
from infra.aws.engine import DELETE, Remaining
from infra.aws.logs import LogGroup
from infra.aws.network import Ec2Resource
from infra.aws.patience import IN_USE, patiently
from infra.aws.report import short
from infra.aws.resource import Found, Resource
from infra.aws.schedule import ScheduledPause
from infra.aws.site import belongings
from infra.aws.up import applying, goes_on, hear, waiting
from infra.console import say, table, warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infra.aws.resource import Live
    from infra.aws.site import Site
    from infra.aws.strangers import Tenant
    from infra.console import Bar


@dataclass(frozen=True)
class Teardown:
    """What goes, in order, and what stays with the reason."""

    go: list[Resource]
    stay: list[tuple[str, str, str]] = field(default_factory=list)
    snapshot: str = ""  # the name of the final one
    is_ending: bool = False  # an earlier run has asked AWS to delete the cluster
    purged: list[str] = field(default_factory=list)  # earlier snapshots that go too


def plan(site: Site, *, final_snapshot: bool, purge: bool) -> Teardown:
    """Looks at what there is; writes nothing.

    Raises ForeignError when something of the stack's names is somebody else's.
    """
    found = Found()
    go: list[Resource] = []
    stay: list[tuple[str, str, str]] = []
    everything = belongings(site)
    with faults.translated():
        for resource in everything:
            live = found[resource.key] = resource.find(found)
            if live is None:
                continue
            if isinstance(resource, LogGroup) and not purge:
                days = live.get("retentionInDays", "no")
                stay.append(
                    (
                        resource.kind,
                        short(resource.name),
                        f"kept; lines end after {days} days",
                    )
                )
            else:
                go.append(resource)
        taken = leftovers.snapshots(site)
    snapshots = [str(each["SnapshotIdentifier"]) for each in taken]
    if not purge:
        stay += [("snapshot", name, "kept") for name in snapshots]
    name = ""
    cluster = found["cluster"]
    is_ending = cluster is not None and states.is_ending(cluster)
    if final_snapshot and cluster is not None and not is_ending:
        name = site.stack.named(f"final-{site.clock.now().strftime('%Y%m%d-%H%M%S')}")
    purged = snapshots if purge else []
    return Teardown(_ordered(go), stay, name, is_ending, purged)


def _ordered(go: Sequence[Resource]) -> list[Resource]:
    """As the engine takes them, from the last to the first: the cluster before all.

    Its scheduled pause goes after it: nothing that costs is ever without one.
    """

    def rank(resource: Resource) -> int:
        return isinstance(resource, ScheduledPause) + 2 * isinstance(resource, Cluster)

    return sorted(go, key=rank)  # in each rank as they were made


def announce(site: Site, teardown: Teardown) -> None:
    """Prints what goes and what stays."""
    rows = [
        (f"- {DELETE}", each.kind, short(each.name), "")
        for each in reversed(teardown.go)
    ]
    rows += [(f"- {DELETE}", "snapshot", name, "") for name in teardown.purged]
    rows += [("= keep", *each) for each in teardown.stay]
    if rows:
        table(("", "what", "name", ""), rows)
    say(f"  in account {site.stack.account}, region {site.stack.region}")
    if teardown.snapshot:
        say(
            f"  the cluster's data stay in the snapshot {teardown.snapshot} for "
            f"{SNAPSHOT_DAYS} days"
        )
    elif teardown.is_ending:
        say("  AWS is deleting the cluster already, as an earlier run asked")
    elif any(isinstance(each, Cluster) for each in teardown.go):
        warn("no final snapshot: the cluster's data are lost for ever.")


def take_down(site: Site, teardown: Teardown, progress: Bar) -> list[Remaining]:
    """Deletes what was planned; returns what could not go."""
    with (
        locks.holding(site.clients.ssm, site.stack, "down", site.clock) as lock,
        goes_on("what AWS was asked to delete goes: run `invoke down` again for all."),
    ):
        hear(teardown.go, waiting(lock, progress))
        for resource in teardown.go:
            if isinstance(resource, Cluster):
                resource.final_snapshot = teardown.snapshot
        _hurry_where_hopeless(site, teardown.go)
        remaining = engine.take_down(teardown.go, applying(site, lock, progress))
        _purge(site, teardown, lock)
    return _named(site, remaining)


def _hurry_where_hopeless(site: Site, go: Sequence[Resource]) -> None:
    """Does not wait for a thing to be free that somebody else uses."""
    with faults.translated():
        held = _held(each for each in strangers.tenants(site) if each.stays)
        for resource in go:
            if isinstance(resource, Ec2Resource):
                is_held = _id(resource.find(Found()), resource) in held
                resource.in_use_seconds = 0 if is_held else IN_USE


def _held(tenants: Iterable[Tenant]) -> dict[str, list[str]]:
    """Who keeps a thing of the stack from going, by its id."""
    held: dict[str, list[str]] = {}
    for each in tenants:
        for name in each.holds:
            held.setdefault(name, []).append(f"{each.kind} {each.name} ({each.note})")
    return held


def _id(live: Live | None, resource: Ec2Resource) -> str:
    """The id by which a tenant may hold it."""
    keys = {"vpc": "VpcId", "subnet": "SubnetId", "security-group": "GroupId"}
    key = keys.get(resource.ec2_type, "")
    return str(live[key]) if live and key else ""


def _named(site: Site, remaining: list[Remaining]) -> list[Remaining]:
    """The same, with the names of what is in the way."""
    if not any(isinstance(each.resource, Ec2Resource) for each in remaining):
        return remaining
    with faults.translated():
        held = _held(strangers.tenants(site))
        named = []
        for each in remaining:
            why = each.why
            if isinstance(each.resource, Ec2Resource):
                live = each.resource.find(Found())
                names = held.get(_id(live, each.resource), ())
                why += f" In its way: {', '.join(names)}." if names else ""
            named.append(Remaining(each.resource, why))
    return named


def _purge(site: Site, teardown: Teardown, lock: locks.Lock) -> None:
    """Deletes the snapshots that were to go and are the stack's still."""
    if not teardown.purged:
        return
    with faults.translated():
        own = {each["SnapshotIdentifier"] for each in leftovers.snapshots(site)}
    for name in teardown.purged:
        if name in own:
            _delete_snapshot(site, name, lock)


def _delete_snapshot(site: Site, name: str, lock: locks.Lock) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    lock.guard()
    redshift = site.clients.redshift
    try:
        patiently(
            lambda: redshift.delete_cluster_snapshot(SnapshotIdentifier=name),
            site.clock,
        )
    except (BotoCoreError, ClientError) as error:
        if not faults.is_missing(error):
            warn(f"the snapshot {name} stays: {faults.told(error)}")
