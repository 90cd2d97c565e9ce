"""The cluster of the stand-in for AWS, and its SQL: one life."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import redshift_connector
from botocore.exceptions import ClientError
from redshift_connector import error as driver

from infra.aws import reach
from infra.errors import SparkifyError
from infra.rehearsal import certificate, ports
from infra.rehearsal.aws.account import Account
from infra.rehearsal.aws.others import in_process
from infra.rehearsal.aws.server import served
from infra.rehearsal.aws.world import Place
from infra.rehearsal.leader import Leader
from infra.rehearsal.postgres import PostgresMissing, binaries
from infra.rehearsal.server import Server

REGION, CLUSTER, KEEPER = "us-west-2", "life", "keeper"
PASSWORD = "of-the-rehearsal"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "redshift.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}


@dataclass
class Life:
    """An account with a cluster, and who looks at it."""

    account: Account
    leader: Leader
    door: Server
    redshift: Any
    role: str
    asked: dict[str, Any]

    def create(self, **more: object) -> None:
        self.redshift.create_cluster(**(self.asked | more))

    def look(self) -> dict[str, Any]:
        found = self.redshift.describe_clusters(ClusterIdentifier=CLUSTER)
        return dict(found["Clusters"][0])

    def until(self, status: str) -> dict[str, Any]:
        for _ in range(10):
            found = self.look()
            settled = {"available": "Available", "paused": "Unavailable"}[status]
            if (found["ClusterStatus"], found["ClusterAvailabilityStatus"]) == (
                *(status, settled),
            ):
                return found
        raise AssertionError(found)

    def delete(self) -> None:
        self.redshift.delete_cluster(
            ClusterIdentifier=CLUSTER, SkipFinalClusterSnapshot=True
        )
        with pytest.raises(ClientError, match="ClusterNotFound"):
            self.look()

    def login(self, **given: object) -> tuple[str, str]:
        """User and password, from IAM."""
        names = {"ClusterIdentifier": CLUSTER, "DbUser": KEEPER}
        found = self.redshift.get_cluster_credentials(**(names | given))
        return found["DbUser"], found["DbPassword"]

    def connected(self, user: str = KEEPER, password: str = PASSWORD) -> Any:  # noqa: ANN401 - the driver has no types
        return redshift_connector.connect(
            host=certificate.HOSTS[0],
            port=self.door.port,
            database="dev",
            user=user,
            password=password,
            sslmode="verify-full",
        )

    def sql(self, text: str) -> list[list[Any]]:
        with closing(self.connected()) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(text)
            return list(cursor.fetchall()) if cursor.description else []

    def answers(self) -> bool:
        return reach.answers(certificate.HOSTS[0], self.door.port)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """One cluster for all tests: each leaves it available."""
    try:
        binaries()
    except PostgresMissing as missing:
        pytest.skip(str(missing))
    with ExitStack() as stack:
        tls = certificate.make(tmp_path_factory.mktemp("tls"))
        door = Server(ports.listening(ports.REDSHIFT), tls.context)
        stack.callback(door.stop)
        place = Place(certificate.HOSTS[0], door.port)
        account = Account(in_process, place)
        account.pace.polls = dict.fromkeys(account.pace.polls, 0)
        leader = Leader(account, door, PASSWORD)
        stack.callback(leader.close)
        url = stack.enter_context(served(account, answered=leader.follow))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("SSL_CERT_FILE", str(tls.file))
        made = _made(account, leader, door, url)
        stack.callback(made.redshift.close)
        made.create()
        made.until("available")
        yield made


@pytest.fixture(autouse=True)
def _forgotten(forgotten_sockets: None) -> None:
    """The driver forgets the socket of a log-in that fails."""


def _made(account: Account, leader: Leader, door: Server, url: str) -> Life:
    others = account.world_of(REGION).others
    vpc = others.ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = others.ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.0.0/24")["Subnet"]
    role = others.iam.create_role(
        RoleName=f"life-{os.getpid()}", AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    session = boto3.Session("x", "x", region_name=REGION)
    redshift = session.client("redshift", endpoint_url=url)
    redshift.create_cluster_subnet_group(
        ClusterSubnetGroupName=CLUSTER, Description="d", SubnetIds=[subnet["SubnetId"]]
    )
    asked = {
        "ClusterIdentifier": CLUSTER,
        "ClusterType": "single-node",
        "NodeType": "rg.large",
        "MasterUsername": KEEPER,
        "ManageMasterPassword": True,
        "ClusterSubnetGroupName": CLUSTER,
        "Port": door.port,
        "IamRoles": [role],
        "DefaultIamRoleArn": role,
    }
    return Life(account, leader, door, redshift, role, asked)


def test_an_available_cluster_answers_where_it_says(life: Life) -> None:
    found = life.until("available")
    assert found["Endpoint"] == {"Address": "localhost", "Port": life.door.port}
    assert life.answers()
    assert life.sql("select current_database(), current_user") == [["dev", KEEPER]]


def test_iam_s_log_ins_are_good_for_minutes(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = life.login(), life.login()
    assert first[0] == f"IAM:{KEEPER}"
    assert first[1] != second[1]
    for login in (first, second):
        life.connected(*login).close()
    user, password = first
    with pytest.raises(driver.Error, match="password authentication"):
        life.connected(user, password + "x")
    later = datetime.now(UTC) + timedelta(seconds=901)
    monkeypatch.setattr(life.account.pace, "clock", lambda: later)
    with pytest.raises(driver.Error, match="password authentication"):
        life.connected(user, password)
    life.connected(*life.login()).close()


def test_a_user_of_iam_logs_in_under_their_own_name(life: Life) -> None:
    found = life.redshift.get_cluster_credentials_with_iam(ClusterIdentifier=CLUSTER)
    with closing(life.connected(found["DbUser"], found["DbPassword"])) as connection:
        cursor = connection.cursor()
        cursor.execute("select current_user")
        assert cursor.fetchall() == (["sparkify"],)


def test_no_log_in_is_for_a_custom_domain(life: Life) -> None:
    with pytest.raises(ClientError, match="no custom domain localhost"):
        life.redshift.get_cluster_credentials(
            DbUser=KEEPER, CustomDomainName="localhost"
        )


def test_a_pause_ends_connections_and_keeps_data(life: Life) -> None:
    life.sql("create table kept (number integer)")
    life.sql("insert into kept values (7)")
    with closing(life.connected()) as connection:
        cursor = connection.cursor()
        life.redshift.pause_cluster(ClusterIdentifier=CLUSTER)
        with pytest.raises((driver.Error, OSError)):
            cursor.execute("select 1")
    assert life.look()["ClusterStatus"] in {"pausing", "paused"}
    assert not life.answers()
    life.until("paused")
    assert not life.answers()
    with pytest.raises((driver.Error, OSError)):
        life.connected()
    life.redshift.resume_cluster(ClusterIdentifier=CLUSTER)
    assert not life.answers()
    life.until("available")
    assert life.answers()
    assert life.sql("select number from kept") == [[7]]


def test_a_reboot_ends_connections(life: Life) -> None:
    with closing(life.connected()) as connection:
        cursor = connection.cursor()
        life.redshift.reboot_cluster(ClusterIdentifier=CLUSTER)
        with pytest.raises((driver.Error, OSError)):
            cursor.execute("select 1")
    life.until("available")
    assert life.answers()


def test_copy_takes_the_roles_that_the_cluster_has(life: Life) -> None:
    found = life.leader.standin.cluster
    assert (found.region, found.roles, found.default_role) == (
        *(REGION, [life.role], life.role),
    )
    roles = {"ClusterIdentifier": CLUSTER}
    life.redshift.modify_cluster_iam_roles(**roles, RemoveIamRoles=[life.role])
    life.until("available")
    assert (life.leader.standin.cluster.roles, found.default_role) == ([], life.role)
    assert life.leader.standin.cluster.default_role is None
    life.redshift.modify_cluster_iam_roles(
        **roles, AddIamRoles=[life.role], DefaultIamRoleArn=life.role
    )
    life.until("available")
    assert life.leader.standin.cluster.default_role == life.role


def test_there_is_one_cluster_at_one_port(life: Life) -> None:
    with pytest.raises(ClientError, match="one cluster at a time"):
        life.create(ClusterIdentifier="another")
    with pytest.raises(ClientError, match=f"port {life.door.port} and not on 8215"):
        life.redshift.modify_cluster(ClusterIdentifier=CLUSTER, Port=8215)
    assert [each.name for each in life.account.world_of(REGION).clusters.values()] == [
        CLUSTER
    ]


def test_a_deleted_cluster_takes_its_data_along(life: Life) -> None:
    life.sql("create table gone (number integer)")
    folder = life.leader.standin.folder
    life.delete()
    assert not life.answers()
    assert not folder.exists()
    with pytest.raises(SparkifyError, match="no cluster"):
        _ = life.leader.standin
    with pytest.raises(ClientError, match="and not on 8215"):
        life.create(Port=8215)
    life.create()
    assert not life.answers()
    life.until("available")
    with pytest.raises(driver.ProgrammingError, match="does not exist"):
        life.sql("select * from gone")
