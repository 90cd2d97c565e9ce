"""What AWS offers decides what is asked for; nothing else is tried."""

from __future__ import annotations

from typing import Any

import pytest
from accounts import Account
from botocore.exceptions import ClientError, EndpointConnectionError

from infra.aws import offers
from infra.errors import AwsError, ConfigurationError

ALL = ("us-west-2a", "us-west-2b", "us-west-2c")


@pytest.fixture
def shared(module: Account) -> Account:
    module.put(module.empty)
    return module


def chosen(here: Account, **changes: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return offers.chosen(here.cloud.settings(**changes), here.cloud.clients)


def test_the_node_type_of_the_settings_comes_first(shared: Account) -> None:
    types, zones = chosen(shared)
    assert types == ("rg.large", "ra3.large")
    assert zones[:3] == ALL


@pytest.mark.parametrize("zones", [None, [], ["us-west-2a", "us-west-2b"]])
def test_the_second_choice_is_taken_where_the_first_is_not_offered_widely(
    shared: Account, zones: list[str] | None
) -> None:
    if zones is None:
        del shared.aws.world.offered["rg.large"]
    else:
        shared.aws.world.offered["rg.large"] = zones
    assert chosen(shared)[0] == ("ra3.large", "rg.large")
    shared.cloud.up()
    assert shared.aws.clusters.get("sparkify-dev")["NodeType"] == "ra3.large"
    assert not shared.plan().changes
    shared.aws.world.offered["rg.large"] = None
    assert not shared.plan().changes  # what is there is not replaced


def test_only_zones_that_offer_the_node_type_are_used(shared: Account) -> None:
    offered = ["us-west-2b", "us-west-2c", "us-west-2d"]
    shared.aws.world.offered["rg.large"] = offered
    assert chosen(shared)[1] == tuple(offered)
    shared.up()
    found = shared.others.ec2.describe_subnets(
        Filters=shared.cloud.site().stack.filters()
    )
    assert {each["AvailabilityZone"] for each in found["Subnets"]} == set(offered)


def test_where_neither_is_offered_what_is_is_told_and_nothing_written(
    shared: Account,
) -> None:
    offered: dict[str, Any] = shared.aws.world.offered
    offered.pop("rg.large")
    offered["ra3.large"] = ["us-west-2a", "us-west-2b", "us-west-2-lax-1a"]
    offered["rg.4xlarge"] = []
    with pytest.raises(ConfigurationError) as refused:
        shared.cloud.up()
    assert str(refused.value) == (
        "us-west-2 offers neither rg.large nor ra3.large for 1 node(s) in 3 zones. It "
        "offers: ra3.16xlarge, ra3.4xlarge, ra3.xlplus, rg.12xlarge. Set node_type, "
        "or another aws_region."
    )
    assert shared.aws.writes == []


def test_where_nothing_is_offered_that_is_told(shared: Account) -> None:
    shared.aws.world.offered.clear()
    with pytest.raises(ConfigurationError, match="It offers: nothing"):
        chosen(shared)


def zone(name: str, kind: str = "availability-zone") -> dict[str, str]:
    return {"ZoneName": name, "ZoneType": kind, "State": "available"}


class Ec2:
    """Tells of these zones and prefix lists."""

    def __init__(self, *zones: dict[str, str]) -> None:
        self.zones = zones
        self.asked: list[object] = []

    def describe_availability_zones(self, **given: object) -> dict[str, object]:
        self.asked.append(given)
        return {"AvailabilityZones": list(self.zones)}

    def describe_managed_prefix_lists(self, **given: object) -> dict[str, object]:
        self.asked.append(given)
        return {"PrefixLists": []}


def test_local_and_wavelength_zones_are_left_out() -> None:
    ec2: Any = Ec2(
        zone("us-west-2c"),
        zone("us-west-2-lax-1a", "local-zone"),
        zone("us-west-2-wl1-las-wlz-1", "wavelength-zone"),
        zone("us-west-2a"),
    )
    assert offers.zones(ec2) == ("us-west-2a", "us-west-2c")
    (asked,) = ec2.asked
    assert {"Name": "opt-in-status", "Values": ["opt-in-not-required"]} in asked[
        "Filters"
    ]


def test_zones_that_are_too_few_are_told_before_anything_is_made(
    shared: Account,
) -> None:
    for zones in shared.aws.world.offered:
        shared.aws.world.offered[zones] = ["us-west-2a", "us-west-2b"]
    with pytest.raises(ConfigurationError, match="in 3 zones"):
        shared.cloud.up()
    assert shared.aws.writes == []


def test_a_region_without_a_prefix_list_of_s3_is_told() -> None:
    ec2: Any = Ec2()
    with pytest.raises(AwsError, match=r"com\.amazonaws\.xx-1\.s3"):
        offers.s3_prefix_list(ec2, "xx-1")


def test_a_bucket_in_another_region_is_refused_before_anything_is_made(
    shared: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offers, "bucket_region", lambda *_: "eu-west-1")
    told = "udacity-dend is in eu-west-1.*Set aws_region to eu-west-1, or copy_from"
    with pytest.raises(ConfigurationError, match=told):
        shared.cloud.up()
    assert shared.aws.writes == []


def test_a_bucket_of_the_region_and_one_that_nobody_knows_go_on(
    shared: Account,
) -> None:
    s3 = shared.cloud.clients.s3(signed=False)
    assert offers.bucket_region(s3, "udacity-dend") == "us-west-2"
    assert offers.bucket_region(s3, "sparkify-nobody-knows") is None
    shared.cloud.prepared()


@pytest.mark.parametrize("code", ["301", "403"])
def test_a_bucket_that_is_closed_or_elsewhere_tells_its_region_all_the_same(
    code: str,
) -> None:
    class S3:
        def head_bucket(self, **_: object) -> None:
            raise ClientError(
                {
                    "Error": {"Code": code, "Message": ""},
                    "ResponseMetadata": {  # type: ignore[typeddict-item]
                        "HTTPHeaders": {"x-amz-bucket-region": "eu-west-1"}
                    },
                },
                "HeadBucket",
            )

    class Unreachable:
        def head_bucket(self, **_: object) -> None:
            raise EndpointConnectionError(endpoint_url="https://s3.example/")

    closed: Any = S3()
    gone: Any = Unreachable()
    assert offers.bucket_region(closed, "b") == "eu-west-1"
    assert offers.bucket_region(gone, "b") is None
