import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from infra.aws import cost
from infra.aws.cost import Price
from infra.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_pricing import PricingClient

REGION, NODE = "us-west-2", "rg.large"
TABLE = Price(0.3801, "built-in table of 2026-10-08, may be out of date")


@pytest.fixture(scope="module")
def pricing() -> Iterator["PricingClient"]:
    client = boto3.Session().client(
        "pricing",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(
            connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1}
        ),
    )
    yield client
    client.close()


@pytest.fixture
def stubber(pricing: "PricingClient") -> Iterator[Stubber]:
    with Stubber(pricing) as stubber:
        yield stubber


def product(usd: object = "0.3900000000", **changes: str) -> str:
    """A product of the Price List, as its API answers."""
    attributes = {
        "regionCode": REGION,
        "instanceType": changes.get("node_type", NODE),
        "usagetype": changes.get("usage", "USW2-Node:rg.large"),
        "operation": "RunComputeNode:0001",
    }
    dimension = {
        "unit": changes.get("unit", "Hrs"),
        "pricePerUnit": {changes.get("currency", "USD"): usd},
        "beginRange": "0",
        "endRange": "Inf",
    }
    return json.dumps(
        {
            "product": {
                "productFamily": changes.get("family", "Compute Instance"),
                "attributes": attributes,
                "sku": "A",
            },
            "terms": {
                changes.get("term", "OnDemand"): {
                    "A.B": {"priceDimensions": {"A.B.C": dimension}}
                }
            },
        }
    )


def answer(stubber: Stubber, *pages: list[str]) -> None:
    for number, page in enumerate(pages):
        asked: dict[str, Any] = {
            "ServiceCode": "AmazonRedshift",
            "Filters": [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": REGION}],
        }
        if number:
            asked["NextToken"] = f"page-{number}"
        more = {"NextToken": f"page-{number + 1}"} if number + 1 < len(pages) else {}
        stubber.add_response("get_products", {"PriceList": page, **more}, asked)


# Prices


def test_the_price_is_the_price_lists_and_says_when_it_was_read(
    pricing: "PricingClient", stubber: Stubber
) -> None:
    answer(stubber, [product()])
    found = cost.price(pricing, REGION, NODE)
    assert found is not None
    assert found.hourly_usd == 0.39
    assert re.fullmatch(r"AWS Price List, read 20\d\d-\d\d-\d\d", found.source)


def test_all_pages_are_read(pricing: "PricingClient", stubber: Stubber) -> None:
    answer(stubber, [product(node_type="ra3.large")], [], [product("0.41")])
    found = cost.price(pricing, REGION, NODE)
    assert found is not None
    assert found.hourly_usd == 0.41
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    "others",
    [
        [product("0.39")],
        [product("9", family="Redshift Concurrency Scaling")],
        [product("9", usage="USW2-CS:rg.large")],
        [product("9", unit="Seconds")],
        [product("9", currency="CNY")],
        [product("9", term="Reserved")],
        [product("9", node_type="ra3.large")],
        [product("0.0000000000")],
    ],
)
def test_other_products_do_not_matter(
    pricing: "PricingClient", stubber: Stubber, others: list[str]
) -> None:
    answer(stubber, [*others, product("0.39")])
    found = cost.price(pricing, REGION, NODE)
    assert found is not None
    assert found.hourly_usd == 0.39


@pytest.mark.parametrize(
    "page",
    [
        [],
        [product("0.39"), product("0.40")],
        [product("0.39", currency="CNY")],
        [product("0")],
        [product("-1")],
        [product("NaN")],
        [product("Infinity")],
        [product("free")],
        [product(None)],
        ["<html>"],
        ["[]"],
        ["{}"],
        ['"text"'],
        [json.dumps({"product": {"attributes": None}})],
    ],
)
def test_a_price_that_is_not_one_leads_to_the_dated_table(
    pricing: "PricingClient", stubber: Stubber, page: list[str]
) -> None:
    answer(stubber, page)
    assert cost.price(pricing, REGION, NODE) == TABLE


def test_the_other_name_of_the_attribute_counts_as_well(
    pricing: "PricingClient", stubber: Stubber
) -> None:
    answer(stubber, [product("0.39").replace("instanceType", "nodeType")])
    found = cost.price(pricing, REGION, NODE)
    assert found is not None
    assert found.hourly_usd == 0.39


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_a_refusal_leads_to_the_dated_table(
    pricing: "PricingClient", stubber: Stubber, code: str
) -> None:
    stubber.add_client_error("get_products", code)
    assert cost.price(pricing, REGION, NODE) == TABLE


