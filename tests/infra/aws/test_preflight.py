"""`invoke check --target redshift`: each thing it looks at, well and not well."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from cloud import Cloud
from person import TARGET, Person, at_home, person

from infra.aws import preflight
from infra.check import Finding

ALL = {
    *("credentials", "region", "bucket, anybody", "bucket, as you", "node type"),
    *("VPC quota", "price", "your address", "cluster", "lock"),
}


@pytest.fixture
def someone(
    there: Cloud,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Person:
    return at_home(person(there, tmp_path, monkeypatch), capsys, up=False)


def found(person: Person, cidr: str = "", **changes: object) -> dict[str, Finding]:
    site = person.cloud.site(**changes)
    return {each.subject: each for each in preflight.findings(site, cidr)}


def test_all_is_well(someone: Person) -> None:
    seen = found(someone)
    assert set(seen) == ALL
    assert not [each for each in seen.values() if each.remedy]
    assert "all 12 are well" in someone.does("check", *TARGET)


def empty_bucket(there: Cloud) -> None:
    s3 = there.clients.s3(signed=True)
    key = "song_data/A/A/A/TRAAA.json"
    s3.delete_object(Bucket="udacity-dend", Key=key)


def no_bucket(there: Cloud) -> None:
    empty_bucket(there)
    s3 = there.clients.s3(signed=True)
    s3.delete_object(
        Bucket="udacity-dend", Key="log_data/2018/11/2018-11-01-events.json"
    )
    s3.delete_bucket(Bucket="udacity-dend")


def no_room(there: Cloud) -> None:
    for number in range(4):
        there.aws.world.others.ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")


def nowhere(there: Cloud) -> None:
    there.aws.world.offered.clear()


def denied(service: str, operation: str) -> Callable[[Cloud], None]:
    def deny(there: Cloud) -> None:
        there.aws.deny(service, operation)

    return deny


@pytest.mark.parametrize(
    ("spoil", "subjects", "told"),
    [
        (empty_bucket, {"bucket, anybody", "bucket, as you"}, "nothing below s3://"),
        (no_bucket, {"bucket, anybody", "bucket, as you"}, "does not exist"),
        (no_room, {"VPC quota"}, "5 of 5 VPCs are in use"),
        (nowhere, {"node type", "price"}, "offers neither rg.large nor ra3.large"),
        (denied("s3", "ListObjectsV2"), {"bucket, anybody", "bucket, as you"}, "s3:"),
        (denied("ssm", "GetParameter"), {"lock"}, "ssm:GetParameter"),
        (denied("redshift", "DescribeClusters"), {"cluster"}, "DescribeClusters"),
        (denied("service-quotas", "*"), {"VPC quota"}, "GetServiceQuota"),
    ],
    ids=[
        *(
            "an empty folder",
            "no bucket",
            "no room",
            "nothing offered",
            "bucket denied",
        ),
        *("lock denied", "cluster denied", "quota denied"),
    ],
)
def test_what_is_wrong_is_told_and_the_rest_is_looked_at(
    someone: Person, spoil: Callable[[Cloud], None], subjects: set[str], told: str
) -> None:
    spoil(someone.cloud)
    if subjects == {"cluster"}:  # told once more at the end, which is another look
        someone.cloud.aws.calm()
        someone.cloud.aws.deny("redshift", "DescribeClusters", times=1)
    seen = found(someone)
    wrong = {each.subject for each in seen.values() if each.remedy}
    assert wrong == subjects
    assert set(seen) == ALL
    for subject in subjects:
        assert told in seen[subject].remedy


def test_check_ends_with_1_and_says_how_many(someone: Person) -> None:
    empty_bucket(someone.cloud)
    assert "2 of 12 need attention" in someone.fails(1, "check", *TARGET)


def test_a_full_region_is_well_when_the_stacks_vpc_is_there(someone: Person) -> None:
    someone.does("up", *TARGET, "--yes")
    for number in range(3):
        cidr = f"10.{number}.0.0/16"
        someone.cloud.aws.world.others.ec2.create_vpc(CidrBlock=cidr)
    assert found(someone)["VPC quota"].found == "5 of 5 used"
    assert "all 12 are well" in someone.does("check")


def test_the_price_is_of_the_node_type_that_is_chosen(someone: Person) -> None:
    del someone.cloud.aws.world.offered["rg.large"]
    seen = found(someone)
    assert seen["node type"].found.startswith("ra3.large")
    assert seen["price"].found.startswith("$0.543/h")


def test_too_dear_and_in_another_region_are_told(someone: Person) -> None:
    assert "max_hourly_usd" in found(someone, max_hourly_usd=0.1)["price"].remedy


def test_an_open_range_is_told(someone: Person) -> None:
    assert "whole internet" in found(someone, "0.0.0.0/0")["your address"].remedy


def test_check_of_aws_wants_the_packages_of_aws(
    someone: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        if name == "dbt-redshift":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    real = metadata.version
    monkeypatch.setattr(metadata, "version", version)
    told = someone.invoke("check", *TARGET)
    assert told.code == 1
    text = " ".join(told.out.split())
    assert "dbt-redshift not installed" in text
    assert ".[redshift]" in text
