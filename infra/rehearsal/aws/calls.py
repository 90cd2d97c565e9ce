"""The calls that went through a session, as a recorder keeps them."""

from dataclasses import dataclass, field

from botocore.model import OperationModel

from infra.rehearsal.aws.answers import Params

_READS = (
    "Describe",
    "Get",
    "List",
    "Lookup",
    "Head",
    "Search",
    "Simulate",
    "Decode",
    "Select",
    "BatchGet",
    "Estimate",
    "AssumeRole",
    "FilterLogEvents",
)
_IAM_PREFIXES = {
    "service-quotas": "servicequotas",
    "resourcegroupstaggingapi": "tag",
    "stepfunctions": "states",
}
_ACTIONS = {  # those that a policy names differently
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
}


@dataclass
class Call:
    """One call of the client: tries of botocore's own retries are one call."""

    service: str  # as in session.client(service)
    operation: str  # as AWS names it: CreateCluster
    params: Params
    region: str = ""
    error: str = ""  # the code that it was refused with
    model: OperationModel | None = field(default=None, repr=False, compare=False)
    killed_after: bool = field(default=False, repr=False, compare=False)

    @property
    def is_write(self) -> bool:
        """Whether it changes something."""
        return not self.operation.startswith(_READS)

    @property
    def action(self) -> str:
        """What a policy of IAM calls it: `redshift:CreateCluster`."""
        name = f"{_IAM_PREFIXES.get(self.service, self.service)}:{self.operation}"
        return _ACTIONS.get(name, name)

    def __str__(self) -> str:
        return f"{self.service}.{self.operation}"
