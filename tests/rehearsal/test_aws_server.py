"""The stand-in for AWS as other processes reach it: by HTTP, through real clients."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.rehearsal import remains
from infra.rehearsal.aws.account import Account
from infra.rehearsal.aws.others import in_process
from infra.rehearsal.aws.server import served

REGION, BUCKET = "us-west-2", "of-the-aws-server"
Client = Callable[..., Any]


@pytest.fixture(scope="module")
def account() -> Account:
    made = Account(in_process)
    s3 = made.world_of(REGION).others.s3
    place = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    return made


@pytest.fixture(scope="module")
def client(account: Account) -> Iterator[Client]:
    """Makes clients; each service's once, for they are slow to make."""
    made: dict[str, Any] = {}
    with served(account) as url:
        assert urlsplit(url).hostname == "127.0.0.1"

        def of(service: Any, region: str = REGION) -> Any:  # noqa: ANN401 - boto3's
            if service not in made:
                session = boto3.Session("x", "x", region_name=region)
                made[service] = session.client(service, endpoint_url=url)
            return made[service]

        yield of
        for each in made.values():
            each.close()


def test_what_it_does_not_know_it_refuses(client: Client) -> None:
    with pytest.raises(ClientError) as caught:
        client("redshift").describe_reserved_nodes()
    assert caught.value.response["Error"] == {
        "Type": "Sender",
        "Code": "NotImplemented",
        "Message": "The stand-in does not know redshift.DescribeReservedNodes.",
    }


def test_each_protocol_has_its_answers_and_refusals(client: Client) -> None:
    prices = client("pricing", "us-east-1").get_products(ServiceCode="AmazonRedshift")
    assert json.loads(prices["PriceList"][0])["serviceCode"] == "AmazonRedshift"
    quotas = client("service-quotas")
    asked = {"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"}
    assert quotas.get_service_quota(**asked)["Quota"]["Value"] == 5.0
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-00000000")
    with pytest.raises(client("redshift").exceptions.ClusterNotFoundFault):
        client("redshift").describe_clusters(ClusterIdentifier="none")
    with pytest.raises(ClientError, match="DryRunOperation"):
        client("ec2").create_vpc(CidrBlock="10.1.0.0/16", DryRun=True)
    assert client("sts").get_caller_identity()["Account"] == "123456789012"


def test_a_cluster_holds_its_network(client: Client) -> None:
    ec2, redshift = client("ec2"), client("redshift")
    vpc = ec2.create_vpc(CidrBlock="10.5.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.5.0.0/24")["Subnet"]["SubnetId"]
    redshift.create_cluster_subnet_group(
        ClusterSubnetGroupName="held", Description="d", SubnetIds=[subnet]
    )
    redshift.create_cluster(
        ClusterIdentifier="held",
        ClusterType="single-node",
        NodeType="rg.large",
        MasterUsername="keeper",
        ManageMasterPassword=True,
        ClusterSubnetGroupName="held",
    )
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    (found,) = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    assert (found["SubnetId"], found["Description"]) == (
        *(subnet, "RedshiftNetworkInterface"),
    )
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnet)


def test_a_whole_object_is_read_as_moto_would_read_it(client: Client) -> None:
    s3, name = client("s3"), "log_data/ü é/%41.json"
    s3.put_object(Bucket=BUCKET, Key=name, Body=b'{"a": 1}\n')
    whole = s3.get_object(Bucket=BUCKET, Key=name)
    etag = whole["ETag"]
    matched = s3.get_object(Bucket=BUCKET, Key=name, IfMatch=etag)
    # Which our own way of reading does not take
    moto = s3.get_object(Bucket=BUCKET, Key=name, IfNoneMatch='"other"')
    contents = [each.pop("Body").read() for each in (whole, matched, moto)]
    assert contents == [b'{"a": 1}\n'] * 3
    for each in (whole, matched, moto):
        each.pop("ResponseMetadata")
    assert whole == matched
    unasked = {"AcceptRanges", "ChecksumCRC32"}
    assert whole == {name: moto[name] for name in moto.keys() - unasked}
    part = s3.get_object(Bucket=BUCKET, Key=name, Range="bytes=0-1")
    assert part["Body"].read() == b'{"'


def test_an_object_that_is_another_or_none_is_refused(client: Client) -> None:
    s3 = client("s3")
    s3.put_object(Bucket=BUCKET, Key="changed", Body=b"1")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.get_object(Bucket=BUCKET, Key="changed", IfMatch='"other"')
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=BUCKET, Key="none")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.get_object(Bucket="there-is-none", Key="none")
    s3.put_object(Bucket=BUCKET, Key="cold", Body=b"1", StorageClass="GLACIER")
    with pytest.raises(ClientError, match="InvalidObjectState"):
        s3.get_object(Bucket=BUCKET, Key="cold")


def test_anybody_may_list_without_a_key(client: Client) -> None:
    url = client("s3").meta.endpoint_url
    config = Config(signature_version=UNSIGNED)
    anybody = boto3.client("s3", REGION, endpoint_url=url, config=config)
    assert "KeyCount" in anybody.list_objects_v2(Bucket=BUCKET, MaxKeys=1)
    anybody.close()


def test_what_looks_at_moto_itself_sends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def sent(*_: object) -> None:
        raise AssertionError("a request was sent")

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", sent)
    others = in_process(REGION)
    assert f"{REGION}a" in others.zones()
    assert BUCKET in str(others.s3.list_buckets()["Buckets"])


def test_the_remains_are_everything_that_there_is(
    account: Account, client: Client
) -> None:
    world = account.world_of(REGION)
    before = remains.things(world)
    client("iam").create_role(RoleName="r-remains", AssumeRolePolicyDocument="{}")
    client("logs").create_log_group(logGroupName="g-remains")
    client("ssm").put_parameter(Name="p-remains", Value="v", Type="String")
    place = {"LocationConstraint": REGION}
    client("s3").create_bucket(Bucket="b-remains", CreateBucketConfiguration=place)
    ec2, redshift = client("ec2"), client("redshift")
    vpc = ec2.create_vpc(CidrBlock="10.6.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.6.0.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    redshift.create_cluster_subnet_group(
        ClusterSubnetGroupName="s-remains", Description="d", SubnetIds=[subnet]
    )
    redshift.create_cluster_parameter_group(
        ParameterGroupName="p-remains",
        ParameterGroupFamily="redshift-2.0",
        Description="d",
    )
    new = remains.things(world) - before
    assert new >= {
        *("role r-remains", "log group g-remains", "parameter p-remains"),
        *("bucket b-remains", vpc, subnet, gateway),
        *("subnet group s-remains", "parameter group p-remains"),
    }
    assert len(new) == 9 + 2  # and the VPC's own security group and route table
