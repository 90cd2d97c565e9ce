import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import boto3
import botocore.session
import pytest
from botocore import exceptions as boto
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ServiceModel
from botocore.parsers import ResponseParserError
from botocore.stub import Stubber
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.aws import denials, fault_codes, fault_table, faults
from infra.aws.fault_exceptions import EXCEPTIONS
from infra.aws.fault_table import ROWS, Row
from infra.aws.redaction import redacted
from infra.errors import (
    AwsDenied,
    AwsError,
    ConfigurationError,
    CredentialsError,
    SparkifyError,
)

Fault = BotoCoreError | ClientError | ResponseParserError

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/reader"
CLUSTER = f"arn:aws:redshift:us-west-2:{ACCOUNT}:cluster:sparkify-dev"

# Texts that are found by what rows say, whatever stands around that
EXAMPLES = {
    fault_codes.UNKNOWN_ROLE: "The IAM role x is not valid.",
    fault_codes.PAUSED: "Cluster sparkify-dev is paused.",
    fault_codes.OLD_SNAPSHOT: "You can't delete snapshot s because it is used by "
    "cluster deleted-1.",
    fault_codes.SKEWED: "Signature expired: 20261009T120000Z is now earlier",
    fault_codes.UNKNOWN_LOGIN: "AWS was not able to validate the provided access "
    "credentials",
    "service.linked.role|AWSServiceRoleForRedshift": "create the service-linked role",
    "block public access": "VPC Block Public Access is on.",
    r"not (?:yet )?subscribed|needs? a subscription|not signed up": "The AWS Access "
    "Key Id needs a subscription for the service",
}
NODE_TYPES = (
    "Invalid node type: dc2.large",
    "You do not have access to node type dc2.large. Choose another node type",
)
ADVICE = re.compile(
    r"\b(run|set|log in|correct|delete|wait|resume|ask|have|let|look|try|take|give"
    r"|finish|enable|check|install|remove|write|unset|have it|rename)\b",
    re.IGNORECASE,
)
# Modelled errors of the operations below that are about what this project never uses
NOT_OURS = re.compile(
    "Hsm|ReservedNode|Redshift(Idc)|CustomCname|ClusterSecurityGroup|SnapshotSchedule"
)


def refused(code: str, text: str = "", operation: str = "CreateCluster") -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": text},
            "ResponseMetadata": {
                "RequestId": "e5d2-request",
                "HTTPStatusCode": 400,
                "HostId": "",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        operation,
    )


def sentence(error: Fault, kind: type[SparkifyError] = AwsError) -> str:
    told = faults.told(error)
    assert type(told) is kind
    text = str(told)
    assert ADVICE.search(text), text
    assert not re.search(r"[{}]|  |\?\?|Traceback", text), text
    return text


@pytest.fixture(autouse=True)
def nothing_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEEXAMPLE00")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")


@cache
def model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


@cache
def modelled(service: str) -> set[str]:
    return codes(model(service).error_shapes)


def codes(shapes: Iterable[Any]) -> set[str]:
    """The codes on the wire; the stubs do not know them."""
    return {shape.error_code for shape in shapes}


# The table


def test_the_codes_of_redshift_are_spelled_as_its_model_spells_them() -> None:
    # Some keep the suffix Fault, some do not
    stems = {re.sub("Fault$", "", code): code for code in modelled("redshift")}
    elsewhere = (
        modelled("iam") | modelled("ssm") | modelled("logs") | {"TagLimitExceeded"}
    )
    for row in ROWS:
        for code in row.codes.split():
            known = stems.get(re.sub("Fault$", "", code))
            assert known in {None, code} or code in elsewhere, code


@pytest.mark.parametrize(
    "code",
    [
        code
        for row in ROWS
        for code in row.codes.split()
        if code.startswith(("Cluster", "NumberOf", "ScheduledAction", "UsageLimit"))
        or code.endswith("Fault")
    ],
)
def test_a_code_in_redshifts_manner_is_one_of_redshifts(code: str) -> None:
    assert code in modelled("redshift")


