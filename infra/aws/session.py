"""Whoever runs this, as AWS sees them, and the clients they talk to AWS with."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from infra.errors import ConfigurationError, CredentialsError

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_pricing import PricingClient
    from mypy_boto3_redshift import RedshiftClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

PRICES_ARE_IN = "us-east-1"  # the Price List has an address in few regions


class Clients:
    """boto3's clients of one region, each made when it is first used.

    They do not repeat a request by themselves once it may have reached AWS: creating a
    VPC twice makes two. `infra.aws.patience` repeats what is safe to repeat.
    """

    def __init__(self, session: boto3.Session, region: str) -> None:
        self.session = session
        self.region = region

    def _config(self, timeout: float = 20) -> Config:
        from botocore.config import Config

        return Config(
            retries={"mode": "standard", "total_max_attempts": 1},
            connect_timeout=10,
            read_timeout=timeout,
            user_agent_extra="sparkify-warehouse",
        )

    @cached_property
    def ec2(self) -> EC2Client:
        """Networks and firewalls."""
        return self.session.client(
            "ec2", region_name=self.region, config=self._config()
        )

    @cached_property
    def redshift(self) -> RedshiftClient:
        """Clusters, and what they are set up with."""
        return self.session.client(
            "redshift", region_name=self.region, config=self._config(60)
        )

    @cached_property
    def iam(self) -> IAMClient:
        """Roles."""
        return self.session.client(
            "iam", region_name=self.region, config=self._config()
        )

    @cached_property
    def glue(self) -> GlueClient:
        """Glue's catalogue of tables."""
        return self.session.client(
            "glue", region_name=self.region, config=self._config()
        )

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """Log groups."""
        return self.session.client(
            "logs", region_name=self.region, config=self._config()
        )

    @cached_property
    def ssm(self) -> SSMClient:
        """Parameters: the lock is one."""
        return self.session.client(
            "ssm", region_name=self.region, config=self._config()
        )

    @cached_property
    def sts(self) -> STSClient:
        """Who is asking."""
        return self.session.client(
            "sts", region_name=self.region, config=self._config()
        )

    @cached_property
    def quotas(self) -> ServiceQuotasClient:
        """How much an account may have."""
        return self.session.client(
            "service-quotas", region_name=self.region, config=self._config()
        )

    @cached_property
    def pricing(self) -> PricingClient:
        """What things cost."""
        return self.session.client(
            "pricing", region_name=PRICES_ARE_IN, config=self._config(5)
        )

    @cached_property
    def own_s3(self) -> S3Client:
        """Buckets, as the caller."""
        return self.s3(signed=True)

    def s3(self, *, signed: bool) -> S3Client:
        """Buckets, as the caller or as anybody."""
        from botocore import UNSIGNED
        from botocore.config import Config

        config = self._config()
        if not signed:
            config = config.merge(Config(signature_version=UNSIGNED))
        return self.session.client("s3", region_name=self.region, config=config)


def connect(region: str) -> Clients:
    """Clients by boto3's own rules: its chain of credentials, its variables."""
    try:
        import boto3
        from botocore import exceptions as boto
    except ImportError as error:
        raise ConfigurationError(
            'The warehouse on AWS needs boto3: pip install -e ".[redshift]" '
            "-c constraints.txt."
        ) from error
    from infra.aws import faults

    try:
        session = boto3.Session()
        _refuse_unknown(region, session.get_available_regions("redshift"))
        if session.get_credentials() is None:
            raise boto.NoCredentialsError
    except (boto.BotoCoreError, boto.ClientError) as error:
        raise faults.told(error) from error
    return Clients(session, region)


def _refuse_unknown(region: str, known: Sequence[str]) -> None:
    """Raises for a region that boto3 does not know; no request finds that out."""
    if region not in known:
        near = difflib.get_close_matches(region, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise ConfigurationError(
            f"There is no region {region} with Redshift{hint} "
            "The setting aws_region names it."
        )


@dataclass(frozen=True)
class Caller:
    """Who runs this."""

    account: str
    arn: str

    @property
    def name(self) -> str:
        """The last part of the ARN, as the tag `owner` takes it."""
        return self.arn.rpartition("/")[2][:200]


def caller(clients: Clients, expected_account: str) -> Caller:
    """Asks AWS who is asking; raises where it is another account than the setting's."""
    from infra.aws.patience import read

    found = read(clients.sts.get_caller_identity)
    if expected_account and found["Account"] != expected_account:
        raise CredentialsError(
            f"The credentials belong to account {found['Account']}, the setting "
            f"aws_account says {expected_account}. Log in to that one (AWS_PROFILE), "
            "or correct the setting."
        )
    return Caller(found["Account"], found["Arn"])
