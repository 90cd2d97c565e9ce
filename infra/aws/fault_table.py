"""What AWS and boto3 answer when they refuse, and what a person is told.

`ROWS` is read from above: the first row with the code of the error, and whose `says`
is found in AWS's text, gives the sentence. A row without codes is for any code. Named
groups of `says` are fields of the sentence, as are `{code}`, `{operation}`, `{request}`
and `{said}`, which is AWS's own text as a sentence or nothing.

Sources: botocore's service models, AWS's API references, texts in public issues.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.aws import fault_codes as known
from infra.errors import (
    AwsDenied,
    AwsError,
    ConfigurationError,
    CredentialsError,
    SparkifyError,
)

QUOTAS = "https://console.aws.amazon.com/servicequotas"


@dataclass(frozen=True)
class Row:
    """Codes, parted by spaces, and the sentence for them."""

    codes: str
    sentence: str
    says: str = ""
    kind: type[SparkifyError] = AwsError


_LOGIN = (
    "AWS does not accept the credentials ({code}). Log in again (`aws sso login`), or "
    "correct them (AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)."
)
_CLOCK = (
    "AWS refuses requests because the clock of this machine is wrong ({code}). Set it, "
    "and run the command again."
)
_SIGN_UP = (
    "The AWS account may not use this service yet ({code}). {said} Finish its sign-up "
    "in the AWS console, which takes up to a day to count, and run the command again."
)
_NODE_TYPE = (
    "AWS does not offer the node type {node} to this account here ({code}). Set "
    "node_type to another one: `aws redshift describe-orderable-cluster-options` lists "
    "those that there are, and dc2 and older ones are retired."
)
_VALUE = (
    "AWS refuses what {operation} asks for ({code}). {said} Correct the setting that "
    "this is about, and run the command again."
)
_AGAIN = (
    "AWS is busy, and refused {operation} ({code}). Wait a minute and run the command "
    "again; what was made before is found."
)
_TAKEN = (
    "There is {what} of this name already ({code}). Run the command again, which looks "
    "whose it is; if it is not this project's, set another stack, or delete it."
)


def _quota(codes: str, what: str) -> Row:
    return Row(
        codes,
        f"The account's quota of {what} is used up ({{code}}). {{said}} Delete what "
        f"nobody needs, or ask for more at {QUOTAS}.",
    )


def _taken(codes: str, what: str) -> Row:
    return Row(codes, _TAKEN.replace("{what}", what))


ROWS = (
    # What the text says, whatever the code
    Row(
        "",
        "The account lacks the service-linked role of Redshift, and it could not be "
        "made ({code}). Have somebody with iam:CreateServiceLinkedRole run `aws iam "
        "create-service-linked-role --aws-service-name redshift.amazonaws.com`.",
        r"service.linked.role|AWSServiceRoleForRedshift",
    ),
    Row(
        "",
        "The account blocks public access to its networks: VPC Block Public Access is "
        "on ({code}). Set aws_access to private, or have an administrator exempt the "
        "VPC.",
        r"block public access",
    ),
    Row(
        "",
        _NODE_TYPE,
        r"(?:invalid node type|access to node type):?\s+(?P<node>\w+(?:\.\w+)?)",
        ConfigurationError,
    ),
    Row("", _SIGN_UP, r"not (?:yet )?subscribed|needs? a subscription|not signed up"),
    Row("", _CLOCK, known.SKEWED, CredentialsError),
    # Who asks
    Row(
        "ExpiredToken ExpiredTokenException RequestExpired",
        "The AWS credentials have expired, or this machine's clock is wrong ({code}). "
        "Log in again (`aws sso login`) and run the command again; what was made "
        "before is found.",
        kind=CredentialsError,
    ),
    Row(
        "InvalidClientTokenId UnrecognizedClientException InvalidAccessKeyId "
        "SignatureDoesNotMatch InvalidSignatureException IncompleteSignature "
        "InvalidToken MissingAuthenticationToken MissingAuthenticationTokenException",
        _LOGIN,
        kind=CredentialsError,
    ),
    Row("AuthFailure", _LOGIN, known.UNKNOWN_LOGIN, CredentialsError),
    Row("RequestTimeTooSkewed", _CLOCK, kind=CredentialsError),
    Row(
        "OptInRequired SubscriptionRequired SubscriptionRequiredException NotSignedUp "
        "PendingVerification Blocked AccountProblem",
        _SIGN_UP,
    ),
    Row(
        "RegionDisabledException",
        "The account has not enabled this region ({code}). Enable it in the AWS "
        "console, or set another aws_region.",
        kind=ConfigurationError,
    ),
    Row(
        "DependentServiceAccessDenied",
        "Another service denied Redshift what it needs on your behalf, most often "
        "Secrets Manager or KMS ({code}). {said} `invoke policy` prints the "
        "permissions that are needed; have them attached.",
        kind=AwsDenied,
    ),
    Row(
        "AccessToSnapshotDenied AccessToClusterDenied",
        "The account may not use this snapshot or cluster ({code}). Take one of its "
        "own, or have the owner share it.",
        kind=AwsDenied,
    ),
    # Quotas and capacity
    _quota("ClusterQuotaExceeded", "clusters"),
    _quota(
        "NumberOfNodesQuotaExceeded", "nodes, which new accounts may start without,"
    ),
    _quota("NumberOfNodesPerClusterLimitExceeded", "nodes in one cluster"),
    _quota("ClusterSubnetGroupQuotaExceeded", "cluster subnet groups"),
    _quota("ClusterSubnetQuotaExceededFault", "subnets in one cluster subnet group"),
    _quota("ClusterParameterGroupQuotaExceeded", "cluster parameter groups"),
    _quota("ClusterSnapshotQuotaExceeded", "manual snapshots"),
    _quota("ScheduledActionQuotaExceeded", "scheduled actions"),
    _quota("LimitExceededFault", "grants on the KMS key"),
    _quota("TagLimitExceededFault TagLimitExceeded TooManyTagsException", "tags"),
    _quota("TableLimitExceeded", "tables for this node type"),
    _quota("VpcLimitExceeded", "VPCs in this region"),
    _quota("SubnetLimitExceeded", "subnets in one VPC"),
    _quota("InternetGatewayLimitExceeded", "internet gateways in this region"),
    _quota("RouteTableLimitExceeded", "route tables in one VPC"),
    _quota("RouteLimitExceeded", "routes in one route table"),
    _quota("SecurityGroupLimitExceeded", "security groups in this region"),
    _quota("RulesPerSecurityGroupLimitExceeded", "rules in one security group"),
    _quota("VpcEndpointLimitExceeded", "gateway endpoints in this region"),
    _quota("AddressLimitExceeded", "elastic IP addresses in this region"),
    _quota("LimitExceeded", "roles, policies or tags in IAM"),
    _quota("ParameterLimitExceeded ParameterMaxVersionLimitExceeded", "parameters"),
    _quota("ResourceNumberLimitExceededException", "databases and tables in Glue"),
    _quota(
        "LimitExceededException ServiceQuotaExceededException QuotaExceededException",
        "what {operation} makes",
    ),
    Row(
        "InsufficientClusterCapacity",
        "AWS has no room for such a cluster at the moment ({code}), so nothing was "
        "made and nothing costs. Try again later, or set another node_type or "
        "aws_region.",
    ),
    # Names that are taken
    _taken("ClusterAlreadyExists", "a cluster"),
    _taken("ClusterSubnetGroupAlreadyExists", "a cluster subnet group"),
    _taken("ClusterParameterGroupAlreadyExists", "a cluster parameter group"),
    _taken("ClusterSnapshotAlreadyExists", "a snapshot"),
    _taken("ScheduledActionAlreadyExists", "a scheduled action"),
    _taken("UsageLimitAlreadyExists", "a usage limit"),
    _taken("EntityAlreadyExists", "a role"),
    _taken("InvalidGroup.Duplicate", "a security group"),
    _taken("ResourceAlreadyExistsException", "a log group"),
    Row(
        "ParameterAlreadyExists",
        "Another run holds the lock of this stack ({code}). Wait until it has ended, "
        "and run the command again.",
    ),
    Row(
        known.THERE,
        "What {operation} makes is there already ({code}). Run the command again, "
        "which finds it.",
    ),
    # States
    Row(
        "InvalidClusterSnapshotState InvalidParameterValue",
        "The snapshot is still used by a cluster that was deleted ({code}). It can be "
        "deleted once there is a newer one; try again tomorrow.",
        known.OLD_SNAPSHOT,
    ),
    Row(
        "InvalidClusterState",
        "The cluster is paused, and {operation} does not work then ({code}). Resume it "
        "if this has to be done, and run the command again.",
        known.PAUSED,
    ),
    Row(
        known.BUSY,
        "AWS refuses {operation} because something else is still running on the "
        "cluster, or its state does not allow it ({code}). {said} Wait some minutes "
        "and run the command again.",
    ),
    Row(
        known.IN_USE,
        "Something still uses what {operation} is about ({code}). {said} Redshift "
        "takes a while to let go of network interfaces: run the command again in some "
        "minutes, and if it stays delete what others put there.",
    ),
    Row(known.THROTTLED, _AGAIN),
    Row(known.UNAVAILABLE, _AGAIN),
    Row(
        known.BROKEN,
        "AWS failed on its own side in {operation} ({code}, request {request}). Run "
        "the command again: what was made is found. If it comes back, look at "
        "https://health.aws.amazon.com.",
    ),
    # Settings
    Row(
        "InvalidSubnet.Conflict InvalidSubnet.Range InvalidVpc.Range InvalidVpcRange",
        "The VPC cannot have these addresses ({code}). {said} Set aws_network to a "
        "range that is free, and run the command again.",
        kind=ConfigurationError,
    ),
    Row(
        known.REFUSED,
        "AWS does not accept the IAM role yet ({code}). {said} A new role takes up to "
        "a minute to be known: run the command again then. If it stays, `invoke up` "
        "repairs whom the role trusts.",
        known.UNKNOWN_ROLE,
    ),
    Row(
        "InvalidSubnet InvalidClusterSubnetStateFault SubnetAlreadyInUse "
        "InvalidVPCNetworkStateFault Ipv6CidrBlockNotFoundFault",
        "The subnets are not fit for a cluster ({code}). {said} Run `invoke up` again, "
        "which repairs them; delete subnets that were added by hand.",
    ),
    Row(
        "BucketNotFoundFault InsufficientS3BucketPolicyFault InvalidS3BucketNameFault "
        "InvalidS3KeyPrefixFault",
        "Redshift cannot write its logs to that bucket ({code}). {said} Let it write "
        "to CloudWatch, as `invoke up` sets it, or correct the bucket and its policy.",
    ),
    Row(
        "NoSuchBucket 404",
        "The bucket does not exist ({code}). Correct copy_from in invoke.yaml.",
        kind=ConfigurationError,
    ),
    Row(
        "301 PermanentRedirect AuthorizationHeaderMalformed "
        "IllegalLocationConstraintException",
        "The bucket is in another region than the warehouse ({code}). Set aws_region "
        "to the bucket's, or copy_from to a bucket in this one: a cluster in a closed "
        "network reaches no others.",
        kind=ConfigurationError,
    ),
    Row(
        "InvalidSchedule InvalidScheduledAction ScheduledActionTypeUnsupported",
        "AWS refuses the scheduled pause ({code}). {said} Set lifetime_hours so that "
        "it lies in the future, an hour or more from other scheduled actions.",
        kind=ConfigurationError,
    ),
    Row(
        "MalformedPolicyDocument MalformedPolicyDocumentException PackedPolicyTooLarge",
        "IAM refuses the policy of {operation} ({code}). {said} Correct the settings "
        "that go into it, copy_from and stack, and run the command again.",
    ),
    Row(
        "InvalidParameterValue InvalidParameterCombination InvalidParameterException "
        "InvalidParameter MissingParameter ValidationError ValidationException "
        "InvalidInput InvalidRequest InvalidRequestException RedshiftInvalidParameter "
        "InvalidRestore InvalidRetentionPeriodFault InvalidTagFault InvalidUsageLimit "
        "InvalidClusterTrack InvalidElasticIpFault UnsupportedOperation "
        "UnsupportedOptionFault OperationNotPermitted IncompatibleOrderableOptions",
        _VALUE,
    ),
    Row(
        "InvalidAction UnknownOperationException",
        "What answers does not know {operation} ({code}): it is an imitation of AWS. "
        "Correct or unset AWS_ENDPOINT_URL, and run the command again.",
        kind=ConfigurationError,
    ),
)