@pytest.mark.parametrize(
    ("service", "codes"),
    [
        (
            "iam",
            "DeleteConflict EntityAlreadyExists LimitExceeded ConcurrentModification",
        ),
        ("iam", "MalformedPolicyDocument NoSuchEntity ServiceFailure InvalidInput"),
        ("ssm", "ParameterAlreadyExists ParameterLimitExceeded ParameterNotFound"),
        ("ssm", "TooManyUpdates InternalServerError"),
        ("logs", "ResourceAlreadyExistsException LimitExceededException"),
        ("logs", "OperationAbortedException ServiceUnavailableException"),
        ("sts", "ExpiredTokenException RegionDisabledException PackedPolicyTooLarge"),
        ("pricing", "AccessDeniedException ThrottlingException InternalErrorException"),
        ("service-quotas", "TooManyRequestsException ServiceException"),
        ("service-quotas", "DependencyAccessDeniedException QuotaExceededException"),
    ],
)
def test_codes_of_other_services_are_theirs(service: str, codes: str) -> None:
    assert set(codes.split()) <= modelled(service)
    for code in codes.split():
        assert f"({code}" in sentence_of_any_kind(refused(code))


def sentence_of_any_kind(error: Fault) -> str:
    kind = type(faults.told(error))
    text = sentence(error, kind)
    # A denial tells the action instead of the code
    code = faults._code(error)
    return f"{text} ({code}" if kind is AwsDenied else text


def test_whatever_redshift_may_answer_to_us_has_a_row() -> None:
    asked = denials._OPERATIONS["redshift"].split()
    operations = (model("redshift").operation_model(each) for each in asked)
    answers = {code for each in operations for code in codes(each.error_shapes)}
    assert len(answers) > 50
    known = {code for row in ROWS for code in row.codes.split()} | set(
        fault_codes.DENIED.split()
    )
    without = {
        code
        for code in answers - known
        if not NOT_OURS.search(code) and not faults.is_missing(refused(code))
    }
    assert without == set()


