import pytest
from cloud import Cloud
from honest import Call

from infra.aws import cluster_changes, engine
from infra.aws.engine import Plan
from infra.aws.resource import Difference, Found
from infra.errors import AwsError, ForeignError
from infra.rehearsal.aws.walk import Step

NAME = "sparkify-dev"
COPY = "arn:aws:iam::123456789012:role/sparkify/sparkify-dev-copy"
OTHER = "arn:aws:iam::123456789012:role/other"


def only(cloud: Cloud, operation: str) -> Call:
    (call,) = calls(cloud, operation)
    return call


def calls(cloud: Cloud, *operations: str) -> list[Call]:
    return [call for call in cloud.aws.calls if call.operation in operations]


def changes(planned: Plan) -> dict[str, tuple[object, object]]:
    """What the plan says of the cluster: attribute: before, after."""
    return {
        each.attribute: (each.before, each.after)
        for action in planned.changes
        for each in action.differences
        if action.resource.key == "cluster"
    }


def firewall(cloud: Cloud) -> str:
    groups = cloud.aws.clusters.get(NAME)["VpcSecurityGroups"]
    return str(groups[0]["VpcSecurityGroupId"])


# CreateCluster


def test_create_cluster_is_asked_for_exactly_this(account: Cloud) -> None:
    account.up()
    asked = only(account, "CreateCluster").params
    tags = {each["Key"]: each["Value"] for each in asked.pop("Tags")}
    made = asked.pop("VpcSecurityGroupIds")
    assert made == [firewall(account)]
    assert asked == {
        "ClusterIdentifier": NAME,
        "NodeType": "rg.large",
        "ClusterType": "single-node",
        "DBName": "sparkify",
        "MasterUsername": "sparkify_admin",
        "ManageMasterPassword": True,
        "Port": 5439,
        "ClusterSubnetGroupName": NAME,
        "ClusterParameterGroupName": NAME,
        "PubliclyAccessible": True,
        "EnhancedVpcRouting": True,
        "Encrypted": True,
        "IamRoles": [COPY],
        "DefaultIamRoleArn": COPY,
        "AutomatedSnapshotRetentionPeriod": 7,
        "ManualSnapshotRetentionPeriod": 30,
        "PreferredMaintenanceWindow": "sun:09:00-sun:10:00",
        "AllowVersionUpgrade": True,
    }
    started = account.clock.now().timestamp() - account.clock.slept
    ends = account.clock.moment.fromisoformat(tags.pop("expires-at") + "+00:00")
    assert ends.timestamp() == started + 8 * 3600
    assert tags == {
        "managed-by": "sparkify-warehouse",
        "stack": "dev",
        "owner": account.site().stack.owner,
    }
    assert "MasterUserPassword" not in str(account.aws.calls)


def test_settings_reach_create_cluster(account: Cloud) -> None:
    account.up(
        aws_access="private",
        nodes=2,
        max_hourly_usd=5.0,
        database="songs",
        admin_user="dj_tester",
        port=5440,
        snapshot_days=3,
        maintenance_window="mon:01:00-mon:02:00",
        node_type="ra3.large",
    )
    asked = only(account, "CreateCluster").params
    expected = {
        "PubliclyAccessible": False,
        "ClusterType": "multi-node",
        "NumberOfNodes": 2,
        "DBName": "songs",
        "MasterUsername": "dj_tester",
        "Port": 5440,
        "AutomatedSnapshotRetentionPeriod": 3,
        "PreferredMaintenanceWindow": "mon:01:00-mon:02:00",
        "NodeType": "ra3.large",
    }
    assert expected.items() <= asked.items()


def test_the_fallback_is_made_and_kept_where_the_first_type_is_not_offered(
    account: Cloud,
) -> None:
    del account.aws.world.offered["rg.large"]
    account.up()
    assert only(account, "CreateCluster").params["NodeType"] == "ra3.large"
    account.aws.world.offered["rg.large"] = None
    assert not account.prepared().plan.changes


