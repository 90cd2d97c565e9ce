"""The other services, asked past the account: what EC2 and IAM really hold."""

import json
from functools import cached_property
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.core.botocore_stubber import BotocoreStubber

from infra.rehearsal.aws.answers import Params

Client = Any  # there are no stubs for most services


class Others:
    """Clients that no account stands before; they are made when first needed."""

    def __init__(self, session: boto3.Session) -> None:
        self._session = session

    def client(self, service: str) -> Client:
        """A client that sees all there is."""
        return self._session.client(service)  # type: ignore[call-overload]

    @cached_property
    def ec2(self) -> Client:
        """EC2."""
        return self.client("ec2")

    @cached_property
    def iam(self) -> Client:
        """IAM."""
        return self.client("iam")

    @cached_property
    def logs(self) -> Client:
        """CloudWatch Logs."""
        return self.client("logs")

    @cached_property
    def ssm(self) -> Client:
        """Systems Manager."""
        return self.client("ssm")

    @cached_property
    def s3(self) -> Client:
        """S3."""
        return self.client("s3")

    def zones(self) -> list[str]:
        """The zones of the region."""
        answer = self.ec2.describe_availability_zones()
        return [zone["ZoneName"] for zone in answer["AvailabilityZones"]]

    def subnets(self, ids: list[str]) -> list[Params]:
        """These subnets, without those that there are not."""
        filters = [{"Name": "subnet-id", "Values": ids}]
        found = self.ec2.describe_subnets(Filters=filters)["Subnets"]
        return sorted(found, key=lambda subnet: ids.index(subnet["SubnetId"]))

    def security_groups(self, ids: list[str]) -> list[Params]:
        """These security groups, without those that there are not."""
        filters = [{"Name": "group-id", "Values": ids}]
        found: list[Params] = self.ec2.describe_security_groups(Filters=filters)[
            "SecurityGroups"
        ]
        return found

    def default_group(self, vpc: str) -> str:
        """The default security group of a VPC."""
        filters = [
            {"Name": "vpc-id", "Values": [vpc]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        found = self.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        return str(found[0]["GroupId"])

    def role_trusts(self, arn: str, service: str) -> bool:
        """Whether there is such a role, and the service may assume it."""
        try:
            role = self.iam.get_role(RoleName=arn.rsplit("/", 1)[-1])["Role"]
        except ClientError:
            return False
        return role["Arn"] == arn and service in json.dumps(
            role["AssumeRolePolicyDocument"]
        )


def in_process(region: str) -> Others:
    """Clients that moto answers in this process: no request ever leaves it."""
    inner: Any = botocore.session.Session()
    here: dict[str, Any] = {"ignore_configured_endpoint_urls": True}
    inner.set_default_client_config(Config(**here))
    stubber = BotocoreStubber()
    stubber.enabled = True
    inner.register("before-send", stubber)
    return Others(
        boto3.Session(
            aws_access_key_id="rehearsal",
            aws_secret_access_key="rehearsal",  # noqa: S106 - nobody checks it
            region_name=region,
            botocore_session=inner,
        )
    )
