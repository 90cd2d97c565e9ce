"""What others have put into the stack's VPC: it keeps parts of the stack from going."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.aws.names import mapped
from infra.aws.patience import read

if TYPE_CHECKING:
    from infra.aws.site import Site

REDSHIFTS = "Redshift's, goes by itself"
NOT_OURS = "not ours"
Thing = Mapping[str, Any]


@dataclass(frozen=True)
class Tenant:
    """Something in the stack's VPC that is not of the stack.

    `holds` are the ids of the stack's things that cannot go as long as it is there.
    """

    kind: str
    name: str
    note: str
    holds: frozenset[str]

    @property
    def stays(self) -> bool:
        """Whether it does not go by itself."""
        return self.note != REDSHIFTS


def tenants(site: Site) -> list[Tenant]:
    """What is in the stack's VPC beside the stack."""
    ec2 = site.clients.ec2
    filters = site.stack.filters()
    vpcs = read(lambda: ec2.describe_vpcs(Filters=filters), site.clock)["Vpcs"]
    if not vpcs:
        return []
    given: Any = {
        "Filters": [{"Name": "vpc-id", "Values": [vpc["VpcId"] for vpc in vpcs]}]
    }

    def all_of(operation: Any, key: str) -> list[Thing]:  # noqa: ANN401 - boto3's
        pages = ec2.get_paginator(operation)
        found = read(lambda: list(pages.paginate(**given)), site.clock)
        return [each for page in found for each in page[key]]

    subnets = all_of("describe_subnets", "Subnets")
    tables = all_of("describe_route_tables", "RouteTables")
    return [
        *_interfaces(all_of("describe_network_interfaces", "NetworkInterfaces")),
        *_groups(site, all_of("describe_security_groups", "SecurityGroups")),
        *(
            Tenant("subnet", each["SubnetId"], NOT_OURS, frozenset({each["VpcId"]}))
            for each in _others(site, subnets)
        ),
        *(
            Tenant(
                *("route table", each["RouteTableId"], NOT_OURS),
                frozenset({each["VpcId"]}),
            )
            for each in _others(site, tables)
            if not any(link.get("Main") for link in each.get("Associations", ()))
        ),
    ]


def _others(site: Site, things: Iterable[Thing]) -> Iterator[Thing]:
    return (each for each in things if not site.stack.owns(mapped(each.get("Tags"))))


def _interfaces(things: Iterable[Thing]) -> Iterator[Tenant]:
    for each in things:
        groups = {group["GroupId"] for group in each.get("Groups", ())}
        yield Tenant(
            "network interface",
            each["NetworkInterfaceId"],
            REDSHIFTS if _is_redshifts(each) else NOT_OURS,
            frozenset({each["VpcId"], each["SubnetId"], *groups}),
        )


def _is_redshifts(interface: Thing) -> bool:
    words = (interface.get("Description", ""), interface.get("RequesterId", ""))
    return any("redshift" in str(word).lower() for word in words)


def _groups(site: Site, things: Iterable[Thing]) -> Iterator[Tenant]:
    """Other security groups, which keep those that their rules name."""
    for each in _others(site, things):
        named = frozenset(
            peer["GroupId"]
            for rules in ("IpPermissions", "IpPermissionsEgress")
            for rule in each.get(rules, ())
            for peer in rule.get("UserIdGroupPairs", ())
        ) - {each["GroupId"]}
        is_default = each["GroupName"] == "default"  # every VPC has one
        if not is_default or named:
            vpc = frozenset[str]() if is_default else frozenset({each["VpcId"]})
            yield Tenant("security group", each["GroupId"], NOT_OURS, named | vpc)