def test_a_second_up_writes_nothing(running: Cloud) -> None:
    assert not running.up().plan.changes
    assert running.aws.writes == []


# Drift: what somebody changed is planned as it is, and repaired

# Attribute, what it is changed to, what the plan says, the calls that repair it
DRIFTS = (
    (
        {"PubliclyAccessible": False},
        {"from the internet": (False, True)},
        [{"PubliclyAccessible": True}],
    ),
    (
        {"EnhancedVpcRouting": False},
        {"traffic through the VPC": (False, True)},
        [{"EnhancedVpcRouting": True}],
    ),
    ({"Encrypted": False}, {"encrypted": (False, True)}, [{"Encrypted": True}]),
    (
        {"AutomatedSnapshotRetentionPeriod": 1},
        {"snapshot days": (1, 7)},
        [{"AutomatedSnapshotRetentionPeriod": 7}],
    ),
    (
        {"PreferredMaintenanceWindow": "sat:01:00-sat:02:00"},
        {"maintenance window": ("sat:01:00-sat:02:00", "sun:09:00-sun:10:00")},
        [{"PreferredMaintenanceWindow": "sun:09:00-sun:10:00"}],
    ),
    (
        {"AllowVersionUpgrade": False},
        {"upgrades": (False, True)},
        [{"AllowVersionUpgrade": True}],
    ),
    (
        {"MasterPasswordSecretArn": ""},
        {"managed password": (False, True)},
        [{"ManageMasterPassword": True}],
    ),
    ({"Port": 5440}, {"port": (5440, 5439)}, [{"Port": 5439}]),
    (
        {
            "EnhancedVpcRouting": False,
            "PubliclyAccessible": False,
            "AutomatedSnapshotRetentionPeriod": 1,
            "AllowVersionUpgrade": False,
        },
        {
            "from the internet": (False, True),
            "traffic through the VPC": (False, True),
            "snapshot days": (1, 7),
            "upgrades": (False, True),
        },
        [
            {"EnhancedVpcRouting": True},
            {"PubliclyAccessible": True},
            {"AutomatedSnapshotRetentionPeriod": 7, "AllowVersionUpgrade": True},
        ],
    ),
)


@pytest.mark.parametrize(
    ("drift", "planned", "asked"), DRIFTS, ids=[", ".join(each[1]) for each in DRIFTS]
)
def test_drift_is_planned_exactly_and_repaired(
    running: Cloud,
    drift: dict[str, object],
    planned: dict[str, tuple[object, object]],
    asked: list[dict[str, object]],
) -> None:
    running.aws.clusters.drift(NAME, **drift)
    assert changes(running.mend()) == planned
    found = [call.params for call in calls(running, "ModifyCluster")]
    assert found == [{"ClusterIdentifier": NAME, **each} for each in asked]
    assert not [call.error for call in running.aws.writes if call.error]


def test_a_private_cluster_that_was_made_public_is_private_again(
    account: Cloud,
) -> None:
    account.up(aws_access="private")
    account.aws.clusters.drift(NAME, PubliclyAccessible=True)
    planned = account.up(aws_access="private").plan
    assert changes(planned) == {"from the internet": (True, False)}
    assert not account.aws.clusters.get(NAME)["PubliclyAccessible"]


def test_exclusive_changes_wait_for_each_other(running: Cloud) -> None:
    running.aws.clusters.drift(
        NAME, EnhancedVpcRouting=False, Encrypted=False, PubliclyAccessible=False
    )
    running.aws.clusters.speed(modifying=4)
    states: list[str] = []
    running.aws.on(
        "redshift",
        "ModifyCluster",
        lambda _: states.append(running.aws.world.clusters[NAME].status),
    )
    running.mend()
    assert states == ["available"] * 3