@pytest.mark.parametrize(
    ("row", "code"),
    [(row, code) for row in ROWS for code in (row.codes or "Anything").split()],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_row_tells_what_happened_and_what_to_do(row: Row, code: str) -> None:
    text = EXAMPLES.get(row.says, "" if not row.says else NODE_TYPES[0])
    # 404 is no row's unless it is about a bucket
    operation = "HeadBucket" if code.isdigit() else "CreateCluster"
    error = refused(code, text, operation)
    told = faults.told(error)
    assert isinstance(told, row.kind)
    assert code in sentence(error, type(told))
    assert type(told) is row.kind or type(told) is AwsDenied


def test_rows_are_reached() -> None:
    # None is hidden by one above it that has its code and asks nothing of the text
    seen: set[str] = set()
    for row in ROWS:
        codes = set(row.codes.split())
        assert not codes or codes - seen, row
        if not row.says:
            assert row.codes, row
            seen |= codes


@pytest.mark.parametrize("text", NODE_TYPES)
@pytest.mark.parametrize(
    "code", ["InvalidParameterValue", "NumberOfNodesQuotaExceeded"]
)
def test_a_retired_node_type_is_named(code: str, text: str) -> None:
    told = sentence(refused(code, text), ConfigurationError)
    assert "node type dc2.large" in told
    assert "node_type" in told
    assert "retired" in told


def test_a_quota_is_named_with_aws_own_figures_and_where_to_raise_it() -> None:
    told = sentence(
        refused("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
    )
    assert "VPCs in this region" in told
    assert "The maximum number of VPCs has been reached" in told
    assert fault_table.QUOTAS in told


def test_public_access_that_the_account_blocks_leads_to_private_access() -> None:
    for code in (
        "InvalidParameterValue",
        "UnauthorizedOperation",
        "OperationNotPermitted",
    ):
        told = str(
            faults.told(
                refused(code, "because VPC Block Public Access (BPA) is enabled")
            )
        )
        assert "aws_access to private" in told


def test_a_missing_service_linked_role_is_told_with_its_command() -> None:
    text = (
        f"User: {USER} is not authorized to perform: iam:CreateServiceLinkedRole on "
        f"resource: arn:aws:iam::{ACCOUNT}:role/aws-service-role/"
        "redshift.amazonaws.com/AWSServiceRoleForRedshift"
    )
    told = sentence(refused("AccessDenied", text), AwsDenied)
    assert "--aws-service-name redshift.amazonaws.com" in told


def test_an_unknown_code_is_told_with_operation_and_request() -> None:
    told = sentence(refused("BrandNew", "Something.", "PauseCluster"))
    assert "PauseCluster (BrandNew, request e5d2-request)" in told
    assert "“Something”" in told


@pytest.mark.parametrize(
    "response",
    [{}, {"Error": {}}, {"Error": {"Code": None, "Message": None}}],
)
def test_an_answer_without_a_code_is_told(response: dict[str, Any]) -> None:
    told = sentence(ClientError(cast("Any", response), "CreateVpc"))
    assert "CreateVpc (no code, request" in told


@pytest.mark.parametrize("code", ["301", "403", "404", "502"])
def test_a_number_instead_of_a_code_is_not_aws_unless_a_bucket_was_asked(
    code: str,
) -> None:
    error = refused(code, "Not Found", "DescribeClusters")
    assert "is not AWS" in sentence(error)
    assert not faults.is_missing(error)
    assert not faults.is_denied(error)


def test_the_three_answers_about_a_bucket_are_told_apart() -> None:
    missing = refused("404", "Not Found", "HeadBucket")
    denied = refused("403", "Forbidden", "HeadBucket")
    elsewhere = refused("301", "Moved Permanently", "HeadBucket")
    assert "copy_from" in sentence(missing, ConfigurationError)
    assert "s3:ListBucket" in sentence(denied, AwsDenied)
    assert "another region" in sentence(elsewhere, ConfigurationError)
    assert (faults.is_missing(missing), faults.is_denied(denied)) == (True, True)


# Denials


ALLOWS = "allows the redshift:CreateCluster action"


def denied(reason: str, action: str = "redshift:CreateCluster") -> str:
    text = f"User: {USER} is not authorized to perform: {action} on resource: {CLUSTER}"
    told = sentence(refused("AccessDenied", f"{text}{reason}"), AwsDenied)
    assert f"{action} is denied to {USER} on {CLUSTER}" in told
    assert "`invoke policy` prints" in told
    return told


@pytest.mark.parametrize(
    ("reason", "cause", "remedy"),
    [
        ("", ".", f"attached to {USER}"),
        (
            f" because no identity-based policy {ALLOWS}",
            ": no identity-based policy allows it.",
            f"attached to {USER}",
        ),
        (
            f" because no permissions boundary {ALLOWS}",
            ": no permissions boundary allows it.",
            "widen it",
        ),
        (
            f" because no session policy {ALLOWS}",
            ": no session policy allows it.",
            "without the session policy",
        ),
        (
            f" because no service control policy {ALLOWS}",
            ": no service control policy allows it.",
            "organisation",
        ),
        (
            f" because no VPC endpoint policy {ALLOWS}",
            ": no VPC endpoint policy allows it.",
            "endpoint of this network",
        ),
        (
            f" because no resource-based policy {ALLOWS}",
            ": no resource-based policy allows it.",
            "the resource itself",
        ),
        (
            " with an explicit deny in an identity-based policy",
            ", explicitly by an identity-based policy.",
            "the policy that denies",
        ),
        (
            " with an explicit deny in a service control policy",
            ", explicitly by a service control policy.",
            "organisation",
        ),
        (
            " with an explicit deny in a permissions boundary: "
            f"arn:aws:iam::{ACCOUNT}:policy/boundary.",
            f", explicitly by a permissions boundary (arn:aws:iam::{ACCOUNT}:policy/"
            "boundary).",
            "widen it",
        ),
        (
            " with an explicit deny",
            ", explicitly by a policy.",
            "the policy that denies",
        ),
    ],
)
def test_a_denial_names_who_what_and_which_policy(
    reason: str, cause: str, remedy: str
) -> None:
    told = denied(reason)
    assert f"{CLUSTER}{cause}" in told
    assert remedy in told


def test_what_ec2_encodes_is_not_printed_but_how_to_read_it_is() -> None:
    encoded = "Yb2x_" * 200
    text = (
        "You are not authorized to perform this operation. Encoded authorization "
        f"failure message: {encoded}"
    )
    told = sentence(refused("UnauthorizedOperation", text, "CreateVpc"), AwsDenied)
    assert told.startswith("ec2:CreateVpc is denied to whoever runs this. ")
    assert "aws sts decode-authorization-message" in told
    assert "Yb2x" not in told
    assert denials.action("CreateTags", text) == "ec2:CreateTags"
    assert (
        denials.action("CreateTags", "Your account is not authorized") == "CreateTags"
    )


def test_each_operation_is_one_of_its_service_and_of_no_other() -> None:
    names = {"servicequotas": "service-quotas"}
    listed: list[str] = []
    for service, operations in denials._OPERATIONS.items():
        found = model(names.get(service, service)).operation_names
        assert set(operations.split()) <= set(found)
        listed += operations.split()
    assert len(listed) == len(set(listed))


def test_unknown_keys_are_not_lacking_permissions() -> None:
    error = refused(
        "AuthFailure",
        "AWS was not able to validate the provided access credentials",
        "DescribeVpcs",
    )
    assert not faults.is_denied(error)
    assert "log in again" in sentence(error, CredentialsError).lower()
    assert faults.is_denied(refused("AuthFailure", "You may not."))


@pytest.mark.parametrize("code", ["InvalidSignatureException", "SignatureDoesNotMatch"])
def test_a_wrong_clock_is_no_wrong_key(code: str) -> None:
    text = "Signature expired: 20261009T1Z is now earlier than 20261009T2Z"
    assert "clock" in sentence(refused(code, text), CredentialsError)


# Kinds


BUSY = "There is an operation running on the Cluster. Please try again later."
USED = "You can't delete snapshot s because it is used by cluster deleted-1."
ROLE = (
    "The IAM role sparkify-dev-copy is not valid. The IAM role must delegate access to "
    "an Amazon Redshift account."
)
SCHEDULER = "The IAM role must delegate access to Amazon Redshift scheduler"
DELETABLE = "The cluster must be in one of these states: ACTIVE, PAUSED, or paused"


@pytest.mark.parametrize(
    ("is_so", "code", "text", "expected"),
    [
        (faults.is_throttled, "Throttling", "Rate exceeded", True),
        (faults.is_throttled, "RequestLimitExceeded", "", True),
        (faults.is_throttled, "DependentServiceUnavailableFault", "", True),
        (faults.is_throttled, "LimitExceeded", "", False),
        (faults.is_throttled, "ClusterQuotaExceeded", "", False),
        (faults.is_busy_state, "InvalidClusterState", BUSY, True),
        (faults.is_busy_state, "InvalidClusterState", DELETABLE, True),
        (faults.is_busy_state, "InvalidClusterState", "The cluster is pausing", True),
        (faults.is_busy_state, "InvalidClusterState", "The cluster is paused", False),
        (
            faults.is_busy_state,
            "InvalidClusterState",
            "cluster x in paused state",
            False,
        ),
        (faults.is_busy_state, "InvalidClusterSnapshotState", USED, False),
        (faults.is_in_use, "InvalidClusterSnapshotState", USED, True),
        (faults.is_in_use, "InvalidClusterSnapshotState", "creating", False),
        (faults.is_in_use, "DependencyViolation", "", True),
        (faults.is_in_use, "InvalidClusterSubnetGroupStateFault", "", True),
        (faults.is_in_use, "InvalidClusterParameterGroupState", "", True),
        (faults.is_in_use, "DeleteConflict", "", True),
        (faults.is_in_use, "InvalidParameterValue", "", False),
        (faults.is_missing, "ClusterNotFound", "", True),
        (faults.is_missing, "ClusterSubnetGroupNotFoundFault", "", True),
        (faults.is_missing, "NoSuchEntity", "", True),
        (faults.is_missing, "NoSuchBucket", "", True),
        (faults.is_missing, "ParameterNotFound", "", True),
        (faults.is_missing, "ResourceNotFoundException", "", True),
        (faults.is_missing, "InvalidVpcID.NotFound", "", True),
        (faults.is_missing, "InvalidGroup.NotFound", "", True),
        (faults.is_missing, "Gateway.NotAttached", "", True),
        (faults.is_missing, "AccessDenied", "", False),
        (faults.is_missing, "InvalidVpcID.Malformed", "", False),
        (faults.is_there_already, "ClusterAlreadyExists", "", True),
        (faults.is_there_already, "EntityAlreadyExists", "", True),
        (faults.is_there_already, "ResourceAlreadyExistsException", "", True),
        (faults.is_there_already, "ParameterAlreadyExists", "", True),
        (faults.is_there_already, "InvalidPermission.Duplicate", "", True),
        (faults.is_there_already, "RouteAlreadyExists", "", True),
        (faults.is_there_already, "Resource.AlreadyAssociated", "", True),
        (faults.is_there_already, "ClusterNotFound", "", False),
        (faults.is_lost_reply, "InternalFailure", "", True),
        (faults.is_lost_reply, "Throttling", "", False),
        (faults.is_role_unknown_yet, "InvalidParameterValue", ROLE, True),
        (faults.is_role_unknown_yet, "InvalidParameterValue", SCHEDULER, True),
        (faults.is_role_unknown_yet, "InvalidParameterValue", NODE_TYPES[0], False),
        (faults.is_role_unknown_yet, "AccessDenied", ROLE, False),
        (faults.is_denied, "AccessDenied", "", True),
        (faults.is_denied, "AccessDeniedException", "", True),
        (faults.is_denied, "UnauthorizedOperation", "", True),
        (faults.is_denied, "DependentServiceAccessDenied", "", True),
        (faults.is_denied, "ExpiredToken", "", False),
    ],
)
def test_what_kind_of_error_it_is(
    is_so: Callable[[Fault], bool], code: str, text: str, expected: bool
) -> None:
    assert is_so(refused(code, text)) is expected


def test_every_not_found_that_redshift_has_is_missing() -> None:
    found = {code for code in modelled("redshift") if "NotFound" in code}
    assert len(found) > 20
    assert all(faults.is_missing(refused(code)) for code in found)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (boto.ConnectionClosedError(endpoint_url="https://a.amazonaws.com"), True),
        (boto.ReadTimeoutError(endpoint_url="https://a.amazonaws.com"), True),
        (boto.ResponseStreamingError(error="x"), True),
        (boto.HTTPClientError(error="x"), True),
        (ResponseParserError("Unable to parse response"), True),
        (boto.ConnectTimeoutError(endpoint_url="https://a.amazonaws.com"), False),
        (boto.EndpointConnectionError(endpoint_url="https://a.amazonaws.com"), False),
        (boto.ProxyConnectionError(proxy_url="http://proxy"), False),
        (boto.SSLError(endpoint_url="https://a", error=OSError()), False),
        (boto.NoCredentialsError(), False),
    ],
)
def test_a_reply_is_lost_only_after_the_request_was_sent(
    error: Fault, expected: bool
) -> None:
    assert faults.is_lost_reply(error) is expected
    others = (
        faults.is_missing,
        faults.is_throttled,
        faults.is_denied,
        faults.is_in_use,
    )
    assert not any(is_so(error) for is_so in others)


