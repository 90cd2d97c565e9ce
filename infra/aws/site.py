"""A stack as a task works on it: the settings, the clients, and the things it is of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from infra.aws import address, documents, session, states
from infra.aws.access import Role
from infra.aws.bucket import StageBucket
from infra.aws.catalog import Catalog
from infra.aws.clock import Clock
from infra.aws.cluster import Cluster, Wish
from infra.aws.engine import LOOK_EVERY
from infra.aws.firewall import Firewall
from infra.aws.groups import ParameterGroup, SubnetGroup
from infra.aws.logs import EXPORTS, LogGroup
from infra.aws.names import Stack, subnet_ranges
from infra.aws.network import EVERYWHERE, Endpoint, Gateway, Subnet, Vpc
from infra.aws.resource import Found, Live, Resource
from infra.aws.routes import Routes
from infra.aws.schedule import ScheduledPause
from infra.errors import AwsError

if TYPE_CHECKING:
    from infra.aws.session import Clients
    from infra.settings import Settings

LOOKS = 5  # at what was there a moment ago and is not
LETTERS = "abc"  # a subnet each, in a zone each
SUBNETS = tuple(f"subnet {letter}" for letter in LETTERS)
REDSHIFT, SCHEDULER = "redshift.amazonaws.com", "scheduler.redshift.amazonaws.com"


@dataclass(frozen=True)
class Site:
    """A stack in an account, and what to work on it with."""

    settings: Settings
    clients: Clients
    stack: Stack
    clock: Clock = field(default_factory=Clock)

    @property
    def is_public(self) -> bool:
        """Whether the cluster is reached from the internet."""
        return self.settings.aws_access == "my-address"

    @property
    def lifetime(self) -> timedelta:
        """How long a cluster runs before AWS pauses it."""
        return timedelta(hours=self.settings.lifetime_hours)


@dataclass(frozen=True)
class Choices:
    """What the settings leave to what AWS offers, and to where a person is.

    `node_types` are those a cluster may have; a new one gets the first. `zones` offer
    it. `cidr` may come in. `prefix_list` are S3's addresses in the region.
    """

    node_types: tuple[str, ...]
    zones: tuple[str, ...]
    cidr: str
    prefix_list: str


# For reading and taking down: nothing of it is compared
NONE = Choices((), (), "", "")


def open_site(settings: Settings, clients: Clients, clock: Clock | None = None) -> Site:
    """Finds out who is asking and in which account."""
    from infra.aws import faults

    with faults.translated():
        caller = session.caller(clients, settings.aws_account)
    stack = Stack(settings.stack, caller.account, settings.aws_region, caller.name)
    return Site(settings, clients, stack, clock or Clock())


def resources(site: Site, choices: Choices) -> list[Resource]:
    """Everything `up` makes of a stack, in that order."""
    settings, stack, clients = site.settings, site.stack, site.clients
    ec2, redshift, public = clients.ec2, clients.redshift, site.is_public
    copies = documents.copies(settings.copy_from, stack.stage_bucket)
    if settings.external_tables:
        copies["Statement"].append(documents.looks_up(stack.catalog_arns))
    pauses = documents.pauses(stack.cluster_arn)
    ranges = subnet_ranges(settings.aws_network, len(LETTERS))
    passes = documents.endpoint(settings.copy_from, stack.stage_bucket)
    groups = [
        LogGroup(clients.logs, stack, each, settings.log_days) for each in EXPORTS
    ]
    everything: list[Resource] = [
        StageBucket(clients.own_s3, stack),
        Role(clients.iam, stack, "copy", REDSHIFT, copies),
        Role(clients.iam, stack, "scheduler", SCHEDULER, pauses),
        Vpc(ec2, stack, settings.aws_network),
        *(
            Subnet(ec2, stack, letter, part, choices.zones)
            for letter, part in zip(LETTERS, ranges, strict=True)
        ),
        Gateway(ec2, stack, is_wanted=public),
        Routes(ec2, stack, SUBNETS, public=public),
        Endpoint(ec2, stack, passes),
        Firewall(ec2, stack, settings.port, choices.cidr, _ways_out(site, choices)),
        SubnetGroup(redshift, stack, SUBNETS),
        ParameterGroup(redshift, stack),
        *groups,
        Cluster(redshift, stack, _wish(site, choices), site.clock),
        ScheduledPause(redshift, stack, site.clock),
    ]
    for resource in everything:
        resource.clock = site.clock
    return everything


def belongings(site: Site) -> list[Resource]:
    """Everything of a stack that there may be, to look at and to take down.

    `load --external` makes the catalogue, on which nothing else rests.
    """
    catalog = Catalog(site.clients.glue, site.stack)
    catalog.clock = site.clock
    return [*resources(site, NONE), catalog]


def _ways_out(site: Site, choices: Choices) -> dict[str, str]:
    """S3 of the region; for external tables Glue as well, which has no such list."""
    out = {choices.prefix_list: "S3 of this region"}
    if site.settings.external_tables:
        out[EVERYWHERE] = "Glue, for external_tables"
    return out


def _wish(site: Site, choices: Choices) -> Wish:
    settings = site.settings
    return Wish(
        node_types=choices.node_types,
        nodes=settings.nodes,
        database=settings.database,
        admin_user=settings.admin_user,
        port=settings.port,
        public=site.is_public,
        snapshot_days=settings.snapshot_days,
        window=settings.maintenance_window,
        lifetime=site.lifetime,
    )


def allowed_cidr(
    settings: Settings, given: str, ask: Callable[[], str] | None = None
) -> str:
    """Who may come in: the option, the setting, or the address of whoever runs this.

    In a private network without either it is the network itself.
    """
    private = settings.aws_access == "private"
    if text := given or settings.aws_cidr:
        return str(address.allowed(text, private=private))
    if private:
        return settings.aws_network
    return ask() if ask else str(address.my_address())


def settling(
    site: Site, told: Callable[[str], None]
) -> Callable[[Resource, Found], Live]:
    """Waits until AWS is done with a resource; only clusters take long."""
    from infra.aws import faults

    def look(resource: Resource, found: Found) -> Live | None:
        with faults.translated():
            if isinstance(resource, Cluster):
                return states.settled(lambda: resource.find(found), site.clock, told)
            return resource.find(found)

    def settled(resource: Resource, found: Found) -> Live:
        for _ in range(LOOKS):  # a part of AWS may not know yet of what is new
            if (live := look(resource, found)) is not None:
                return live
            site.clock.sleep(LOOK_EVERY)
        raise AwsError(
            f"{resource.kind} {resource.name} vanished while it was worked on; "
            "somebody else is deleting things of this stack."
        )

    return settled