@pytest.mark.parametrize(
    ("status", "before"),
    [
        ({"LoggingEnabled": False}, "off"),
        (
            {"LoggingEnabled": True, "LogDestinationType": "s3", "BucketName": "b"},
            "s3",
        ),
        ({"LoggingEnabled": True, "BucketName": "b"}, "s3"),
        (
            {
                "LoggingEnabled": True,
                "LogDestinationType": "cloudwatch",
                "LogExports": ["userlog"],
            },
            ("userlog",),
        ),
    ],
)
def test_the_audit_log_goes_to_cloudwatch_again(
    running: Cloud, status: dict[str, object], before: object
) -> None:
    all_logs = ("connectionlog", "useractivitylog", "userlog")
    running.aws.clusters.drift_logging(NAME, **status)
    assert changes(running.mend()) == {"audit log": (before, all_logs)}
    assert only(running, "EnableLogging").params == {
        "ClusterIdentifier": NAME,
        "LogDestinationType": "cloudwatch",
        "LogExports": list(all_logs),
    }


def test_another_parameter_group_is_replaced_with_a_restart_that_the_plan_says(
    running: Cloud,
) -> None:
    cluster = running.aws.world.clusters[NAME]
    cluster.group, cluster.values = "default.redshift-2.0", {}
    planned = engine.plan(running.core())
    assert changes(planned) == {"parameter group": ("another", NAME)}
    assert [each.restarts for each in planned.changes] == [True]
    running.mend()
    assert len(calls(running, "RebootCluster")) == 1
    assert cluster.values["enable_user_activity_logging"] == "true"


def test_parameters_that_await_a_restart_get_it(running: Cloud) -> None:
    running.aws.world.clusters[NAME].pending = {"require_ssl"}
    planned = engine.plan(running.core())
    assert changes(planned) == {"parameters": ("pending-reboot", "in-sync")}
    assert planned.changes[0].restarts
    running.mend()
    assert len(calls(running, "RebootCluster")) == 1


def test_a_parameter_changed_by_hand_is_put_back_with_a_restart(
    running: Cloud,
) -> None:
    running.aws.clusters.drift_parameter(NAME, "require_ssl", "false")
    planned = engine.plan(running.core())
    assert [(each.resource.key, each.restarts) for each in planned.changes] == [
        ("parameter group", True)
    ]
    running.mend()
    order = [each.operation for each in calls(running, "RebootCluster")]
    assert order == ["RebootCluster"]
    assert running.aws.world.clusters[NAME].values["require_ssl"] == "true"


ROLES: tuple[
    tuple[dict[str, str], str, dict[str, object], tuple[list[str], list[str]]], ...
] = (
    (
        {},
        "",
        {"roles": ((), (COPY,)), "default role": ("none", COPY)},
        ([COPY], []),
    ),
    ({COPY: "in-sync"}, "", {"default role": ("none", COPY)}, ([], [])),
    (
        {COPY: "in-sync", OTHER: "in-sync"},
        OTHER,
        {"roles": ((OTHER, COPY), (COPY,)), "default role": (OTHER, COPY)},
        ([], [OTHER]),
    ),
    (
        {COPY: "in-sync", OTHER: "in-sync"},
        COPY,
        {"roles": ((OTHER, COPY), (COPY,))},
        ([], [OTHER]),
    ),
    (
        {OTHER: "in-sync"},
        OTHER,
        {"roles": ((OTHER,), (COPY,)), "default role": (OTHER, COPY)},
        ([COPY], [OTHER]),
    ),
)


@pytest.mark.parametrize(("roles", "default", "planned", "moved"), ROLES)
def test_the_cluster_has_one_role_and_it_is_the_default(
    running: Cloud,
    roles: dict[str, str],
    default: str,
    planned: dict[str, tuple[object, object]],
    moved: tuple[list[str], list[str]],
) -> None:
    running.aws.clusters.drift_roles(NAME, roles)
    running.aws.clusters.drift(NAME, DefaultIamRoleArn=default)
    assert changes(running.mend()) == planned
    asked = only(running, "ModifyClusterIamRoles").params
    assert (asked["AddIamRoles"], asked["RemoveIamRoles"]) == moved
    assert asked["DefaultIamRoleArn"] == COPY