# What boto3 itself says


def made(found: type[Exception]) -> Fault:
    """The exception with nothing in it but what its own text needs."""
    fields: dict[str, Any] = dict.fromkeys(
        re.findall(r"{(\w+)", getattr(found, "fmt", "")), "something"
    )
    if issubclass(found, boto.WaiterError):
        fields["last_response"] = {}
    error = found(**fields)
    assert isinstance(error, BotoCoreError | ResponseParserError)
    return error


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_each_exception_of_the_table_is_botocores_and_has_advice(name: str) -> None:
    found = (
        ResponseParserError if name == "ResponseParserError" else getattr(boto, name)
    )
    sentence(made(found), EXCEPTIONS[name][0])


def test_any_exception_of_botocore_has_a_sentence() -> None:
    for found in vars(boto).values():
        if isinstance(found, type) and issubclass(found, BotoCoreError):
            error = made(found)
            sentence(error, type(faults.told(error)))


def test_no_credentials_tells_the_ways_to_log_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sts = boto3.Session().client("sts", region_name="us-west-2")
    with pytest.raises(CredentialsError) as error, faults.translated():
        sts.get_caller_identity()
    sts.close()
    told = str(error.value)
    assert all(way in told for way in ("aws sso login", "aws configure", "AWS_PROFILE"))
    assert isinstance(error.value.__cause__, boto.NoCredentialsError)
    monkeypatch.setenv("AWS_PROFILE", "work")
    told = sentence(boto.NoCredentialsError(), CredentialsError)
    assert "of the profile work" in told
    assert "aws sso login --profile work" in told


