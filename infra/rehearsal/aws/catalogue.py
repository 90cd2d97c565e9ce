"""What AWS offers and tells: node types, prices, quotas, events."""

import json
from dataclasses import dataclass, field
from datetime import timedelta

from infra.rehearsal.aws import inputs
from infra.rehearsal.aws.answers import Params, Refused
from infra.rehearsal.aws.world import NODES, World, letters

_PLACES = {
    "us-west-2": ("US West (Oregon)", "USW2-"),
    "us-east-1": ("US East (N. Virginia)", ""),
}
PRICED_FROM = (  # where there is an endpoint for prices
    "us-east-1",
    "eu-central-1",
    "ap-south-1",
)
_QUOTAS = {
    ("vpc", "L-F678F1CE"): ("VPCs per Region", 5.0),
    ("vpc", "L-A4707A72"): ("Internet gateways per Region", 5.0),
    ("vpc", "L-407747CB"): ("Subnets per VPC", 200.0),
}


def product(node: str, region: str, price: str, currency: str = "USD") -> Params:
    """A node type as the Price List tells of it, with one price on demand."""
    place, prefix = _PLACES.get(region, (region, f"{region}-"))
    sku = letters(f"{node} {region}", 16).upper()
    offer = f"{sku}.JRTCKXETXF"
    rate = f"{offer}.6YS6EN2CT7"
    vcpus, memory, _ = NODES[node]
    return {
        "product": {
            "productFamily": "Compute Instance",
            "sku": sku,
            "attributes": {
                "servicecode": "AmazonRedshift",
                "servicename": "Amazon Redshift",
                "location": place,
                "locationType": "AWS Region",
                "regionCode": region,
                "instanceType": node,
                "vcpu": str(vcpus),
                "memory": f"{memory} GiB",
                "usageFamily": "Node",
                "usagetype": f"{prefix}Node:{node}",
                "operation": "RunComputeNode:0001",
                "currentGeneration": "Yes",
            },
        },
        "serviceCode": "AmazonRedshift",
        "terms": {
            "OnDemand": {
                offer: {
                    "sku": sku,
                    "offerTermCode": "JRTCKXETXF",
                    "effectiveDate": "2026-10-01T00:00:00Z",
                    "termAttributes": {},
                    "priceDimensions": {
                        rate: {
                            "rateCode": rate,
                            "unit": "Hrs",
                            "beginRange": "0",
                            "endRange": "Inf",
                            "description": f"${price} per Redshift {node} Node-hour",
                            "appliesTo": [],
                            "pricePerUnit": {currency: price},
                        }
                    },
                }
            }
        },
        "version": "20261001000000",
        "publicationDate": "2026-10-01T00:00:00Z",
    }


def price_list(*regions: str) -> list[Params]:
    """Every node type in these regions, at the one price that the stand-in knows."""
    return [
        product(node, region, f"{price:.10f}")
        for region in regions
        for node, (_, _, price) in NODES.items()
    ]


def _attribute(row: Params, name: str) -> str:
    if name == "productFamily":
        return str(row["product"]["productFamily"])
    return str(row["product"]["attributes"].get(name, ""))


@dataclass
class Catalogue:
    """What a test may change about what AWS offers: prices and quotas."""

    prices: list[Params] = field(default_factory=lambda: price_list(*_PLACES))
    quotas: dict[tuple[str, str], tuple[str, float]] = field(
        default_factory=lambda: dict(_QUOTAS)
    )

    def products(self, params: Params) -> Params:
        """GetProducts of pricing: the filters have to match exactly."""
        if params["ServiceCode"] != "AmazonRedshift":
            return {"FormatVersion": "aws_v1", "PriceList": []}
        rows = self.prices
        for chosen in params.get("Filters", ()):
            name, value = chosen["Field"], chosen["Value"].lower()
            rows = [row for row in rows if _attribute(row, name).lower() == value]
        return {"FormatVersion": "aws_v1", "PriceList": [json.dumps(r) for r in rows]}

    def quota(self, region: str, params: Params) -> Params:
        """GetServiceQuota."""
        service, code = params["ServiceCode"], params["QuotaCode"]
        if (service, code) not in self.quotas:
            raise Refused(
                "NoSuchResourceException",
                "The request failed because the specified quota does not exist.",
            )
        name, value = self.quotas[service, code]
        return {
            "Quota": {
                "ServiceCode": service,
                "QuotaCode": code,
                "QuotaName": name,
                "QuotaArn": f"arn:aws:servicequotas:{region}:123456789012:"
                f"{service}/{code}",
                "Value": value,
                "Unit": "None",
                "Adjustable": True,
                "GlobalQuota": False,
            }
        }


def orderable(world: World, params: Params) -> Params:
    """DescribeOrderableClusterOptions."""
    wanted = params.get("NodeType")
    rows = [
        {
            "ClusterVersion": "1.0",
            "ClusterType": kind,
            "NodeType": node,
            "AvailabilityZones": [{"Name": zone} for zone in world.zones(node)],
        }
        for node in world.offered
        for kind in ("multi-node", "single-node")
        if wanted in {None, node} and (node, kind) != ("rg.xlarge", "single-node")
    ]
    return {"OrderableClusterOptions": [r for r in rows if r["AvailabilityZones"]]}


def account_attributes(_world: World, _params: Params) -> Params:
    """DescribeAccountAttributes."""
    return {
        "AccountAttributes": [
            {
                "AttributeName": "max-defer-maintenance-duration",
                "AttributeValues": [{"AttributeValue": "45"}],
            }
        ]
    }


def events(world: World, params: Params) -> Params:
    """DescribeEvents: of the past hour, unless another time is given."""
    if "SourceIdentifier" in params and "SourceType" not in params:
        raise inputs.combination("SourceType is needed with SourceIdentifier.")
    now = world.now()
    end = params.get("EndTime", now)
    begin = params.get("StartTime")
    if begin is None:
        begin = end - timedelta(minutes=params.get("Duration", 60))
    if begin < now - timedelta(days=14, minutes=1):
        raise inputs.invalid("Events are kept for 14 days.")
    rows = [row for row in world.events if begin <= row["Date"] <= end]
    for key in ("SourceIdentifier", "SourceType"):
        rows = [row for row in rows if params.get(key, row[key]) == row[key]]
    return {"Events": rows}


OPERATIONS = {
    "DescribeOrderableClusterOptions": orderable,
    "DescribeAccountAttributes": account_attributes,
    "DescribeEvents": events,
}