def test_security_groups_added_by_hand_go(running: Cloud) -> None:
    own, other = firewall(running), "sg-0123456789abcdef0"
    groups = [{"VpcSecurityGroupId": each, "Status": "active"} for each in (own, other)]
    running.aws.clusters.drift(NAME, VpcSecurityGroups=groups)
    found = changes(running.mend())
    assert found == {"security groups": (tuple(sorted([own, other])), (own,))}
    assert only(running, "ModifyCluster").params["VpcSecurityGroupIds"] == [own]


@pytest.mark.parametrize(
    "expires", ["2020-01-01T00:00:00", "soon", "", "5 minutes from now"]
)
def test_a_lifetime_that_is_over_begins_anew(running: Cloud, expires: str) -> None:
    now = running.clock.now().replace(microsecond=0)  # as the tag has it
    if expires.startswith("5"):  # too near for AWS to be told to pause it then
        expires = now.replace(second=0).isoformat()[:19]
    tags = {"managed-by": "sparkify-warehouse", "stack": "dev", "expires-at": expires}
    running.aws.clusters.retag(NAME, **{k: v for k, v in tags.items() if v})
    assert changes(running.mend()) == {"lifetime": ("over", "not over")}
    schedule = running.aws.world.scheduled["sparkify-dev-expires"]["Schedule"]
    tags = running.aws.world.tags[running.aws.world.arn("cluster", NAME)]
    assert schedule == f"at({tags['expires-at']})"
    assert (running.clock.moment.fromisoformat(schedule[3:-1] + "Z") - now).seconds >= (
        8 * 3600
    )


# What cannot be changed stops everything


@pytest.mark.parametrize(
    ("drift", "attribute", "words"),
    [
        (
            {"NodeType": "ra3.4xlarge"},
            "node type",
            "is ra3.4xlarge, not rg.large or ra3.large",
        ),
        ({"NumberOfNodes": 3}, "nodes", "nodes is 3, not 1"),
        ({"DBName": "dev"}, "database", "database is dev, not sparkify"),
        ({"MasterUsername": "awsuser"}, "admin user", "is awsuser, not sparkify_admin"),
        ({"ClusterSubnetGroupName": "default"}, "subnet group", "is default, not"),
    ],
)
def test_what_is_fixed_at_creation_blocks_before_the_first_write(
    running: Cloud, drift: dict[str, object], attribute: str, words: str
) -> None:
    running.aws.clusters.drift(NAME, **drift, AllowVersionUpgrade=False)
    (action,) = engine.plan(running.core()).blocked
    assert attribute in {each.attribute for each in action.differences}
    with pytest.raises(AwsError, match=words) as caught:
        running.up()
    assert "Nothing was changed." in str(caught.value)
    assert "take the warehouse down and up again" in str(caught.value)
    assert running.aws.writes == []


def test_a_cluster_that_is_somebody_elses_stops_everything(running: Cloud) -> None:
    running.aws.clusters.retag(NAME, stack="other")
    with pytest.raises(ForeignError, match="did not make"):
        running.up()
    assert running.aws.writes == []


def test_a_cluster_of_another_stack_is_somebody_elses(running: Cloud) -> None:
    running.aws.clusters.retag(
        NAME, **{"managed-by": "sparkify-warehouse", "stack": "production"}
    )
    with pytest.raises(ForeignError):
        running.up()


# What AWS refuses on the way


def test_a_role_that_aws_does_not_know_yet_is_waited_for(account: Cloud) -> None:
    account.aws.pace.role_refusals = 4
    account.up()
    asked = calls(account, "CreateCluster")
    assert [call.error for call in asked] == ["InvalidParameterValue"] * 4 + [""]


def test_a_role_that_stays_unknown_ends_after_a_minute(running: Cloud) -> None:
    running.aws.clusters.vanish(NAME)
    running.aws.pace.role_refusals = 1000
    with pytest.raises(AwsError, match="does not accept the IAM role yet"):
        running.mend()
    assert 30 <= running.clock.slept <= 90
    assert calls(running, "ModifyScheduledAction") == []


