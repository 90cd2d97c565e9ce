"""What the warehouse costs, and the guard before anything that costs is made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from infra.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_pricing import PricingClient

HOURS_PER_MONTH = 730
PUBLIC_ADDRESS = 0.005  # US dollars per hour and IPv4 address; the leader node has one
STORAGE = 0.024  # per GB and month of managed storage
SECRET = 0.40  # per month, for the password that Redshift keeps
LOGS = 0.50  # per GB that CloudWatch takes in
SCANNED = 5.00  # per TB that an external table's files are read by, but for rg nodes
PRICES_ARE_AT = "https://aws.amazon.com/redshift/pricing"
WIDTH = 80  # columns

# US dollars per node and hour on demand, for when the Price List cannot be read. Its
# API gave the first two of each family on that day, the pricing page the others.
TABLE_OF = "2026-10-08"
_TABLE = {
    "rg.large": 0.3801,
    "rg.xlarge": 0.7602,
    "rg.4xlarge": 3.04267,
    "rg.12xlarge": 9.128,
    "ra3.large": 0.543,
    "ra3.xlplus": 1.086,
    "ra3.4xlarge": 3.26,
}
_TABLE_REGIONS = ("us-east-1", "us-west-2")
_NODE_HOURS = re.compile(r"(^|-)Node:")  # others are of scaling, backups, storage
_EVENTS_LAST = timedelta(days=14)  # as long as AWS keeps them


@dataclass(frozen=True)
class Price:
    """What a node costs in an hour, and who says so."""

    hourly_usd: float
    source: str


def price(pricing: PricingClient | None, region: str, node_type: str) -> Price | None:
    """The price on demand: of AWS's Price List, else of the dated table, else None.

    A Price List that cannot be read, has no such product or two prices for it counts
    as none; its client should not wait long.
    """
    found = set() if pricing is None else _listed(pricing, region, node_type)
    if len(found) == 1:
        today = datetime.now(UTC).date()
        return Price(found.pop(), f"AWS Price List, read {today}")
    if region in _TABLE_REGIONS and node_type in _TABLE:
        return Price(
            _TABLE[node_type], f"built-in table of {TABLE_OF}, may be out of date"
        )
    return None


def _listed(pricing: PricingClient, region: str, node_type: str) -> set[float]:
    """The different prices that the Price List has; none if it cannot be read."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        pages = pricing.get_paginator("get_products").paginate(
            ServiceCode="AmazonRedshift",
            Filters=[{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
        )
        return {
            usd
            for page in pages
            for product in page.get("PriceList", ())
            for usd in _prices(json.loads(product), node_type)
        }
    except (BotoCoreError, ClientError):
        return set()
    except (ValueError, KeyError, TypeError, AttributeError):
        return (
            set()
        )  # the Price List is not like this: better no price than a wrong one


def _prices(product: dict[str, Any], node_type: str) -> Iterator[float]:
    """The prices of an hour on demand in a product, if it is this node."""
    attributes = product["product"]["attributes"]
    names = {attributes.get("instanceType"), attributes.get("nodeType")}
    family = product["product"].get("productFamily", "Compute Instance")
    usage = attributes.get("usagetype", "Node:")
    if (
        node_type not in names
        or family != "Compute Instance"
        or not _NODE_HOURS.search(usage)
    ):
        return
    for term in product["terms"].get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            usd = float(dimension["pricePerUnit"].get("USD", 0))
            if dimension["unit"] == "Hrs" and 0 < usd < float("inf"):
                yield usd


@dataclass(frozen=True)
class Bill:
    """What a cluster of so many nodes will cost; `hourly_usd` is None if unknown."""

    price: Price | None
    nodes: int
    lifetime_hours: float
    public: bool

    @property
    def hourly_usd(self) -> float | None:
        """All that costs by the hour: the nodes, and a public address if it has one."""
        if self.price is None:
            return None
        address = PUBLIC_ADDRESS if self.public else 0
        return self.nodes * self.price.hourly_usd + address

    def lines(self) -> list[str]:
        """The bill as a plan prints it, no line longer than 80 columns."""
        hourly = self.hourly_usd
        if hourly is None or self.price is None:
            main = [
                "unknown",
                "AWS's Price List does not tell",
                f"see {PRICES_ARE_AT}",
            ]
            basis = []
        else:
            lifetime = hourly * self.lifetime_hours
            main = [
                f"{rate(hourly)}/h",
                f"{usd(hourly * 24)}/day",
                f"{usd(hourly * HOURS_PER_MONTH)}/month if forgotten",
                f"{usd(lifetime)} until it pauses in {self.lifetime_hours:g} h",
            ]
            nodes = f"{self.nodes} at {rate(self.price.hourly_usd)}/h"
            basis = [nodes, self.price.source]
        extras = [
            f"storage {rate(STORAGE)} per GB and month",
            f"password {usd(SECRET)}/month",
            f"logs {usd(LOGS)} per GB",
        ]
        if self.public:
            within = "" if hourly is None else " is included"
            extras.append(f"public address {rate(PUBLIC_ADDRESS)}/h{within}")
        return [
            *_wrapped("price", main),
            *_wrapped("also", extras),
            *_wrapped("nodes", basis),
        ]


def bill(
    price: Price | None, nodes: int, lifetime_hours: float, *, public: bool
) -> Bill:
    """The bill for a cluster that AWS pauses after `lifetime_hours`."""
    return Bill(price, nodes, lifetime_hours, public)


def hold_to(bill: Bill, max_hourly_usd: float, *, accept_unknown: bool) -> None:
    """Raises ConfigurationError for what is dearer than the setting, or unknown."""
    hourly = bill.hourly_usd
    if hourly is None:
        if accept_unknown:
            return
        raise ConfigurationError(
            "What this cluster costs cannot be found out, so nothing was made. Look it "
            f"up at {PRICES_ARE_AT}, and accept it with --accept-unknown-cost."
        )
    if hourly > max_hourly_usd + 1e-9:  # a sum of floats may be a little more
        raise ConfigurationError(
            f"This cluster would cost {rate(hourly)} per hour, and max_hourly_usd "
            f"allows {rate(max_hourly_usd)}. Set fewer nodes or a smaller node_type, "
            "or raise max_hourly_usd in invoke.yaml."
        )


@dataclass(frozen=True)
class Accrued:
    """What the nodes have cost so far; `note` says what was assumed, or is empty."""

    hours: float
    usd: float
    note: str


def accrued(
    created_at: datetime,
    events: Sequence[tuple[datetime, str]],
    state: str,
    hourly_usd: float,
    now: datetime,
) -> Accrued:
    """What a cluster has cost since it was created, by when it was paused and resumed.

    `events` are ("paused" | "resumed") in any order, `state` is the cluster's of now.
    It counts as paused only where that is certain, from a pause to the resume that
    follows, or to now. AWS forgets the oldest: then the result is the most it can be.
    """
    start, end = created_at.astimezone(UTC), now.astimezone(UTC)
    paused, missing = timedelta(), 0
    last, since = "resumed", start
    for moment, what in sorted({(when.astimezone(UTC), what) for when, what in events}):
        if not start <= moment <= end:
            continue
        if what == last:
            missing += 1  # the other one in between
        elif what == "resumed":
            paused += moment - since
        last, since = what, moment
    is_changing = state in {"pausing", "resuming"}
    if last == "paused" and (state == "paused" or is_changing):
        paused += end - since
    elif (last == "paused") != (state == "paused") and not is_changing:
        missing += 1
    hours = max((end - start - paused).total_seconds(), 0) / 3600
    return Accrued(hours, hours * hourly_usd, _note(start, end, missing))


def _note(start: datetime, end: datetime, missing: int) -> str:
    if missing:
        return "at most: AWS lacks events, and then the cluster is taken to have run"
    if end - start > _EVENTS_LAST:
        since = (end - _EVENTS_LAST).date()
        return f"at most: AWS does not tell of pauses before {since}"
    return ""


def scanning(node_type: str) -> str:
    """What reading external tables costs beside the cluster; of the dated table's day.

    Nodes of the family rg read S3 themselves, the others have Spectrum do it.
    """
    if node_type.startswith("rg."):
        return f"{node_type} reads S3 itself: nothing beside the cluster's own price"
    return (
        f"{usd(SCANNED)} per TB that a query reads, at least 10 MB each, beside the "
        f"cluster (Spectrum's price of {TABLE_OF}; packed files count as packed)"
    )


def usd(amount: float) -> str:
    """US dollars as people write them: $0.38, $9.24, $277, $1,024."""
    if 0 < amount < 0.005:
        return "<$0.01"
    return f"${amount:,.2f}" if amount < 99.995 else f"${amount:,.0f}"


def rate(amount: float) -> str:
    """A price, which may be small: $0.385, $0.005, $3.04."""
    return f"${amount:.3f}" if amount < 0.9995 else usd(amount)


def _wrapped(label: str, parts: Sequence[str]) -> Iterator[str]:
    """The parts after the label, in as many lines as they need."""
    line = f"{label:5}  "
    for index, part in enumerate(parts):
        more = part if index == 0 else f" · {part}"
        if len(line) + len(more) > WIDTH:
            yield line
            line, more = " " * 7, part
        line += more
    if parts:
        yield line
