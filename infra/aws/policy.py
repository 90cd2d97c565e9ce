"""What whoever runs the tasks must be allowed to do, and no more.

Making needs our tags in the request, changing needs them on the thing; Redshift's
things, roles, logs and the lock are named by the stack. What AWS offers neither for
(describing; scheduled actions) stands alone. A test holds the recorded calls of every
task against this.

Source: AWS's Service Authorization Reference for which action takes which resource and
condition; not evaluated on AWS yet, see docs/live-checklist.md.
"""

from infra.aws import documents, logs
from infra.aws.documents import Document, allow
from infra.aws.names import PATH, Stack
from infra.landing.s3 import Bucket

EC2_CREATES = (
    *("CreateInternetGateway", "CreateRouteTable", "CreateSecurityGroup"),
    *("CreateSubnet", "CreateVpc", "CreateVpcEndpoint"),
)
_EC2_RULES = ("AuthorizeSecurityGroup*",)
_EC2_CHANGES = (  # creating is changing what it is created in
    *("AssociateRouteTable", "AttachInternetGateway", "AuthorizeSecurityGroupEgress"),
    *("AuthorizeSecurityGroupIngress", "CreateRoute", "CreateRouteTable"),
    *("CreateSecurityGroup", "CreateSubnet", "CreateVpcEndpoint"),
    *("DeleteInternetGateway", "DeleteRoute", "DeleteRouteTable"),
    *("DeleteSecurityGroup", "DeleteSubnet"),
    *("DeleteVpc", "DeleteVpcEndpoints", "DetachInternetGateway"),
    *("DisassociateRouteTable", "ModifySubnetAttribute", "ModifyVpcAttribute"),
    *("ModifyVpcEndpoint", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress"),
)
_CLUSTER = (
    *("CreateCluster", "DeleteCluster", "EnableLogging", "ModifyCluster"),
    *("ModifyClusterIamRoles", "PauseCluster", "RebootCluster", "ResumeCluster"),
)
# Stars are for room: a policy has 6,144 characters. They hold no action more on the
# things that are named beside them
_GROUPS = ("CreateCluster*Group", "DeleteCluster*Group", "ModifyCluster*Group")
_SCHEDULE = (
    *("CreateScheduledAction", "DeleteScheduledAction", "ModifyScheduledAction"),
)
ROLES = ("copy", "scheduler")
_ROLE = (
    *("CreateRole", "DeleteRole", "DeleteRolePolicy", "DetachRolePolicy", "GetRole"),
    *("GetRolePolicy", "ListAttachedRolePolicies", "ListRolePolicies"),
    *("PutRolePolicy", "TagRole", "UpdateAssumeRolePolicy"),
)
_STAGE = (
    *("*BucketPublicAccessBlock", "*BucketTagging", "*LifecycleConfiguration"),
    *("CreateBucket", "DeleteBucket", "ListBucket", "TagResource"),
    *("AbortMultipartUpload", "DeleteObject", "PutObject"),
)
_GLUE = ("*Database", "*Table", "GetTables", "GetTags", "TagResource")
# What Redshift does in the caller's name for ManageMasterPassword
_SECRET = (
    *("CreateSecret", "DeleteSecret", "DescribeSecret", "RotateSecret"),
    *("TagResource", "UpdateSecret"),
)


def operator(stack: Stack, source: Bucket) -> Document:
    """The policy for all tasks of one stack."""
    tagged = {f"aws:RequestTag/{key}": value for key, value in stack.identity.items()}
    owned = {f"aws:ResourceTag/{key}": value for key, value in stack.identity.items()}
    ec2 = f"arn:aws:ec2:{stack.region}:*"  # short: a policy has 6,144 characters
    # each by its whole name: a pattern would hold the roles of the stack dev-2 as well
    roles = [stack.role_arn(stack.named(each)) for each in ROLES]
    return documents.document(
        allow("Look", _looks(), ["*"]),
        allow(
            "MakeTagged",
            _in("ec2", EC2_CREATES),
            [f"{ec2}:{kind}/*" for kind in _MADE],
            {"StringEquals": tagged},
        ),
        allow(
            "MakeRules",
            _in("ec2", _EC2_RULES),
            [f"{ec2}:security-group-rule/*"],
            {"StringEquals": tagged},
        ),
        allow(
            "TagNew",
            ["ec2:CreateTags"],
            [f"{ec2}:*/*"],
            {"StringLike": {"ec2:CreateAction": ["AuthorizeSecurity*", "Create*"]}},
        ),
        allow(
            "ChangeOurNetwork", _in("ec2", _EC2_CHANGES), ["*"], {"StringEquals": owned}
        ),
        allow(
            "Redshift",
            _in(
                "redshift", (*_CLUSTER, *_GROUPS, "CreateTags", "DeleteClusterSnapshot")
            ),
            [
                stack.cluster_arn,
                stack.redshift_arn("*group", stack.full_name),  # parameters, subnets
                stack.redshift_arn("snapshot", f"{stack.full_name}/*"),
            ],
        ),
        # AWS knows no resources and no tags of these
        allow("Schedule", _in("redshift", _SCHEDULE), ["*"]),
        allow(
            "LogIn",
            ["redshift:GetClusterCredentials*"],  # with and without IAM
            [stack.redshift_arn("db*", f"{stack.full_name}/*")],  # names and users
        ),
        allow("Roles", _in("iam", _ROLE), roles),
        allow(
            "PassRoles",
            ["iam:PassRole"],
            roles,
            {
                "StringEquals": {
                    "iam:PassedToService": [
                        "redshift.amazonaws.com",
                        "scheduler.redshift.amazonaws.com",
                    ]
                }
            },
        ),
        allow(
            "OwnRole",
            ["iam:CreateServiceLinkedRole"],
            [
                f"arn:aws:iam::{stack.account}:role/aws-service-role/"
                "redshift.amazonaws.com/*"
            ],
        ),
        # Redshift chooses the name and AWS does not document all of it, so that this
        # holds the passwords of stacks whose names go on with a hyphen as well
        allow(
            "Password",
            _in("secretsmanager", _SECRET),
            [
                f"arn:aws:secretsmanager:{stack.region}:{stack.account}:secret:"
                f"redshift!{stack.full_name}-*"
            ],
        ),
        allow(
            "AuditLog",
            _in(
                "logs",
                ("*LogGroup", "PutRetentionPolicy", "TagResource"),
            ),
            [
                f"arn:aws:logs:{stack.region}:{stack.account}:log-group:"
                f"{logs.prefix(stack)}*"
            ],
        ),
        allow(
            "Lock",
            _in("ssm", ("*Parameter", "AddTagsToResource")),
            [
                f"arn:aws:ssm:{stack.region}:{stack.account}:parameter{PATH}"
                f"{stack.name}/lock"
            ],
        ),
        allow(
            "Stage",
            _in("s3", _STAGE),
            [f"arn:aws:s3:::{stack.stage_bucket}{each}" for each in ("", "/*")],
        ),
        allow("Glue", _in("glue", _GLUE), stack.catalog_arns),
        *(
            each
            for each in documents.reads(source)["Statement"]
            if each["Sid"] != "FindTheBucket"  # S3 tells that anybody
        ),
    )


_MADE = (
    *("internet-gateway", "route-table", "security-group", "subnet", "vpc"),
    "vpc-endpoint",
)


def _looks() -> list[str]:
    """Describing: AWS takes no resources for most of it."""
    return [
        "ec2:Describe*",
        "logs:DescribeLogGroups",
        "logs:ListTagsForResource",
        "pricing:GetProducts",
        "redshift:Describe*",
        "secretsmanager:GetRandomPassword",  # that nobody sees
        "servicequotas:GetServiceQuota",
        "sts:GetCallerIdentity",
    ]


def _in(service: str, actions: tuple[str, ...]) -> list[str]:
    return [f"{service}:{action}" for action in actions]
