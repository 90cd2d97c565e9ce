"""What AWS offers: node types, zones, addresses of S3, and where a bucket is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.aws.patience import read
from infra.errors import AwsError, ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_redshift import RedshiftClient
    from mypy_boto3_s3 import S3Client

    from infra.aws.session import Clients
    from infra.settings import Settings

ZONES = 3
Offer = dict[str, tuple[str, ...]]  # zones by node type


def chosen(
    settings: Settings, clients: Clients
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The node types to take, the best first, and the zones that offer that one."""
    wanted = (settings.node_type, settings.node_fallback)
    general = zones(clients.ec2)
    for first in dict.fromkeys(wanted):
        offered = offers(clients.redshift, settings.nodes, first).get(first, ())
        usable = tuple(zone for zone in general if zone in offered)
        if len(usable) >= ZONES:
            rest = tuple(each for each in dict.fromkeys(wanted) if each != first)
            return (first, *rest), usable
    everything = offers(clients.redshift, settings.nodes)
    there = [
        kind
        for kind, places in sorted(everything.items())
        if len(set(places) & set(general)) >= ZONES
    ]
    raise ConfigurationError(
        f"{settings.aws_region} offers neither {wanted[0]} nor {wanted[1]} for "
        f"{settings.nodes} node(s) in {ZONES} zones. It offers: "
        f"{', '.join(there) or 'nothing'}. Set node_type, or another aws_region."
    )


def offers(redshift: RedshiftClient, nodes: int, node_type: str = "") -> Offer:
    """The zones of each node type that a new cluster of so many nodes can have."""
    shape = "single-node" if nodes == 1 else "multi-node"
    pages = redshift.get_paginator("describe_orderable_cluster_options")
    given: Any = {"NodeType": node_type} if node_type else {}
    found: dict[str, set[str]] = {}
    for page in read(lambda: list(pages.paginate(**given))):
        for option in page["OrderableClusterOptions"]:
            if option.get("ClusterType", shape) == shape:
                places = {zone["Name"] for zone in option.get("AvailabilityZones", ())}
                found.setdefault(option["NodeType"], set()).update(places)
    return {kind: tuple(sorted(places)) for kind, places in found.items()}


def zones(ec2: EC2Client) -> tuple[str, ...]:
    """The availability zones of the region that need no opting in; no local ones."""
    given: Any = [
        {"Name": "state", "Values": ["available"]},
        {"Name": "opt-in-status", "Values": ["opt-in-not-required"]},
    ]
    found = read(lambda: ec2.describe_availability_zones(Filters=given))
    return tuple(
        sorted(
            zone["ZoneName"]
            for zone in found["AvailabilityZones"]
            if zone.get("ZoneType", "availability-zone") == "availability-zone"
        )
    )


def s3_prefix_list(ec2: EC2Client, region: str) -> str:
    """The id of S3's addresses in the region, as firewalls take it."""
    name = f"com.amazonaws.{region}.s3"
    given: Any = [{"Name": "prefix-list-name", "Values": [name]}]
    found = read(lambda: ec2.describe_managed_prefix_lists(Filters=given))
    if not found["PrefixLists"]:
        raise AwsError(
            f"AWS does not tell the addresses of S3 in {region} (prefix list {name})."
        )
    return str(found["PrefixLists"][0]["PrefixListId"])


def bucket_region(s3: S3Client, bucket: str) -> str | None:
    """Where a bucket is, which S3 tells anybody; None where it does not."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: Any = s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        answer = error.response
    except BotoCoreError:
        return None  # S3 out of reach: the load will say so
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = headers.get("x-amz-bucket-region") or answer.get("BucketRegion")
    return str(region) if region else None


def refuse_other_region(clients: Clients, settings: Settings) -> None:
    """Raises when COPY could not reach the raw files.

    The way to S3 leads to the cluster's own region only; another would need a NAT
    gateway, which costs more than the cluster.
    """
    bucket = settings.copy_from.name
    region = bucket_region(clients.s3(signed=False), bucket)
    if region is not None and region != settings.aws_region:
        raise ConfigurationError(
            f"The bucket {bucket} is in {region}, the cluster would be in "
            f"{settings.aws_region}, from where its network leads to S3 of its own "
            f"region only. Set aws_region to {region}, or copy_from to a bucket in "
            f"{settings.aws_region}."
        )