def test_half_of_the_credentials_names_the_other_half(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEEXAMPLE00")
    with (
        pytest.raises(CredentialsError, match="lack AWS_SECRET_ACCESS_KEY"),
        faults.translated(),
    ):
        boto3.Session().get_credentials()


def test_a_missing_profile_is_told_with_those_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[profile work]\nregion = us-west-2\n[default]\n")
    monkeypatch.setenv("AWS_PROFILE", "wrok")
    with (
        pytest.raises(CredentialsError, match=r"wrok.*\(work, default\)"),
        faults.translated(),
    ):
        boto3.Session()


def log_in() -> None:
    credentials = boto3.Session().get_credentials()
    assert credentials is not None
    credentials.get_frozen_credentials()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("sso_session = s\nsso_account_id = 1\nsso_role_name = r\n", "aws sso login"),
        (
            "sso_start_url = https://example.awsapps.com/start\n"
            "sso_region = us-west-2\nsso_account_id = 1\nsso_role_name = r\n",
            "aws sso login --profile work",
        ),
        ("credential_process = false --secret hunter2\n", r"custom-process \(false\)"),
        ("role_arn = arn:aws:iam::1:role/r\n", "lack source_profile"),
        (
            "role_arn = arn:aws:iam::123456789012:role/r\nsource_profile = work\n",
            "Infinite loop",
        ),
    ],
)
def test_a_profile_that_does_not_work_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str, said: str
) -> None:
    session = (
        "[sso-session s]\nsso_start_url = https://example.awsapps.com/start\n"
        "sso_region = us-west-2\n"
    )
    (tmp_path / "config").write_text(f"[profile work]\n{config}{session}")
    monkeypatch.setenv("AWS_PROFILE", "work")
    with pytest.raises(ConfigurationError, match=said) as error, faults.translated():
        log_in()
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (boto.SSOTokenLoadError(error_msg="x"), "aws sso login"),
        (boto.UnauthorizedSSOTokenError(), "aws sso login"),
        (boto.TokenRetrievalError(provider="sso", error_msg="x"), "aws sso login"),
        (boto.LoginRefreshRequired(), "aws login"),
        (boto.RefreshWithMFAUnsupportedError(), "MFA"),
    ],
)
def test_logins_that_have_ended_are_told(error: Fault, said: str) -> None:
    assert said in sentence(error, CredentialsError)


