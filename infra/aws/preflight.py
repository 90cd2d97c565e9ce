"""`invoke check --target redshift`: what AWS would refuse, before it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.aws import cost, documents, faults, offers
from infra.aws import lock as locks
from infra.aws.cluster import described
from infra.aws.names import mapped
from infra.aws.patience import read
from infra.aws.site import allowed_cidr
from infra.check import Finding
from infra.errors import SparkifyError

if TYPE_CHECKING:
    from infra.aws.session import Clients
    from infra.aws.site import Site
    from infra.settings import Settings

VPCS_PER_REGION = "L-F678F1CE"  # the code of the quota


def findings(site: Site, cidr: str) -> list[Finding]:
    """Looks at everything that `up` needs; writes nothing.

    What cannot be looked at for want of a permission is told as unknown, not as well.
    """
    settings, clients = site.settings, site.clients
    return [
        Finding("credentials", f"{site.stack.owner} in account {site.stack.account}"),
        _looked("region", lambda: _region(settings, clients)),
        _looked("bucket, anybody", lambda: _bucket(settings, clients, signed=False)),
        _looked("bucket, as you", lambda: _bucket(settings, clients, signed=True)),
        _looked("node type", lambda: _node_type(settings, clients)),
        _looked("VPC quota", lambda: _vpc_quota(site)),
        _looked("price", lambda: _price(site)),
        _looked("your address", lambda: allowed_cidr(settings, cidr)),
        _looked("cluster", lambda: _cluster(site)),
        _looked("lock", lambda: _lock(site)),
    ]


def _looked(subject: str, look: Callable[[], str]) -> Finding:
    try:
        with faults.translated():
            return Finding(subject, look())
    except SparkifyError as error:
        return Finding(subject, "unknown or wrong", str(error))


def _region(settings: Settings, clients: Clients) -> str:
    offers.refuse_other_region(clients, settings)
    return f"{settings.aws_region}, as the bucket {settings.copy_from.name}"


def _bucket(settings: Settings, clients: Clients, *, signed: bool) -> str:
    """Lists one object below each folder that COPY reads."""
    s3, source = clients.s3(signed=signed), settings.copy_from
    found = []
    for folder in documents.FOLDERS:
        below = source.below(folder)
        answer = read(
            partial(s3.list_objects_v2, Bucket=source.name, Prefix=below, MaxKeys=1)
        )
        if not answer.get("KeyCount"):
            raise SparkifyError(
                f"There is nothing below {source.uri(below)}; put the "
                "raw files there, or correct copy_from in invoke.yaml."
            )
        found.append(folder)
    return f"{source.url} has {' and '.join(found)}"


def _node_type(settings: Settings, clients: Clients) -> str:
    types, zones = offers.chosen(settings, clients)
    return f"{types[0]}, in {len(zones)} zones"


def _vpc_quota(site: Site) -> str:
    """Whether there is room for the stack's VPC, unless it is there."""
    clients = site.clients
    quota: Any = read(
        lambda: clients.quotas.get_service_quota(
            ServiceCode="vpc", QuotaCode=VPCS_PER_REGION
        )
    )
    limit = int(quota["Quota"]["Value"])
    pages = clients.ec2.get_paginator("describe_vpcs")
    found = read(lambda: list(pages.paginate()))
    owners = [mapped(vpc.get("Tags")) for page in found for vpc in page["Vpcs"]]
    used = len(owners)
    if used >= limit and not any(map(site.stack.owns, owners)):
        raise SparkifyError(
            f"{used} of {limit} VPCs are in use, and `up` needs one more. Delete one, "
            "or ask for more in Service Quotas."
        )
    return f"{used} of {limit} used"


def _price(site: Site) -> str:
    settings, clients = site.settings, site.clients
    node_type = offers.chosen(settings, clients)[0][0]
    price = cost.price(clients.pricing, settings.aws_region, node_type)
    bill = cost.bill(
        price, settings.nodes, settings.lifetime_hours, public=site.is_public
    )
    cost.hold_to(bill, settings.max_hourly_usd, accept_unknown=False)
    if price is None:
        raise SparkifyError("It is unknown.")
    return f"{cost.rate(price.hourly_usd * settings.nodes)}/h, {price.source}"


def _cluster(site: Site) -> str:
    live = described(site.clients.redshift, site.stack)
    return "none yet" if live is None else str(live["ClusterStatus"])


def _lock(site: Site) -> str:
    holder = locks.held(site.clients.ssm, locks.name(site.stack))
    return "free" if holder is None else f"held by {holder.told()}"