def test_a_refusal_of_a_later_page_leads_to_the_dated_table(
    pricing: "PricingClient", stubber: Stubber
) -> None:
    more = {"PriceList": [product("0.39")], "NextToken": "page-1"}
    stubber.add_response("get_products", more)
    stubber.add_client_error("get_products", "ThrottlingException")
    assert cost.price(pricing, REGION, NODE) == TABLE


def test_no_network_leads_to_the_dated_table() -> None:
    client = boto3.Session().client(
        "pricing",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(connect_timeout=1, retries={"total_max_attempts": 1}),
    )
    assert cost.price(client, REGION, NODE) == TABLE
    client.close()


@pytest.mark.parametrize(
    ("region", "node_type", "known"),
    [
        ("us-east-1", "ra3.large", True),
        ("us-west-2", "rg.12xlarge", True),
        ("eu-west-1", "rg.large", False),
        ("us-west-2", "rg.huge", False),
    ],
)
def test_what_the_table_does_not_have_is_unknown(
    region: str, node_type: str, known: bool
) -> None:
    assert (cost.price(None, region, node_type) is not None) is known


# The bill and the guard


def test_the_bill_of_the_default() -> None:
    assert cost.bill(TABLE, 1, 8, public=True).lines() == [
        "price  $0.385/h · $9.24/day · $281/month if forgotten",
        "       $3.08 until it pauses in 8 h",
        "also   storage $0.024 per GB and month · password $0.40/month",
        "       logs $0.50 per GB · public address $0.005/h is included",
        "nodes  1 at $0.380/h · built-in table of 2026-10-08, may be out of date",
    ]


def test_a_private_warehouse_pays_for_no_address() -> None:
    bill = cost.bill(TABLE, 2, 8, public=False)
    assert bill.hourly_usd == pytest.approx(0.7602)
    assert "address" not in "".join(bill.lines())


def test_an_unknown_price_is_told_as_such() -> None:
    lines = cost.bill(None, 2, 8, public=True).lines()
    assert lines[0].startswith("price  unknown")
    assert cost.PRICES_ARE_AT in "".join(lines)
    assert "included" not in "".join(lines)


prices = st.none() | st.floats(0.001, 1000).map(
    lambda usd: Price(usd, "AWS Price List, read 2026-10-08")
)


@given(prices, st.integers(1, 128), st.floats(0.5, 720), st.booleans())
def test_no_line_is_longer_than_a_terminal(
    price: Price | None, nodes: int, hours: float, public: bool
) -> None:
    lines = cost.bill(price, nodes, hours, public=public).lines()
    assert max(map(len, lines)) <= 80


def test_what_is_dearer_than_the_setting_is_refused() -> None:
    bill = cost.bill(TABLE, 16, 8, public=True)
    with pytest.raises(ConfigurationError, match=r"\$6\.09.*max_hourly_usd.*\$1\.00"):
        cost.hold_to(bill, 1.0, accept_unknown=True)
    cost.hold_to(cost.bill(TABLE, 1, 8, public=True), 1.0, accept_unknown=False)


def test_exactly_the_maximum_is_allowed() -> None:
    cost.hold_to(
        cost.bill(Price(0.1, ""), 3, 8, public=False), 0.3, accept_unknown=False
    )


def test_an_unknown_price_needs_to_be_accepted() -> None:
    bill = cost.bill(None, 1, 8, public=True)
    with pytest.raises(ConfigurationError, match="--accept-unknown-cost"):
        cost.hold_to(bill, 1000, accept_unknown=False)
    cost.hold_to(bill, 0.01, accept_unknown=True)


@given(st.integers(1, 128), st.floats(0.001, 100), st.floats(0.001, 1000))
def test_the_guard_lets_nothing_dearer_through(
    nodes: int, usd: float, most: float
) -> None:
    bill = cost.bill(Price(usd, ""), nodes, 8, public=True)
    if nodes * usd + cost.PUBLIC_ADDRESS > most + 1e-6:
        with pytest.raises(ConfigurationError):
            cost.hold_to(bill, most, accept_unknown=True)


# What has accrued

