"""The layer over moto refuses, waits and fails as AWS does."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
    WaiterError,
)
from honest import Honest, Killed, product
from moto import mock_aws
from moto.server import ThreadedMotoServer

Params = dict[str, Any]
TODAY = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AT_ONCE = {"Delay": 0, "MaxAttempts": 10}


@dataclass
class Account:
    """A session with the layer, its clients, and a network for clusters."""

    aws: Honest
    session: boto3.Session
    ec2: Any
    redshift: Any
    iam: Any
    vpc: str
    subnets: list[str]
    security_group: str
    role: str
    scheduler: str

    def cluster(self, name: str = "dwh", **more: object) -> Params:
        """Asks for a cluster in its subnet group `own`."""
        if "own" not in self.aws.world.subnet_groups:
            self.subnet_group("own")
        asked: Params = {
            "ClusterIdentifier": name,
            "NodeType": "rg.large",
            "ClusterType": "single-node",
            "MasterUsername": "keeper",
            "ManageMasterPassword": True,
            "ClusterSubnetGroupName": "own",
            "VpcSecurityGroupIds": [self.security_group],
            "IamRoles": [self.role],
            "DefaultIamRoleArn": self.role,
        }
        asked = {key: v for key, v in (asked | more).items() if v is not None}
        made: Params = self.redshift.create_cluster(**asked)["Cluster"]
        return made

    def available(self, name: str = "dwh", **more: object) -> Params:
        """A cluster that is there already."""
        self.cluster(name, **more)
        self.aws.clusters.settle()
        return self.aws.clusters.get(name)

    def subnet_group(self, name: str) -> None:
        self.redshift.create_cluster_subnet_group(
            ClusterSubnetGroupName=name, Description="d", SubnetIds=self.subnets
        )

    def parameter_group(self, name: str, family: str = "redshift-2.0") -> None:
        self.redshift.create_cluster_parameter_group(
            ParameterGroupName=name, ParameterGroupFamily=family, Description="d"
        )

    def look(self, name: str = "dwh") -> Params:
        """A poll."""
        found = self.redshift.describe_clusters(ClusterIdentifier=name)["Clusters"]
        assert isinstance(found[0], dict)
        return found[0]

    def statuses(self, polls: int) -> list[str]:
        return [self.look()["ClusterStatus"] for _ in range(polls)]

    def vpcs(self) -> int:
        return len(self.ec2.describe_vpcs()["Vpcs"])


def trust(service: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def account(session: boto3.Session) -> Account:
    aws = Honest(session)
    ec2, iam = session.client("ec2"), session.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=zone
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate(("us-west-2a", "us-west-2b"))
    ]
    group = ec2.create_security_group(GroupName="dwh", Description="d", VpcId=vpc)
    known = uuid.uuid4().hex[:8]  # the roles of moto's server may be those of a test
    roles = {
        name: iam.create_role(
            RoleName=f"{name}-{known}",
            Path="/sparkify/",
            AssumeRolePolicyDocument=trust(service),
        )["Role"]["Arn"]
        for name, service in (
            ("copy", "redshift.amazonaws.com"),
            ("scheduler", "scheduler.redshift.amazonaws.com"),
        )
    }
    return Account(
        aws,
        session,
        ec2,
        session.client("redshift"),
        iam,
        vpc,
        subnets,
        group["GroupId"],
        roles["copy"],
        roles["scheduler"],
    )


@pytest.fixture(scope="module")
def only() -> Iterator[Account]:
    """One account for all tests: clients are slow to make."""
    with mock_aws():
        session = boto3.Session("testing", "testing", region_name="us-west-2")
        yield account(session)


@pytest.fixture
def own(only: Account) -> Account:
    """The account with an empty Redshift, and nothing ordered or recorded."""
    only.aws.reset()
    return only


def refuses(code: str, message: str = "") -> pytest.RaisesExc[ClientError]:
    """Expects a refusal of this code; its words may be looked for."""
    return pytest.raises(ClientError, match=rf"\({code}\).*{message}")


# What is recorded


def test_calls_are_recorded_in_order_with_what_was_asked(own: Account) -> None:
    own.ec2.describe_vpcs()
    own.subnet_group("g")
    with refuses("ClusterSubnetGroupAlreadyExists"):
        own.subnet_group("g")
    assert [str(call) for call in own.aws.calls] == [
        "ec2.DescribeVpcs",
        "redshift.CreateClusterSubnetGroup",
        "redshift.CreateClusterSubnetGroup",
    ]
    first, second = own.aws.writes
    assert first.action == "redshift:CreateClusterSubnetGroup"
    assert first.params["SubnetIds"] == own.subnets
    assert (first.error, second.error) == ("", "ClusterSubnetGroupAlreadyExists")


def test_what_the_layer_does_not_model_is_not_left_to_moto(own: Account) -> None:
    with pytest.raises(NotImplementedError, match="DescribeReservedNodes"):
        own.redshift.describe_reserved_nodes()


# The states of a cluster


def test_a_cluster_is_made_in_steps_and_shows_what_aws_shows(own: Account) -> None:
    made = own.cluster("DWH", Tags=[{"Key": "stack", "Value": "dev"}])
    assert made["ClusterIdentifier"] == "dwh"
    for _ in range(2):
        seen = own.look()
        assert seen["ClusterStatus"] == "creating"
        assert "Endpoint" not in seen
        assert "ClusterCreateTime" not in seen
        assert seen["ClusterNodes"] == []
        assert seen["IamRoles"][0]["ApplyStatus"] == "adding"
    seen = own.look()
    assert seen["ClusterStatus"] == "available"
    assert seen["ClusterAvailabilityStatus"] == "Modifying"
    seen = own.look("DWH")
    assert seen["ClusterAvailabilityStatus"] == "Available"
    assert seen["IamRoles"] == [{"IamRoleArn": own.role, "ApplyStatus": "in-sync"}]
    assert seen["Endpoint"]["Port"] == 5439
    assert seen["Endpoint"]["Address"].startswith("dwh.")
    assert seen["Endpoint"]["Address"].endswith(".us-west-2.redshift.amazonaws.com")
    assert ":secret:redshift!dwh-keeper-" in seen["MasterPasswordSecretArn"]
    assert seen["DefaultIamRoleArn"] == own.role
    assert seen["VpcId"] == own.vpc
    assert seen["ManualSnapshotRetentionPeriod"] == -1
    assert seen["AvailabilityZoneRelocationStatus"] == "disabled"
    assert seen["ClusterNamespaceArn"].startswith("arn:aws:redshift:us-west-2:")
    assert seen["ClusterNodes"] == [
        {"NodeRole": "SHARED", "PrivateIPAddress": "10.0.0.10"}
    ]
    assert seen["ClusterParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"
    assert seen["Tags"] == [{"Key": "stack", "Value": "dev"}]


def test_botocore_s_waiters_walk_from_nothing_to_nothing(own: Account) -> None:
    own.cluster()
    own.redshift.get_waiter("cluster_available").wait(
        ClusterIdentifier="dwh", WaiterConfig=AT_ONCE
    )
    assert own.look()["ClusterAvailabilityStatus"] == "Available"
    own.redshift.delete_cluster(
        ClusterIdentifier="dwh", FinalClusterSnapshotIdentifier="Last"
    )
    assert own.statuses(2) == ["final-snapshot", "deleting"]
    own.redshift.get_waiter("cluster_deleted").wait(
        ClusterIdentifier="dwh", WaiterConfig=AT_ONCE
    )
    assert own.redshift.describe_clusters()["Clusters"] == []
    (snapshot,) = own.redshift.describe_cluster_snapshots()["Snapshots"]
    assert snapshot["SnapshotIdentifier"] == "last"
    assert snapshot["SnapshotType"] == "manual"
    assert snapshot["Status"] == "available"


def test_a_final_snapshot_has_the_tags_of_its_cluster(own: Account) -> None:
    tags = [{"Key": "stack", "Value": "dev"}]
    own.available(Tags=tags)
    own.redshift.delete_cluster(
        ClusterIdentifier="dwh", FinalClusterSnapshotIdentifier="last"
    )
    own.aws.clusters.settle()
    snapshots = own.redshift.describe_cluster_snapshots(ClusterIdentifier="dwh")
    assert [snapshot["Tags"] for snapshot in snapshots["Snapshots"]] == [tags]


def test_a_change_shows_as_pending_and_then_holds(own: Account) -> None:
    own.available()
    own.redshift.modify_cluster(
        ClusterIdentifier="dwh", AutomatedSnapshotRetentionPeriod=7
    )
    seen = own.look()
    assert seen["ClusterStatus"] == "modifying"
    assert seen["PendingModifiedValues"] == {"AutomatedSnapshotRetentionPeriod": 7}
    assert seen["AutomatedSnapshotRetentionPeriod"] == 1
    seen = own.look()
    assert seen["ClusterAvailabilityStatus"] == "Modifying"
    assert seen["PendingModifiedValues"] == {}
    assert seen["AutomatedSnapshotRetentionPeriod"] == 7
    assert own.look()["ClusterAvailabilityStatus"] == "Available"


@pytest.mark.parametrize("state", ["creating", "modifying", "paused", "rebooting"])
def test_only_an_available_cluster_can_be_changed(own: Account, state: str) -> None:
    own.available()
    own.aws.clusters.put("dwh", state)
    calls: list[Callable[[], object]] = [
        lambda: own.redshift.modify_cluster(ClusterIdentifier="dwh", Port=5440),
        lambda: own.redshift.reboot_cluster(ClusterIdentifier="dwh"),
        lambda: own.redshift.pause_cluster(ClusterIdentifier="dwh"),
        lambda: own.redshift.modify_cluster_iam_roles(
            ClusterIdentifier="dwh", RemoveIamRoles=[own.role]
        ),
        lambda: own.redshift.create_cluster_snapshot(
            ClusterIdentifier="dwh", SnapshotIdentifier="s"
        ),
        lambda: own.redshift.enable_logging(
            ClusterIdentifier="dwh", LogDestinationType="cloudwatch"
        ),
    ]
    for call in calls:
        with refuses("InvalidClusterState"):
            call()


def test_available_is_not_enough_while_an_operation_runs(own: Account) -> None:
    own.cluster()
    own.aws.clusters.put("dwh", "available", "Modifying")
    with refuses("InvalidClusterState", "There is an operation running"):
        own.redshift.modify_cluster(ClusterIdentifier="dwh", Port=5440)
    with refuses("InvalidClusterState", "There is an operation running"):
        own.redshift.delete_cluster(
            ClusterIdentifier="dwh", SkipFinalClusterSnapshot=True
        )


def test_who_only_retries_does_not_wait_for_ever(own: Account) -> None:
    own.cluster()
    asked = {"ClusterIdentifier": "dwh", "LogDestinationType": "cloudwatch"}
    for _ in range(4):
        with refuses("InvalidClusterState"):
            own.redshift.enable_logging(**asked)
    assert own.redshift.enable_logging(**asked)["LoggingEnabled"]


@pytest.mark.parametrize(
    "more",
    [{"EnhancedVpcRouting": True}, {"MultiAZ": True}],
    ids=str,
)
def test_some_settings_change_alone(own: Account, more: Params) -> None:
    own.available()
    with refuses("InvalidParameterCombination"):
        own.redshift.modify_cluster(ClusterIdentifier="dwh", Port=5440, **more)
    own.redshift.modify_cluster(ClusterIdentifier="dwh", **more)
    own.aws.clusters.settle()
    assert own.look()["Endpoint"]["Port"] == 5439


def test_routing_and_security_groups_change(own: Account) -> None:
    own.available()
    own.redshift.modify_cluster(ClusterIdentifier="dwh", EnhancedVpcRouting=True)
    own.aws.clusters.settle()
    default = own.aws.world.others.default_group(own.vpc)
    own.redshift.modify_cluster(ClusterIdentifier="dwh", VpcSecurityGroupIds=[default])
    own.aws.clusters.settle()
    seen = own.look()
    assert seen["EnhancedVpcRouting"]
    groups = [group["VpcSecurityGroupId"] for group in seen["VpcSecurityGroups"]]
    assert groups == [default]


def test_roles_are_added_removed_and_made_the_default(own: Account) -> None:
    own.available(IamRoles=None, DefaultIamRoleArn=None)
    with refuses("InvalidParameterValue", "not associated"):
        own.redshift.modify_cluster_iam_roles(
            ClusterIdentifier="dwh", DefaultIamRoleArn=own.role
        )
    own.redshift.modify_cluster_iam_roles(
        ClusterIdentifier="dwh", AddIamRoles=[own.role], DefaultIamRoleArn=own.role
    )
    seen = own.look()
    assert (seen["ClusterStatus"], seen["IamRoles"][0]["ApplyStatus"]) == (
        "modifying",
        "adding",
    )
    own.aws.clusters.settle()
    seen = own.look()
    assert seen["DefaultIamRoleArn"] == own.role
    assert seen["IamRoles"] == [{"IamRoleArn": own.role, "ApplyStatus": "in-sync"}]
    own.redshift.modify_cluster_iam_roles(
        ClusterIdentifier="dwh", RemoveIamRoles=[own.role]
    )
    assert own.look()["IamRoles"][0]["ApplyStatus"] == "removing"
    own.aws.clusters.settle()
    assert (own.look()["IamRoles"], own.look()["DefaultIamRoleArn"]) == ([], "")


def test_pause_and_resume(own: Account) -> None:
    own.available()
    with refuses("InvalidClusterState"):
        own.redshift.resume_cluster(ClusterIdentifier="dwh")
    own.redshift.pause_cluster(ClusterIdentifier="dwh")
    assert own.statuses(3) == ["pausing", "paused", "paused"]
    seen = own.look()
    assert seen["ClusterNodes"] == []
    assert seen["NumberOfNodes"] == 1
    with refuses("InvalidClusterState"):
        own.redshift.pause_cluster(ClusterIdentifier="dwh")
    own.redshift.resume_cluster(ClusterIdentifier="dwh")
    assert own.statuses(3) == ["resuming", "resuming", "available"]
    assert own.look()["ClusterNodes"]


@pytest.mark.parametrize("state", ["creating", "modifying", "resuming", "pausing"])
def test_a_cluster_on_its_way_is_not_deleted(own: Account, state: str) -> None:
    own.available()
    own.aws.clusters.put("dwh", state)
    with refuses("InvalidClusterState", "Unable to delete the cluster dwh"):
        own.redshift.delete_cluster(
            ClusterIdentifier="dwh", SkipFinalClusterSnapshot=True
        )


def test_a_paused_cluster_is_deleted_unless_a_test_says_aws_does_not(
    own: Account,
) -> None:
    own.available()
    own.aws.clusters.put("dwh", "paused")
    own.aws.pace.deletes_paused = False
    with refuses("InvalidClusterState"):
        own.redshift.delete_cluster(
            ClusterIdentifier="dwh", SkipFinalClusterSnapshot=True
        )
    own.aws.pace.deletes_paused = True
    own.redshift.delete_cluster(ClusterIdentifier="dwh", SkipFinalClusterSnapshot=True)
    own.aws.clusters.settle()
    with refuses("ClusterNotFound"):
        own.look()


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"SkipFinalClusterSnapshot": False},
        {"SkipFinalClusterSnapshot": True, "FinalClusterSnapshotIdentifier": "last"},
    ],
    ids=["nothing", "no name", "both"],
)
def test_deleting_says_what_becomes_of_the_data(own: Account, more: Params) -> None:
    own.available()
    with refuses("InvalidParameterCombination"):
        own.redshift.delete_cluster(ClusterIdentifier="dwh", **more)


def test_a_test_holds_speeds_and_changes_clusters(own: Account) -> None:
    own.aws.clusters.speed(creating=1, settling=0)
    own.cluster()
    assert own.statuses(2) == ["creating", "available"]
    own.aws.clusters.hold("dwh", "polishing", polls=2)
    assert own.statuses(3) == ["polishing", "polishing", "available"]
    own.aws.clusters.hold("dwh", "maintenance")
    assert own.statuses(20) == ["maintenance"] * 20
    own.aws.clusters.release("dwh")
    assert own.statuses(1) == ["available"]
    own.aws.clusters.put("dwh", "hardware-failure")
    assert own.look()["ClusterAvailabilityStatus"] == "Failed"
    own.aws.clusters.drift("dwh", PubliclyAccessible=True)
    assert own.look()["PubliclyAccessible"]
    own.aws.clusters.retag("dwh", owner="somebody")
    assert own.look()["Tags"] == [{"Key": "owner", "Value": "somebody"}]
    own.aws.clusters.vanish("dwh")
    with refuses("ClusterNotFound"):
        own.look()


def test_others_change_roles_logging_and_parameters(own: Account) -> None:
    own.aws.clusters.at_once()
    own.parameter_group("g")
    own.cluster(ClusterParameterGroupName="g")
    assert own.look()["ClusterAvailabilityStatus"] == "Available"
    own.aws.clusters.drift_roles("dwh", {"arn:other": "in-sync"})
    own.aws.clusters.drift_logging("dwh", LoggingEnabled=True)
    own.aws.clusters.drift_parameter("g", "require_ssl", "false")
    seen = own.look()
    assert [role["IamRoleArn"] for role in seen["IamRoles"]] == ["arn:other"]
    assert seen["ClusterParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"
    assert parameter(own, "g", "require_ssl")["ParameterValue"] == "false"
    status = own.redshift.describe_logging_status(ClusterIdentifier="dwh")
    assert status["LoggingEnabled"]


def test_a_waiter_gives_up_on_a_cluster_that_is_held(own: Account) -> None:
    own.cluster()
    own.aws.clusters.hold("dwh")
    with pytest.raises(WaiterError):
        own.redshift.get_waiter("cluster_available").wait(
            ClusterIdentifier="dwh", WaiterConfig=AT_ONCE
        )


# What CreateCluster refuses

VALUE = "InvalidParameterValue"
BAD_INPUT: list[tuple[Params, str]] = [
    ({"NodeType": "dc2.large"}, VALUE),
    ({"NodeType": "rg.tiny"}, VALUE),
    ({"ClusterIdentifier": "1dwh"}, VALUE),
    ({"ClusterIdentifier": "d--h"}, VALUE),
    ({"ClusterIdentifier": "dwh-"}, VALUE),
    ({"ClusterIdentifier": "d" * 64}, VALUE),
    ({"ClusterIdentifier": "d_h"}, VALUE),
    ({"MasterUsername": "public"}, VALUE),
    ({"MasterUsername": "Keeper"}, VALUE),
    ({"MasterUsername": "select"}, VALUE),
    ({"DBName": "Sparkify"}, VALUE),
    ({"DBName": "table"}, VALUE),
    ({"Port": 80}, VALUE),
    ({"Port": 5430}, VALUE),
    ({"Encrypted": False}, VALUE),
    ({"PreferredMaintenanceWindow": "sun:03:00-sun:03:20"}, VALUE),
    ({"PreferredMaintenanceWindow": "xyz:03:00-xyz:04:00"}, VALUE),
    ({"AutomatedSnapshotRetentionPeriod": 0}, "InvalidRetentionPeriodFault"),
    ({"AutomatedSnapshotRetentionPeriod": 36}, "InvalidRetentionPeriodFault"),
    ({"ManualSnapshotRetentionPeriod": 0}, "InvalidRetentionPeriodFault"),
    ({"MasterUserPassword": "Passw0rdPassw0rd"}, "InvalidParameterCombination"),
    ({"ManageMasterPassword": None}, "InvalidParameterCombination"),
    ({"ManageMasterPassword": None, "MasterUserPassword": "short"}, VALUE),
    ({"NumberOfNodes": 2}, "InvalidParameterCombination"),
    ({"ClusterType": "multi-node"}, "InvalidParameterCombination"),
    ({"ClusterType": "multi-node", "NumberOfNodes": 101}, VALUE),
    ({"ClusterSubnetGroupName": "none"}, "ClusterSubnetGroupNotFoundFault"),
    ({"ClusterSubnetGroupName": None}, "ClusterSubnetGroupNotFoundFault"),
    ({"ClusterParameterGroupName": "none"}, "ClusterParameterGroupNotFound"),
    ({"VpcSecurityGroupIds": ["sg-0123456789abcdef0"]}, VALUE),
    ({"DefaultIamRoleArn": "arn:aws:iam::123456789012:role/none"}, VALUE),
    ({"AvailabilityZone": "us-west-2z"}, VALUE),
    ({"Tags": [{"Key": "aws:x", "Value": "y"}]}, "InvalidTagFault"),
]


@pytest.mark.parametrize(("more", "code"), BAD_INPUT, ids=lambda value: str(value)[:40])
def test_bad_input_is_refused(own: Account, more: Params, code: str) -> None:
    with refuses(code):
        own.cluster(**more)
    assert own.aws.clusters.names() == []


def test_a_window_may_go_over_the_week_s_end(own: Account) -> None:
    own.cluster(PreferredMaintenanceWindow="sun:23:45-mon:00:15")


def test_a_node_type_that_is_not_offered_is_refused(own: Account) -> None:
    del own.aws.world.offered["rg.large"]
    with refuses("NumberOfNodesQuotaExceeded", "You do not have access to node type"):
        own.cluster()


def test_a_cluster_exists_once(own: Account) -> None:
    own.cluster()
    with pytest.raises(own.redshift.exceptions.ClusterAlreadyExistsFault):
        own.cluster("DWH")


def test_a_new_role_is_not_known_at_once(own: Account) -> None:
    own.aws.pace.role_refusals = 2
    for _ in range(2):
        with refuses(VALUE, "role/sparkify/copy-.* is not valid"):
            own.cluster()
    own.cluster()


def test_a_role_has_to_trust_redshift(own: Account) -> None:
    with refuses(VALUE, "must delegate access to an Amazon Redshift account"):
        own.cluster(IamRoles=["arn:aws:iam::123456789012:role/none"])


# What is in use


def test_what_a_cluster_uses_is_not_deleted_and_then_is(own: Account) -> None:
    vpc = own.ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = own.ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.0.0/24")
    subnet = subnet["Subnet"]["SubnetId"]
    group = own.ec2.create_security_group(GroupName="x", Description="d", VpcId=vpc)
    group = group["GroupId"]
    gateway = own.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    own.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    own.redshift.create_cluster_subnet_group(
        ClusterSubnetGroupName="used", Description="d", SubnetIds=[subnet]
    )
    own.parameter_group("used")
    own.available(
        ClusterSubnetGroupName="used",
        ClusterParameterGroupName="used",
        VpcSecurityGroupIds=[group],
        PubliclyAccessible=True,
    )
    deletes: list[tuple[str, Callable[[], object]]] = [
        (
            "InvalidClusterSubnetGroupStateFault",
            lambda: own.redshift.delete_cluster_subnet_group(
                ClusterSubnetGroupName="used"
            ),
        ),
        (
            "InvalidClusterParameterGroupState",
            lambda: own.redshift.delete_cluster_parameter_group(
                ParameterGroupName="used"
            ),
        ),
        (
            "DependencyViolation",
            lambda: own.ec2.detach_internet_gateway(
                InternetGatewayId=gateway, VpcId=vpc
            ),
        ),
        (
            "DependencyViolation",
            lambda: own.ec2.delete_security_group(GroupId=group),
        ),
        ("DependencyViolation", lambda: own.ec2.delete_subnet(SubnetId=subnet)),
        ("DependencyViolation", lambda: own.ec2.delete_vpc(VpcId=vpc)),
    ]
    for code, delete in deletes:
        with refuses(code):
            delete()
    own.redshift.delete_cluster(ClusterIdentifier="dwh", SkipFinalClusterSnapshot=True)
    own.aws.clusters.settle()
    for _, delete in deletes:
        delete()
    own.ec2.delete_internet_gateway(InternetGatewayId=gateway)


def test_a_network_interface_outlives_its_cluster(own: Account) -> None:
    group = own.ec2.create_security_group(
        GroupName="lag", Description="d", VpcId=own.vpc
    )["GroupId"]
    own.aws.pace.lingering = 2
    own.available(VpcSecurityGroupIds=[group])
    chosen = [
        {"Name": "group-id", "Values": [group]},
        {"Name": "description", "Values": ["Redshift*"]},
    ]
    own.redshift.delete_cluster(ClusterIdentifier="dwh", SkipFinalClusterSnapshot=True)
    own.aws.clusters.settle()
    pages = own.ec2.get_paginator("describe_network_interfaces")
    (found,) = pages.paginate(Filters=chosen).build_full_result()["NetworkInterfaces"]
    assert found["Description"] == "RedshiftNetworkInterface"
    for _ in range(2):
        with refuses("DependencyViolation", f"resource {group} has a dependent object"):
            own.ec2.delete_security_group(GroupId=group)
    own.ec2.delete_security_group(GroupId=group)
    assert not own.ec2.describe_network_interfaces(Filters=chosen)["NetworkInterfaces"]


def test_a_dry_run_makes_nothing(own: Account) -> None:
    before = own.vpcs()
    with refuses("DryRunOperation"):
        own.ec2.create_vpc(CidrBlock="10.7.0.0/16", DryRun=True)
    assert own.vpcs() == before


def test_a_route_table_has_one_gateway_endpoint_of_a_service(own: Account) -> None:
    table = own.ec2.create_route_table(VpcId=own.vpc)["RouteTable"]["RouteTableId"]
    asked = {
        "VpcId": own.vpc,
        "VpcEndpointType": "Gateway",
        "ServiceName": "com.amazonaws.us-west-2.s3",
        "RouteTableIds": [table],
    }
    made = own.ec2.create_vpc_endpoint(**asked)["VpcEndpoint"]["VpcEndpointId"]
    with refuses("RouteAlreadyExists"):
        own.ec2.create_vpc_endpoint(**asked)
    own.ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    made = own.ec2.create_vpc_endpoint(**asked)["VpcEndpoint"]["VpcEndpointId"]
    own.ec2.delete_vpc_endpoints(VpcEndpointIds=[made])
    own.ec2.delete_route_table(RouteTableId=table)


# Groups and parameters


def test_a_group_that_exists_is_not_replaced(own: Account) -> None:
    own.subnet_group("Own")
    own.parameter_group("Own")
    with refuses("ClusterSubnetGroupAlreadyExists"):
        own.subnet_group("own")
    with refuses("ClusterParameterGroupAlreadyExists"):
        own.parameter_group("own")
    found = own.redshift.describe_cluster_subnet_groups(ClusterSubnetGroupName="OWN")
    (group,) = found["ClusterSubnetGroups"]
    assert group["ClusterSubnetGroupName"] == "own"
    assert group["VpcId"] == own.vpc
    assert [s["SubnetIdentifier"] for s in group["Subnets"]] == own.subnets


def test_a_subnet_group_wants_subnets_that_exist(own: Account) -> None:
    with refuses("InvalidSubnet"):
        own.redshift.create_cluster_subnet_group(
            ClusterSubnetGroupName="g", Description="d", SubnetIds=["subnet-0"]
        )


def test_a_used_subnet_stays_in_its_group(own: Account) -> None:
    own.available()
    for subnets in (own.subnets[::-1], own.subnets[:1]):
        own.redshift.modify_cluster_subnet_group(
            ClusterSubnetGroupName="own", SubnetIds=subnets
        )
    with refuses("SubnetAlreadyInUse"):
        own.redshift.modify_cluster_subnet_group(
            ClusterSubnetGroupName="own", SubnetIds=own.subnets[1:]
        )


def parameter(own: Account, group: str, name: str) -> Params:
    pages = own.redshift.get_paginator("describe_cluster_parameters")
    found = pages.paginate(ParameterGroupName=group).build_full_result()["Parameters"]
    (one,) = [row for row in found if row["ParameterName"] == name]
    assert isinstance(one, dict)
    return one


def set_parameter(own: Account, group: str, name: str, value: str) -> None:
    own.redshift.modify_cluster_parameter_group(
        ParameterGroupName=group,
        Parameters=[{"ParameterName": name, "ParameterValue": value}],
    )


@pytest.mark.parametrize(
    ("family", "value"), [("redshift-2.0", "true"), ("redshift-1.0", "false")]
)
def test_the_family_says_whether_tls_is_required(
    own: Account, family: str, value: str
) -> None:
    own.parameter_group("g", family)
    found = parameter(own, "g", "require_ssl")
    assert found["ParameterValue"] == value
    assert (found["Source"], found["ApplyType"]) == ("engine-default", "static")


def test_a_parameter_holds_after_a_reboot(own: Account) -> None:
    own.parameter_group("g")
    own.available(ClusterParameterGroupName="g")
    set_parameter(own, "g", "require_ssl", "false")
    assert parameter(own, "g", "require_ssl")["Source"] == "user"
    (status,) = own.look()["ClusterParameterGroups"]
    assert status["ParameterApplyStatus"] == "pending-reboot"
    (pending,) = status["ClusterParameterStatusList"]
    assert pending["ParameterName"] == "require_ssl"
    own.redshift.reboot_cluster(ClusterIdentifier="dwh")
    assert own.statuses(1) == ["rebooting"]
    (status,) = own.look()["ClusterParameterGroups"]
    assert status["ParameterApplyStatus"] == "in-sync"


def test_another_parameter_group_holds_after_a_reboot(own: Account) -> None:
    own.parameter_group("g")
    own.available()
    own.redshift.modify_cluster(ClusterIdentifier="dwh", ClusterParameterGroupName="g")
    own.aws.clusters.settle()
    (status,) = own.look()["ClusterParameterGroups"]
    assert status["ParameterGroupName"] == "g"
    assert status["ParameterApplyStatus"] == "pending-reboot"
    own.redshift.reboot_cluster(ClusterIdentifier="dwh")
    own.aws.clusters.settle()
    assert own.look()["ClusterParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"


def test_parameters_are_checked(own: Account) -> None:
    own.parameter_group("g")
    for name, value in (
        ("no_such", "1"),
        ("require_ssl", "yes"),
        ("statement_timeout", "x"),
    ):
        with refuses(VALUE):
            set_parameter(own, "g", name, value)
    with refuses(VALUE):
        set_parameter(own, "default.redshift-2.0", "require_ssl", "false")
    set_parameter(own, "g", "statement_timeout", "60000")
    own.redshift.reset_cluster_parameter_group(
        ParameterGroupName="g", ResetAllParameters=True
    )
    assert parameter(own, "g", "statement_timeout")["ParameterValue"] == "0"


# Scheduled actions


def schedule(own: Account, name: str, when: str, **more: object) -> Params:
    pause = {"PauseCluster": {"ClusterIdentifier": "dwh"}}
    made: Params = own.redshift.create_scheduled_action(
        ScheduledActionName=name,
        TargetAction=more.pop("target", pause),
        Schedule=when,
        IamRole=more.pop("role", own.scheduler),
        **more,
    )
    return made


def test_an_action_is_scheduled_changed_and_deleted(own: Account) -> None:
    own.aws.pace.clock = lambda: TODAY
    own.available()
    made = schedule(own, "night", "cron(0 22 ? * MON-FRI *)")
    assert made["State"] == "ACTIVE"
    assert made["NextInvocations"][:2] == [
        datetime(2026, 11, 20, 22, 0, tzinfo=UTC),  # a Friday
        datetime(2026, 11, 23, 22, 0, tzinfo=UTC),
    ]
    changed = own.redshift.modify_scheduled_action(
        ScheduledActionName="night", Enable=False
    )
    assert (changed["State"], changed["NextInvocations"]) == ("DISABLED", [])
    pages = own.redshift.get_paginator("describe_scheduled_actions")
    chosen = [{"Name": "cluster-identifier", "Values": ["dwh"]}]
    found = pages.paginate(Filters=chosen).build_full_result()["ScheduledActions"]
    assert [row["ScheduledActionName"] for row in found] == ["night"]
    with refuses("ScheduledActionAlreadyExists"):
        schedule(own, "night", "cron(0 22 * * ? *)")
    own.redshift.delete_scheduled_action(ScheduledActionName="night")
    with refuses("ScheduledActionNotFound"):
        own.redshift.delete_scheduled_action(ScheduledActionName="night")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"when": "at(2026-11-20T11:59:00)"}, "InvalidSchedule"),
        ({"when": "at(tomorrow)"}, "InvalidSchedule"),
        ({"when": "rate(1 day)"}, "InvalidSchedule"),
        ({"when": "cron(0 22 * * * *)"}, "InvalidSchedule"),
        ({"when": "cron(0 25 * * ? *)"}, "InvalidSchedule"),
        ({"when": "cron(0/30 * * * ? *)"}, "InvalidSchedule"),
        ({"role": "arn:aws:iam::123456789012:role/none"}, VALUE),
        ({"target": {"PauseCluster": {"ClusterIdentifier": "x"}}}, "ClusterNotFound"),
        ({"target": {}}, "InvalidScheduledAction"),
        ({"name": "not/a/name"}, VALUE),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_schedule_is_refused(own: Account, more: Params, code: str) -> None:
    own.aws.pace.clock = lambda: TODAY
    own.available()
    with refuses(code):
        schedule(own, **({"name": "night", "when": "cron(0 22 * * ? *)"} | more))


def test_actions_of_a_cluster_are_an_hour_apart(own: Account) -> None:
    own.aws.pace.clock = lambda: TODAY
    own.available()
    schedule(own, "night", "cron(0 22 * * ? *)")
    with refuses("InvalidSchedule", "at least one hour"):
        schedule(own, "near", "at(2027-03-01T22:59:00)")
    schedule(own, "far", "at(2027-03-01T23:00:00)")
    with refuses("InvalidSchedule", "at least one hour"):
        own.redshift.modify_scheduled_action(
            ScheduledActionName="far", Schedule="at(2026-11-20T21:30:00)"
        )


# What AWS offers and tells


def test_what_can_be_ordered_is_told_by_node_type_and_zone(own: Account) -> None:
    pages = own.redshift.get_paginator("describe_orderable_cluster_options")
    own.aws.world.offered = {"rg.large": ["us-west-2b"], "ra3.large": None}
    found = pages.paginate(NodeType="rg.large").build_full_result()
    zones = {
        zone["Name"]
        for row in found["OrderableClusterOptions"]
        for zone in row["AvailabilityZones"]
    }
    assert zones == {"us-west-2b"}
    assert own.available()["AvailabilityZone"] == "us-west-2b"
    found = pages.paginate(NodeType="dc2.large").build_full_result()
    assert found["OrderableClusterOptions"] == []


def test_prices_are_told_where_there_is_an_endpoint_for_them(own: Account) -> None:
    chosen = [
        {"Type": "TERM_MATCH", "Field": "instanceType", "Value": "rg.large"},
        {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-west-2"},
    ]
    pricing: Any = own.session.client("pricing", "us-east-1")
    pages = pricing.get_paginator("get_products").paginate(
        ServiceCode="AmazonRedshift", Filters=chosen
    )
    (text,) = pages.build_full_result()["PriceList"]
    (term,) = json.loads(text)["terms"]["OnDemand"].values()
    (dimension,) = term["priceDimensions"].values()
    assert dimension["pricePerUnit"] == {"USD": "0.3801000000"}
    own.aws.catalogue.prices.append(product("rg.large", "us-west-2", "9", "CNY"))
    assert len(pages.build_full_result()["PriceList"]) == 2
    elsewhere = own.session.client("pricing", "us-west-2")
    with pytest.raises(EndpointConnectionError):
        elsewhere.get_products(ServiceCode="AmazonRedshift")


def test_quotas_are_told_and_can_be_set(own: Account) -> None:
    quotas = own.session.client("service-quotas")
    asked = {"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"}
    assert quotas.get_service_quota(**asked)["Quota"]["Value"] == 5
    own.aws.catalogue.quotas["vpc", "L-F678F1CE"] = ("VPCs per Region", 1.0)
    assert quotas.get_service_quota(**asked)["Quota"]["Value"] == 1
    with refuses("NoSuchResourceException"):
        quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-0")


def test_events_tell_of_pauses(own: Account) -> None:
    times = iter(TODAY + timedelta(hours=hour) for hour in range(1000))
    own.aws.pace.clock = lambda: next(times)
    own.available()
    own.redshift.pause_cluster(ClusterIdentifier="dwh")
    own.aws.clusters.settle()
    own.redshift.resume_cluster(ClusterIdentifier="dwh")
    own.aws.clusters.settle()
    own.aws.pace.clock = lambda: TODAY + timedelta(days=2)
    asked = {"SourceType": "cluster", "SourceIdentifier": "dwh", "Duration": 20000}
    events = own.redshift.describe_events(**asked)["Events"]
    assert [e["Message"].split()[-1] for e in events[1:]] == ["paused.", "resumed."]
    assert events[1]["Date"] < events[2]["Date"]
    del asked["Duration"]
    assert own.redshift.describe_events(**asked)["Events"] == []  # of the past hour
    with refuses("InvalidParameterCombination"):
        own.redshift.describe_events(SourceIdentifier="dwh")


def test_logins_are_for_clusters_that_there_are(own: Account) -> None:
    with refuses("ClusterNotFound"):
        own.redshift.get_cluster_credentials_with_iam(ClusterIdentifier="dwh")
    own.available()
    login = own.redshift.get_cluster_credentials_with_iam(ClusterIdentifier="dwh")
    assert login["DbUser"].startswith("IAM:")
    with refuses(VALUE):
        own.redshift.get_cluster_credentials_with_iam(
            ClusterIdentifier="dwh", DurationSeconds=4000
        )


def test_logging_is_told(own: Account) -> None:
    own.available()
    asked = {"ClusterIdentifier": "dwh"}
    assert not own.redshift.describe_logging_status(**asked)["LoggingEnabled"]
    own.redshift.enable_logging(
        **asked, LogDestinationType="cloudwatch", LogExports=["userlog"]
    )
    status = own.redshift.describe_logging_status(**asked)
    assert (status["LoggingEnabled"], status["LogExports"]) == (True, ["userlog"])


def test_a_managed_secret_is_described_as_redshift_s(own: Account) -> None:
    arn = own.available()["MasterPasswordSecretArn"]
    secrets = own.session.client("secretsmanager")
    secret = secrets.describe_secret(SecretId=arn)
    assert (secret["OwningService"], secret["RotationEnabled"]) == ("redshift", True)
    own.aws.clusters.vanish("dwh")
    with refuses("ResourceNotFoundException"):
        secrets.describe_secret(SecretId=arn)


def test_usage_limits(own: Account) -> None:
    own.available()
    asked = {
        "ClusterIdentifier": "dwh",
        "FeatureType": "spectrum",
        "LimitType": "data-scanned",
        "Amount": 1,
    }
    made = own.redshift.create_usage_limit(**asked)
    with refuses("UsageLimitAlreadyExists"):
        own.redshift.create_usage_limit(**asked)
    own.redshift.modify_usage_limit(UsageLimitId=made["UsageLimitId"], Amount=2)
    (limit,) = own.redshift.describe_usage_limits()["UsageLimits"]
    assert limit["Amount"] == 2
    own.redshift.delete_usage_limit(UsageLimitId=made["UsageLimitId"])
    assert own.redshift.describe_usage_limits()["UsageLimits"] == []


# Tags, snapshots, pages


def test_tags_are_found_by_keys_and_values(own: Account) -> None:
    own.available("one", Tags=[{"Key": "stack", "Value": "a"}])
    own.available("two", Tags=[{"Key": "stack", "Value": "b"}])

    def found(**asked: object) -> list[str]:
        clusters = own.redshift.describe_clusters(**asked)["Clusters"]
        return [cluster["ClusterIdentifier"] for cluster in clusters]

    assert found(TagKeys=["stack"]) == ["one", "two"]
    assert found(TagKeys=["stack"], TagValues=["b"]) == ["two"]
    assert found(TagValues=["c"]) == []
    arn = own.aws.world.arn("cluster", "one")
    own.redshift.create_tags(ResourceName=arn, Tags=[{"Key": "x", "Value": "y"}])
    own.redshift.delete_tags(ResourceName=arn, TagKeys=["stack"])
    rows = own.redshift.describe_tags(ResourceType="cluster")["TaggedResources"]
    assert [row["Tag"]["Key"] for row in rows] == ["x", "stack"]
    rows = own.redshift.describe_tags(TagValues=["y"])["TaggedResources"]
    assert arn in [row["ResourceName"] for row in rows]
    with refuses("ResourceNotFoundFault"):
        own.redshift.create_tags(ResourceName="arn:aws:redshift:x", Tags=[])


def test_snapshots_are_of_their_own_cluster(own: Account) -> None:
    own.available("one")
    own.cluster("two")

    def found(**asked: object) -> list[str]:
        answer = own.redshift.describe_cluster_snapshots(**asked)
        return [snapshot["SnapshotType"] for snapshot in answer["Snapshots"]]

    assert found(ClusterIdentifier="one") == ["automated"]
    assert found(ClusterIdentifier="two") == []
    with refuses("InvalidParameterCombination"):
        found(ClusterIdentifier="one", SnapshotIdentifier="s")
    own.redshift.create_cluster_snapshot(
        ClusterIdentifier="one", SnapshotIdentifier="s"
    )
    with refuses("InvalidClusterSnapshotState"):
        own.redshift.delete_cluster_snapshot(SnapshotIdentifier="s")
    own.redshift.get_waiter("snapshot_available").wait(
        SnapshotIdentifier="s", WaiterConfig=AT_ONCE
    )
    assert found(SnapshotType="manual") == ["manual"]
    with refuses("ClusterSnapshotAlreadyExists"):
        own.redshift.create_cluster_snapshot(
            ClusterIdentifier="one", SnapshotIdentifier="S"
        )
    own.redshift.delete_cluster_snapshot(SnapshotIdentifier="s")
    with refuses("ClusterSnapshotNotFound"):
        found(SnapshotIdentifier="s")


def test_a_snapshot_is_restored_into_the_default_groups(own: Account) -> None:
    own.parameter_group("g")
    own.available(ClusterParameterGroupName="g")
    own.redshift.create_cluster_snapshot(
        ClusterIdentifier="dwh", SnapshotIdentifier="s"
    )
    asked = {"SnapshotIdentifier": "s", "ClusterIdentifier": "drill"}
    asked["ClusterSubnetGroupName"] = "own"
    with refuses("InvalidClusterSnapshotState"):
        own.redshift.restore_from_cluster_snapshot(**asked)
    for _ in range(2):
        own.redshift.describe_cluster_snapshots()
    own.redshift.restore_from_cluster_snapshot(**asked)
    assert own.look("drill")["RestoreStatus"]["Status"] == "restoring"
    own.redshift.get_waiter("cluster_restored").wait(
        ClusterIdentifier="drill", WaiterConfig=AT_ONCE
    )
    (group,) = own.look("drill")["ClusterParameterGroups"]
    assert group["ParameterGroupName"] == "default.redshift-2.0"


def test_answers_come_in_pages(own: Account) -> None:
    own.aws.pace.page_size = 2
    for number in range(5):
        own.cluster(f"dwh{number}")
    assert len(own.redshift.describe_clusters()["Clusters"]) == 2
    pages = own.redshift.get_paginator("describe_clusters")
    found = pages.paginate().build_full_result()["Clusters"]
    assert [row["ClusterIdentifier"] for row in found] == [
        f"dwh{number}" for number in range(5)
    ]
    assert parameter(own, "default.redshift-2.0", "use_fips_ssl")
    with refuses(VALUE):
        own.redshift.describe_clusters(Marker="made-up")
    with refuses(VALUE):
        own.redshift.describe_clusters(MaxRecords=1)


# Faults


def test_a_failure_is_raised_as_what_botocore_models(own: Account) -> None:
    own.aws.fail(
        "redshift", "CreateCluster", code="InsufficientClusterCapacity", times=2
    )
    for _ in range(2):
        with pytest.raises(own.redshift.exceptions.InsufficientClusterCapacityFault):
            own.cluster()
    own.cluster()
    assert own.aws.writes[1].error == "InsufficientClusterCapacity"


@pytest.mark.parametrize(("service", "code"), [("ec2", "Throttling"), ("redshift", "")])
def test_botocore_retries_a_throttled_request(
    own: Account, service: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    own.aws.throttle(service, "Describe*", code=code or "ThrottlingException", times=2)
    if service == "ec2":
        answer = own.ec2.describe_vpcs()
    else:
        answer = own.redshift.describe_clusters()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert len(own.aws.calls) == 1


def test_botocore_gives_up_on_a_service_that_stays_busy(
    own: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    before = own.vpcs()
    own.aws.throttle("ec2", "CreateVpc", code="RequestLimitExceeded", times=99)
    with refuses("RequestLimitExceeded"):
        own.ec2.create_vpc(CidrBlock="10.7.0.0/16")
    own.aws.calm()
    assert own.vpcs() == before


def test_a_kill_before_a_write_leaves_it_undone(own: Account) -> None:
    own.aws.kill_before(2)
    own.subnet_group("one")
    own.redshift.describe_clusters()
    with pytest.raises(Killed, match=r"before redshift\.CreateClusterSubnetGroup"):
        own.subnet_group("two")
    assert list(own.aws.world.subnet_groups) == ["one"]
    own.subnet_group("two")  # the next process


def test_a_kill_after_a_write_leaves_it_done(own: Account) -> None:
    own.aws.kill_after(2)
    own.subnet_group("one")
    with pytest.raises(Killed, match=r"after redshift\.CreateClusterSubnetGroup"):
        own.subnet_group("two")
    assert list(own.aws.world.subnet_groups) == ["one", "two"]


@pytest.mark.parametrize("error", [ReadTimeoutError, ConnectionClosedError])
def test_a_lost_reply_leaves_it_done(own: Account, error: type[Exception]) -> None:
    before = own.vpcs()
    lose: Any = own.aws.lose_reply
    lose("ec2", "CreateVpc", error=error)
    with pytest.raises(error):
        own.ec2.create_vpc(CidrBlock="10.6.0.0/16")
    assert own.vpcs() == before + 1


def test_botocore_does_twice_what_has_no_token(
    own: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    before = own.vpcs()
    own.aws.lose_reply("ec2", "CreateVpc", retried=True)
    own.ec2.create_vpc(CidrBlock="10.5.0.0/16")
    assert own.vpcs() == before + 2
    own.aws.lose_reply("redshift", "CreateClusterSubnetGroup", retried=True)
    with refuses("ClusterSubnetGroupAlreadyExists"):
        own.subnet_group("g")


def test_a_denial_has_the_words_of_iam(own: Account) -> None:
    own.aws.deny("redshift", "CreateCluster", resource="arn:aws:redshift:x")
    words = (
        "is not authorized to perform: redshift:CreateCluster on resource: "
        "arn:aws:redshift:x because no identity-based policy allows the "
        "redshift:CreateCluster action"
    )
    with refuses("AccessDenied", words):
        own.cluster()
    own.aws.deny("ec2", "DescribeVpcs", explicit=True)
    with refuses("UnauthorizedOperation", "You are not authorized .* explicit deny"):
        own.ec2.describe_vpcs()
    own.aws.calm()
    own.ec2.describe_vpcs()


def test_credentials_expire_after_some_calls(own: Account) -> None:
    own.aws.expire_after(1)
    own.ec2.describe_vpcs()
    with refuses("RequestExpired"):
        own.ec2.describe_vpcs()
    with refuses("ExpiredToken"):
        own.redshift.describe_clusters()
    own.aws.renew()
    own.redshift.describe_clusters()


def test_what_is_new_is_not_seen_at_first(own: Account) -> None:
    before = own.vpcs()
    own.aws.delay("ec2", "DescribeVpcs", reads=2)
    made = own.ec2.create_vpc(CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"]
    with refuses("InvalidVpcID.NotFound"):
        own.ec2.describe_vpcs(VpcIds=[made])
    assert own.vpcs() == before
    assert own.vpcs() == before + 1
    own.aws.delay("iam", "GetRole", reads=1)
    own.iam.create_role(RoleName="late", AssumeRolePolicyDocument=trust("x"))
    with refuses("NoSuchEntity"):
        own.iam.get_role(RoleName="late")
    own.iam.get_role(RoleName="late")
    own.iam.delete_role(RoleName="late")


def test_a_test_is_called_back_before_and_after(own: Account) -> None:
    seen: list[str] = []
    own.aws.on("ec2", "DescribeVpcs", lambda call: seen.append(f"before {call}"))
    own.aws.on("ec2", "DescribeVpcs", lambda _: own.subnet_group("raced"), times=1)
    own.aws.on("ec2", "*", lambda call: seen.append(f"after {call}"), after=True)
    own.vpcs()
    own.vpcs()
    assert seen == ["before ec2.DescribeVpcs", "after ec2.DescribeVpcs"] * 2
    assert list(own.aws.world.subnet_groups) == ["raced"]


# The end state


def test_the_same_end_is_the_same_inventory(own: Account) -> None:
    empty = own.aws.inventory()
    group = own.ec2.create_security_group(
        GroupName=f"g-{uuid.uuid4().hex}", Description="d", VpcId=own.vpc
    )["GroupId"]
    own.ec2.delete_security_group(GroupId=group)
    own.available(Tags=[{"Key": "run-id", "Value": "1"}])
    ignored = frozenset({"run-id"})
    first = own.aws.inventory(ignored)
    assert first != empty
    own.aws.clusters.vanish("dwh")
    own.available(Tags=[{"Key": "run-id", "Value": "2"}])
    assert own.aws.inventory(ignored) == first
    assert own.aws.inventory() != first
    assert own.vpc not in str(first)


def test_the_inventory_tells_duplicates(own: Account) -> None:
    def duplicates() -> list[str]:
        found = own.aws.inventory().duplicates()
        return [line for line in found if "10.3.0.0/16" in line]

    for expected in (0, 1):
        own.ec2.create_vpc(CidrBlock="10.3.0.0/16")
        assert len(duplicates()) == expected


# Where it works


def test_another_session_sees_the_same_account(own: Account) -> None:
    other = boto3.Session("testing", "testing", region_name="us-west-2")
    own.aws.attach(other)
    own.available()
    assert own.aws.clusters.names() == ["dwh"]
    found = other.client("redshift").describe_clusters()["Clusters"]
    assert [cluster["ClusterIdentifier"] for cluster in found] == ["dwh"]
    found = other.client("redshift", "us-east-1").describe_clusters()["Clusters"]
    assert found == []


def test_nothing_goes_to_aws_by_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr("moto.core.models.botocore_stubber.enabled", False)
    session = boto3.Session("testing", "testing", region_name="us-west-2")
    Honest(session)
    with pytest.raises(AssertionError, match=r"sts\.GetCallerIdentity would go to AWS"):
        session.client("sts").get_caller_identity()


def test_it_works_with_moto_s_server_too(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setattr("time.sleep", lambda _: None)
    try:
        session = boto3.Session("testing", "testing", region_name="us-west-2")
        own = account(session)
        own.cluster()
        assert own.statuses(3) == ["creating", "creating", "available"]
        with refuses("DependencyViolation"):
            own.ec2.delete_security_group(GroupId=own.security_group)
        before = own.vpcs()
        own.aws.lose_reply("ec2", "CreateVpc", retried=True)
        own.ec2.create_vpc(CidrBlock="10.2.0.0/16")
        assert own.vpcs() == before + 2
    finally:
        server.stop()
