"""Somebody who changes everything of a stack that can be changed, behind its back."""

import json
from typing import Any

from cloud import ME, Cloud

STACK = "sparkify-dev"
ANYBODY = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
}


def everything(cloud: Cloud) -> None:
    """All that `up` is to put right, without a call that the layer records."""
    roles(cloud)
    network(cloud)
    rest(cloud)
    bucket(cloud)
    cluster(cloud)


def roles(cloud: Cloud) -> None:
    iam = cloud.aws.world.others.iam
    name = f"{STACK}-copy"
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
        }
    )
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(ANYBODY))
    for each in ("sparkify", "another"):
        iam.put_role_policy(RoleName=name, PolicyName=each, PolicyDocument=policy)
    made = iam.create_policy(PolicyName="reads-all", PolicyDocument=policy)["Policy"]
    iam.attach_role_policy(RoleName=name, PolicyArn=made["Arn"])


def ours(cloud: Cloud) -> Any:  # noqa: ANN401 - a filter as each call types it
    return cloud.site().stack.filters()


def network(cloud: Cloud) -> None:
    ec2 = cloud.aws.world.others.ec2
    mine = ours(cloud)
    vpc = ec2.describe_vpcs(Filters=mine)["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets(Filters=mine)["Subnets"][0]["SubnetId"]
    gateway = ec2.describe_internet_gateways(Filters=mine)["InternetGateways"][0]
    table = ec2.describe_route_tables(Filters=mine)["RouteTables"][0]
    endpoint = ec2.describe_vpc_endpoints(Filters=mine)["VpcEndpoints"][0]
    group = ec2.describe_security_groups(Filters=mine)["SecurityGroups"][0]["GroupId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    internet = {"DestinationCidrBlock": "0.0.0.0/0"}
    ec2.delete_route(RouteTableId=table["RouteTableId"], **internet)
    ec2.create_route(
        RouteTableId=table["RouteTableId"],
        DestinationCidrBlock="192.0.2.0/24",
        GatewayId=gateway["InternetGatewayId"],
    )
    ties = [each for each in table["Associations"] if not each.get("Main")]
    ec2.disassociate_route_table(AssociationId=ties[0]["RouteTableAssociationId"])
    other = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=other, SubnetId=ties[0]["SubnetId"])
    ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint["VpcEndpointId"], PolicyDocument=json.dumps(ANYBODY)
    )
    world = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}], "IpProtocol": "tcp"}
    rule = [{**world, "FromPort": 5439, "ToPort": 5439}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rule)
    own = [{**rule[0], "IpRanges": [{"CidrIp": ME}]}]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=own)


def rest(cloud: Cloud) -> None:
    world = cloud.aws.world
    name = f"/aws/redshift/cluster/{STACK}/userlog"
    world.others.logs.put_retention_policy(logGroupName=name, retentionInDays=3653)
    world.subnet_groups[STACK]["Subnets"].pop()
    cloud.aws.clusters.drift_parameter(STACK, "require_ssl", "false")
    world.scheduled[f"{STACK}-expires"]["State"] = "DISABLED"


def bucket(cloud: Cloud) -> None:
    s3 = cloud.aws.world.others.s3
    name = cloud.site().stack.stage_bucket
    s3.delete_public_access_block(Bucket=name)
    s3.delete_bucket_lifecycle(Bucket=name)
    s3.delete_bucket_tagging(Bucket=name)


def cluster(cloud: Cloud) -> None:
    clusters = cloud.aws.clusters
    clusters.drift(
        STACK,
        EnhancedVpcRouting=False,
        PubliclyAccessible=False,
        AutomatedSnapshotRetentionPeriod=1,
        PreferredMaintenanceWindow="mon:01:00-mon:02:00",
        AllowVersionUpgrade=False,
    )
    clusters.drift_roles(STACK, {})
    clusters.drift_logging(STACK, LoggingEnabled=False)