def test_a_configuration_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("region = us-west-2\n")
    with (
        pytest.raises(ConfigurationError, match="config cannot be read"),
        faults.translated(),
    ):
        boto3.Session()


@pytest.mark.usefixtures("keys")
def test_no_region_is_told() -> None:
    with pytest.raises(ConfigurationError, match="aws_region"), faults.translated():
        boto3.Session().client("redshift")


@pytest.mark.usefixtures("keys")
def test_a_mistyped_region_is_told_with_the_nearest() -> None:
    with (
        pytest.raises(ConfigurationError, match="region us_wst_2"),
        faults.translated(),
    ):
        boto3.Session().client("redshift", region_name="us_wst_2")
    error = boto.EndpointConnectionError(
        endpoint_url="https://redshift.us-wst-2.amazonaws.com/"
    )
    assert "redshift.us-wst-2.amazonaws.com" in sentence(error)
    assert "Is us-west-2 meant?" in sentence(error)
    error = boto.EndpointConnectionError(
        endpoint_url="https://redshift.us-west-2.amazonaws.com/"
    )
    assert "meant" not in sentence(error)


@pytest.mark.usefixtures("keys")
def test_an_unreachable_endpoint_is_told_without_its_login() -> None:
    client = boto3.Session().client(
        "redshift",
        region_name="us-west-2",
        endpoint_url="http://me:hunter2@127.0.0.1:1",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
    )
    with pytest.raises(AwsError) as error, faults.translated():
        client.describe_clusters()
    client.close()
    assert "127.0.0.1:1" in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.fixture
def behind_a_login_page(keys: None) -> Iterator[tuple[Any, list[int]]]:  # noqa: ARG001
    """A client whose requests a captive portal answers, and with which status."""
    client = boto3.Session().client(
        "redshift",
        region_name="us-west-2",
        config=Config(retries={"total_max_attempts": 1}),
    )
    status = [200]

    class Page:
        def stream(self, **_: object) -> Iterator[bytes]:
            yield b"<!DOCTYPE html><html><p>Log in<br></html>"

    def answer(**_: object) -> AWSResponse:
        return AWSResponse("http://portal", status[0], HTTPHeaders(), Page())

    events: Any = client.meta.events
    events.register("before-send.redshift.*", answer)
    yield client, status
    client.close()


@pytest.mark.parametrize("code", [200, 403, 502])
def test_a_login_page_instead_of_aws_is_told(
    behind_a_login_page: tuple[Any, list[int]], code: int
) -> None:
    client, status = behind_a_login_page
    status[0] = code
    with pytest.raises(AwsError, match="AWS") as error, faults.translated():
        client.describe_clusters()
    assert not isinstance(error.value, AwsDenied)
    assert "Log in<br" not in str(error.value)


