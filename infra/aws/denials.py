"""A refusal for lack of permission: who may not do what, on what, and by which policy.

Source: AWS's "Troubleshoot access denied error messages". EC2 may say less; then the
operation tells the action.
"""

import re

_ACTION = re.compile(r"not authorized to perform:? (?P<action>[a-z0-9-]+:\w+)")
_WHO = re.compile(r"User: (?P<who>arn:\S+)")
_RESOURCE = re.compile(r"on (?:the )?resource:? \"?(?P<resource>[^\s\"]+)")
_KIND = r"(?P<kind>[a-z -]+?(?:policy|boundary))"
_EXPLICIT = re.compile(
    rf"explicit deny(?: in an? {_KIND})?(?:: (?P<arn>arn:\S+))?", re.I
)
_LACKING = re.compile(rf"because no {_KIND} allows", re.I)
_ENCODED = "Encoded authorization failure message"

# The operations of a service by its prefix in policies; all that this project calls,
# and their opposites. Those that two services have are told apart by the text only.
_OPERATIONS = {
    "ec2": "AssociateRouteTable AttachInternetGateway AuthorizeSecurityGroupEgress "
    "AuthorizeSecurityGroupIngress CreateInternetGateway CreateRoute CreateRouteTable "
    "CreateSecurityGroup CreateSubnet CreateVpc CreateVpcEndpoint "
    "DeleteInternetGateway DeleteRoute DeleteRouteTable DeleteSecurityGroup "
    "DeleteSubnet DeleteVpc DeleteVpcEndpoints DescribeAddresses "
    "DescribeAvailabilityZones DescribeInternetGateways DescribeManagedPrefixLists "
    "DescribeNetworkInterfaces DescribePrefixLists DescribeRouteTables "
    "DescribeSecurityGroupRules "
    "DescribeSecurityGroups DescribeSubnets DescribeVpcAttribute "
    "DescribeVpcBlockPublicAccessOptions DescribeVpcEndpoints DescribeVpcs "
    "DetachInternetGateway DisassociateRouteTable ModifySecurityGroupRules "
    "ModifySubnetAttribute ModifyVpcAttribute ModifyVpcEndpoint ReplaceRoute "
    "RevokeSecurityGroupEgress RevokeSecurityGroupIngress "
    "UpdateSecurityGroupRuleDescriptionsIngress",
    "redshift": "CreateCluster CreateClusterParameterGroup CreateClusterSnapshot "
    "CreateClusterSubnetGroup CreateScheduledAction CreateUsageLimit DeleteCluster "
    "DeleteClusterParameterGroup DeleteClusterSnapshot DeleteClusterSubnetGroup "
    "DeleteScheduledAction DeleteUsageLimit DescribeClusterParameterGroups "
    "DescribeClusterParameters DescribeClusterSnapshots DescribeClusterSubnetGroups "
    "DescribeClusters DescribeEvents DescribeLoggingStatus "
    "DescribeOrderableClusterOptions DescribeScheduledActions DescribeUsageLimits "
    "DisableLogging EnableLogging GetClusterCredentials GetClusterCredentialsWithIAM "
    "ModifyCluster ModifyClusterIamRoles ModifyClusterMaintenance "
    "ModifyClusterParameterGroup ModifyClusterSnapshot ModifyClusterSubnetGroup "
    "ModifyScheduledAction ModifyUsageLimit PauseCluster RebootCluster "
    "ResetClusterParameterGroup ResizeCluster RestoreFromClusterSnapshot ResumeCluster",
    "iam": "AttachRolePolicy CreateRole CreateServiceLinkedRole DeleteRole "
    "DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy GetRole "
    "GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole "
    "ListRolePolicies ListRoleTags ListRoles PutRolePermissionsBoundary PutRolePolicy "
    "SimulatePrincipalPolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole",
    "ssm": "AddTagsToResource DeleteParameter GetParameter ListTagsForResource "
    "PutParameter RemoveTagsFromResource",
    "logs": "CreateLogGroup DeleteLogGroup DeleteRetentionPolicy DescribeLogGroups "
    "ListTagsLogGroup PutRetentionPolicy",
    "glue": "CreateDatabase CreateTable DeleteDatabase DeleteTable GetDatabase "
    "GetTables GetTags UpdateTable",
    "sts": "AssumeRole DecodeAuthorizationMessage GetCallerIdentity",
    "pricing": "DescribeServices GetProducts",
    "servicequotas": "GetServiceQuota ListServiceQuotas",
    "redshift-data": "BatchExecuteStatement DescribeStatement ExecuteStatement",
}
_SERVICES = {
    operation: service
    for service, operations in _OPERATIONS.items()
    for operation in operations.split()
}
_NAMED_OTHERWISE = {"HeadBucket": "s3:ListBucket", "HeadObject": "s3:GetObject"}
# By the policy that refuses: what it is, and who can do something about it
_REMEDIES = {
    "identity-based policy": "have it attached to {whose}",
    "resource-based policy": "have the policy of the resource itself allow it too",
    "permissions boundary": "have whoever set the permissions boundary widen it",
    "session policy": "log in without the session policy, or with a wider one",
    "service control policy": "have an administrator of the organisation lift it",
    "resource control policy": "have an administrator of the organisation lift it",
    "vpc endpoint policy": "have the endpoint of this network let it through",
}
_NEEDED = "`invoke policy` prints the policy that is needed"


def action(operation: str, text: str) -> str:
    """The action that was refused, as policies write it, as far as can be told."""
    named = _ACTION.search(text)
    if named:
        return named["action"]
    if operation in {"CreateTags", "DeleteTags"} and _ENCODED in text:
        return f"ec2:{operation}"  # Redshift has these as well, but encodes nothing
    if operation in _NAMED_OTHERWISE:
        return _NAMED_OTHERWISE[operation]
    service = _SERVICES.get(operation)
    return f"{service}:{operation}" if service else operation


def denial(operation: str, text: str) -> str:
    """The sentences for a refusal, of AWS's text without secrets in it."""
    asked = action(operation, text)
    who, resource = _WHO.search(text), _RESOURCE.search(text)
    whose = who["who"] if who else "whoever runs this"
    what = f" on {resource['resource'].rstrip('.')}" if resource else ""
    first = f"{asked} is denied to {whose}{what}{_why(text)}."
    explicit, lacking = _EXPLICIT.search(text), _LACKING.search(text)
    found = explicit or lacking
    kind = (found["kind"] or "").lower() if found else ""
    remedy = _REMEDIES.get(kind, "have it attached to {whose}").format(whose=whose)
    if explicit and kind in {"", "identity-based policy"}:
        remedy = "have the policy that denies changed as well"
    decode = (
        " The details that EC2 encodes are read with `aws sts "
        "decode-authorization-message`."
        if _ENCODED in text
        else ""
    )
    return f"{first} {_NEEDED}; {remedy}.{decode}"


def _why(text: str) -> str:
    explicit = _EXPLICIT.search(text)
    if explicit:
        kind = explicit["kind"]
        by = f"by a {kind}".replace("a identity", "an identity") if kind else ""
        which = f" ({explicit['arn'].rstrip('.')})" if explicit["arn"] else ""
        return f", explicitly {by or 'by a policy'}{which}"
    lacking = _LACKING.search(text)
    return f": no {lacking['kind']} allows it" if lacking else ""