START = datetime(2026, 10, 1, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("events", "state", "until", "hours", "estimated"),
    [
        ([], "available", 8, 8, False),
        ([], "creating", 0, 0, False),
        ([], "available", -1, 0, False),
        ([(2, "paused")], "paused", 10, 2, False),
        ([(2, "paused"), (6, "resumed")], "available", 10, 6, False),
        ([(6, "resumed"), (2, "paused")], "available", 10, 6, False),
        ([(2, "paused"), (2, "paused"), (6, "resumed")], "modifying", 10, 6, False),
        ([(2, "paused"), (4, "resumed"), (7, "paused")], "paused", 9, 5, False),
        ([(2, "paused")], "resuming", 10, 2, False),
        ([], "pausing", 3, 3, False),
        # events of another cluster that had the name before, and of after `now`
        ([(-5, "paused"), (-4, "resumed")], "available", 3, 3, False),
        ([(9, "paused")], "available", 3, 3, False),
        # events are missing: the cluster is taken to have run
        ([(4, "resumed")], "available", 10, 10, True),
        ([(2, "paused"), (6, "paused")], "paused", 10, 6, True),
        ([(2, "paused")], "available", 10, 10, True),
        ([], "paused", 10, 10, True),
        ([(2, "paused"), (3, "resumed"), (5, "resumed")], "available", 8, 7, True),
        # older than what AWS remembers
        ([], "available", 24 * 15, 24 * 15, True),
    ],
)
def test_accrual(
    events: list[tuple[float, str]],
    state: str,
    until: float,
    hours: float,
    estimated: bool,
) -> None:
    found = cost.accrued(
        START, [(at(when), what) for when, what in events], state, 0.5, at(until)
    )
    assert found.hours == pytest.approx(hours)
    assert found.usd == pytest.approx(hours / 2)
    assert bool(found.note) is estimated
    assert found.note.startswith("at most: ") is estimated


def test_the_note_names_the_day_from_which_pauses_are_known() -> None:
    found = cost.accrued(START, [], "available", 1, START + timedelta(days=20))
    assert "before 2026-10-07" in found.note


def test_clocks_that_change_change_no_hours() -> None:
    # On 2026-11-01 Los Angeles has an hour twice, and none of its own arithmetic knows
    here = ZoneInfo("America/Los_Angeles")
    start = datetime(2026, 10, 31, 12, tzinfo=here)
    end = datetime(2026, 11, 1, 12, tzinfo=here)
    assert cost.accrued(start, [], "available", 1, end).hours == 25
    paused = [(datetime(2026, 11, 1, 0, tzinfo=here), "paused")]
    assert cost.accrued(start, paused, "paused", 1, end).hours == 12
    resumed = (datetime(2026, 11, 1, 6, tzinfo=here), "resumed")
    assert cost.accrued(start, [*paused, resumed], "available", 1, end).hours == 18


def test_a_month_boundary_is_no_boundary() -> None:
    start = datetime(2026, 2, 27, tzinfo=UTC)
    end = datetime(2026, 3, 2, tzinfo=UTC)
    assert cost.accrued(start, [], "available", 1, end).hours == 72


@given(st.data())
def test_running_and_paused_hours_are_told_apart(data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.floats(0.1, 20), min_size=1, max_size=12))
    moments = [sum(lengths[: index + 1]) for index in range(len(lengths))]
    events = [
        (at(when), "resumed" if index % 2 else "paused")
        for index, when in enumerate(moments[:-1])
    ]
    state = "available" if len(events) % 2 == 0 else "paused"
    shuffled = data.draw(st.permutations(events))
    found = cost.accrued(START, shuffled, state, 1, at(moments[-1]))
    assert found.hours == pytest.approx(sum(lengths[::2]), abs=1e-3)
    # However many of the oldest AWS forgot, the result is not less than that
    known = sorted(shuffled)[data.draw(st.integers(0, len(events))) :]
    guess = cost.accrued(START, known, state, 1, at(moments[-1]))
    assert guess.hours >= found.hours - 1e-3


# How amounts are written


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0.00"),
        (0.001, "<$0.01"),
        (0.3801, "$0.38"),
        (9.2424, "$9.24"),
        (99.994, "$99.99"),
        (99.996, "$100"),
        (277.473, "$277"),
        (1024.4, "$1,024"),
        (1234567, "$1,234,567"),
    ],
)
def test_usd(amount: float, text: str) -> None:
    assert cost.usd(amount) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0.3851, "$0.385"), (0.005, "$0.005"), (0.9996, "$1.00"), (3.04267, "$3.04")],
)
def test_rate(amount: float, text: str) -> None:
    assert cost.rate(amount) == text