@pytest.mark.usefixtures("keys")
def test_wrong_parameters_are_named_without_their_values() -> None:
    client = boto3.Session().client("redshift", region_name="us-west-2")
    wrong: dict[str, Any] = {"ClusterIdentifier": 5, "DbPassword": "hunter2"}
    with pytest.raises(AwsError) as error, faults.translated():
        client.pause_cluster(**wrong)
    client.close()
    assert "ClusterIdentifier" in str(error.value)
    assert "DbPassword" in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.mark.usefixtures("keys")
def test_a_modelled_error_of_a_real_client_is_translated() -> None:
    client = boto3.Session().client("redshift", region_name="us-west-2")
    with Stubber(client) as stubber:
        stubber.add_client_error("create_cluster", "InsufficientClusterCapacity")
        with pytest.raises(AwsError, match="no room") as error, faults.translated():
            client.create_cluster(
                ClusterIdentifier="c", NodeType="n", MasterUsername="u"
            )
    client.close()
    assert isinstance(
        error.value.__cause__, client.exceptions.InsufficientClusterCapacityFault
    )


def test_what_is_not_boto3s_passes_through() -> None:
    with pytest.raises(KeyError), faults.translated():
        raise KeyError("x")


# Secrets


BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+"
URLSAFE = BASE64.replace("/+", "-_")
BIG = BASE64[:26] + "0123456789"
# The shape of a secret, and the texts it may stand in
SHAPES = (
    (
        st.from_regex(rf"\A(AKIA|ASIA)[{BIG}]{{16}}\Z"),
        ("key {}", "({})", "x={},y", "{}"),
    ),
    (
        st.text(BASE64, min_size=40, max_size=80),
        ("key {}", '"{}"', "token {} is wrong", "\n{}\n"),
    ),
    (
        st.text(URLSAFE, min_size=8, max_size=60).map("Zq9{}".format),
        (
            "DbPassword={}",
            '{{"DbPassword": "{}"}}',
            '"SecretString": "{{\\"username\\": \\"u\\", \\"password\\": \\"{}\\"}}"',
            "<DbPassword>{}</DbPassword>",
            "aws_secret_access_key = {}",
            "aws_session_token={}\n",
            "MasterUserPassword='{}'",
            "COPY t FROM 's3://b' CREDENTIALS 'aws_secret_access_key={}'",
            "credentials as '{}'",
            "https://b.s3.amazonaws.com/k?X-Amz-Signature={}",
            "https://b.s3.amazonaws.com/k?a=b&X-Amz-Security-Token={}&c=d",
            "https://user:{}@proxy.example:8080/",
            "Authorization: AWS4-HMAC-SHA256 Credential=a/b, Signature={}",
            "Authorization: Bearer {}",
            "accessToken: {}",
            "Encoded authorization failure message: {}",
        ),
    ),
)
CASES = [(shape, text) for shape, texts in SHAPES for text in texts]


@settings(max_examples=20)
@given(data=st.data())
@pytest.mark.parametrize(("shape", "text"), CASES, ids=[text for _, text in CASES])
def test_no_secret_survives(
    data: st.DataObject, shape: st.SearchStrategy[str], text: str
) -> None:
    secret = data.draw(shape)
    written = text.format(secret)
    for told in (
        redacted(written),
        str(faults.told(refused("BrandNew", written))),
        str(faults.told(refused("InvalidParameterValue", written))),
        str(faults.told(refused("AccessDenied", written))),
    ):
        assert secret not in told


@pytest.mark.parametrize(
    "text",
    [
        f"User: {USER} may not {CLUSTER}",
        f"arn:aws:secretsmanager:us-west-2:{ACCOUNT}:secret:redshift!sparkify-dev-a1b2",
        f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/redshift.amazonaws.com/"
        "AWSServiceRoleForRedshift",
        "The security token included in the request is invalid",
        "vpc-0a1b2c3d4e5f60718 in 10.42.0.0/16, request "
        "1f0e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    ],
)
def test_what_is_not_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_aws_text_is_one_short_line() -> None:
    told = str(faults.told(refused("BrandNew", "a\x1b[31m\n" * 500)))
    assert told.isprintable()
    assert len(told) < 600