def test_a_cluster_whose_answer_was_lost_is_found(running: Cloud) -> None:
    running.aws.clusters.vanish(NAME)
    running.aws.lose_reply("redshift", "CreateCluster")
    running.mend()
    assert len(calls(running, "CreateCluster")) == 1
    assert running.aws.clusters.names() == [NAME]


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_a_cluster_made_in_between_is_taken_if_it_is_ours(
    running: Cloud, whose: str
) -> None:
    """Two have asked at once: AWS says to this one that it is there already."""
    world = running.aws.world
    arn = world.arn("cluster", NAME)
    cluster, tags = world.clusters[NAME], world.tags[arn]
    running.aws.clusters.vanish(NAME)

    def appears(_: Call) -> None:
        world.clusters[NAME] = cluster
        cluster.walk(Step("available"))
        world.tags[arn] = tags if whose == "ours" else {"stack": "dev"}

    running.aws.on("redshift", "CreateCluster", appears, times=1)
    if whose == "ours":
        running.mend()
    else:
        with pytest.raises(ForeignError, match="did not make"):
            running.mend()
    (asked,) = calls(running, "CreateCluster")
    assert asked.error == "ClusterAlreadyExists"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("InsufficientClusterCapacity", "no room .* nothing costs"),
        ("ClusterQuotaExceeded", "quota of clusters is used up"),
        ("NumberOfNodesQuotaExceeded", "quota of nodes"),
        ("NumberOfNodesPerClusterLimitExceeded", "quota of nodes in one cluster"),
        ("ClusterSubnetGroupQuotaExceeded", "quota of cluster subnet groups"),
    ],
)
def test_what_will_not_get_better_is_not_asked_for_twice(
    running: Cloud, code: str, words: str
) -> None:
    running.aws.clusters.vanish(NAME)
    running.aws.fail("redshift", "CreateCluster", code=code, times=9)
    with pytest.raises(AwsError, match=words):
        running.mend()
    assert len(calls(running, "CreateCluster")) == 1
    assert running.aws.clusters.names() == []


def test_a_change_waits_for_an_operation_on_the_cluster(running: Cloud) -> None:
    running.aws.clusters.drift(NAME, AllowVersionUpgrade=False)
    running.aws.fail("redshift", "ModifyCluster", code="InvalidClusterState", times=3)
    running.mend()
    errors = [call.error for call in calls(running, "ModifyCluster")]
    assert errors == ["InvalidClusterState"] * 3 + [""]


# The requests by themselves


@pytest.mark.parametrize(
    ("attributes", "operation", "given"),
    [
        ({"state": "available", "encrypted": True}, "resume_cluster", {}),
        (
            {"encrypted": True, "port": 5439, "audit log": ("a",)},
            "modify_cluster",
            {"Encrypted": True},
        ),
        (
            {"security groups": ("sg-1",), "snapshot days": 7, "parameters": "in-sync"},
            "modify_cluster",
            {"VpcSecurityGroupIds": ["sg-1"], "AutomatedSnapshotRetentionPeriod": 7},
        ),
        ({"parameters": "in-sync"}, "reboot_cluster", {}),
    ],
)
def test_the_next_request(
    attributes: dict[str, object], operation: str, given: dict[str, object]
) -> None:
    wrong = [Difference(name, None, value) for name, value in attributes.items()]
    assert cluster_changes.request(wrong, {"IamRoles": []}) == (operation, given)


def test_every_attribute_that_can_change_has_its_own_request(running: Cloud) -> None:
    """None falls through to the restart, which would mend nothing."""
    (cluster,) = [each for each in running.core() if each.key == "cluster"]
    wanted = cluster.wanted(Found(firewall={"GroupId": "sg-1"}))
    left_out = {*cluster.fixed, "lifetime", "parameters"}
    for name, value in wanted.items():
        if name not in left_out:
            asked = cluster_changes.request(
                [Difference(name, None, value)], {"IamRoles": []}
            )
            assert asked.operation != "reboot_cluster", name
