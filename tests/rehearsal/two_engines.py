"""One landing on S3, and two checkouts that load it: into DuckDB and into Redshift.

AWS and the cluster's SQL are the rehearsal's; all else is the project's own, from
profiles.yml on: the log-in comes from IAM, the stage's name from the account.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import boto3
import pytest
from landing_files import EVENT, READ, SONG, TABLES, Content, Contents, encoded
from logins import ACCOUNTS

from infra import profile
from infra.aws.names import PREFIX, Stack
from infra.console import Bar
from infra.errors import SparkifyError
from infra.loading.load import Loaded, load, plan
from infra.loading.options import options
from infra.loading.target import Reached, silent
from infra.project import Project
from infra.rehearsal.aws.account import Account
from infra.rehearsal.aws.others import in_process
from infra.rehearsal.aws.server import served
from infra.rehearsal.aws.world import ACCOUNT
from infra.rehearsal.standin import Standin
from infra.warehouse import reader

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REPOSITORY = Path(__file__).resolve().parents[2]
Region = Literal["us-west-2", "eu-west-1"]
REGION: Final = "us-west-2"
CLUSTER = f"{PREFIX}dev"
STAGE = Stack("dev", ACCOUNT, REGION).stage_bucket
LANDING = "a-landing"
DUCKDB, REDSHIFT = "duckdb", "redshift"
ENGINES = (DUCKDB, REDSHIFT)
Ask = Callable[[str], list[dict[str, Any]]]
# What no two loads have in common, and who it was that loaded
_LEFT_OUT = {"at", "started_at", "finished_at", "seconds", "engine"}


class Cloud:
    """AWS as a project meets it: buckets, a cluster's log-ins, who is asking."""

    def __init__(self, url: str) -> None:
        self.environment = {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": url,
        }

    def prepare(self) -> None:
        """Makes the buckets, and a cluster for people to log in to."""
        for bucket in (LANDING, STAGE):
            self.make(bucket)
        ec2 = boto3.client("ec2", region_name=REGION)
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]
        redshift = boto3.client("redshift", region_name=REGION)
        redshift.create_cluster_subnet_group(
            ClusterSubnetGroupName=CLUSTER,
            Description=CLUSTER,
            SubnetIds=[subnet["SubnetId"]],
        )
        redshift.create_cluster(
            ClusterIdentifier=CLUSTER,
            ClusterType="single-node",
            NodeType="ra3.large",
            MasterUsername="keeper",
            ManageMasterPassword=True,
            ClusterSubnetGroupName=CLUSTER,
        )

    @staticmethod
    def make(bucket: str, region: Region = REGION) -> None:
        """Makes a bucket."""
        boto3.client("s3", region_name=region).create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region}
        )

    @property
    def s3(self) -> "S3Client":
        """A client of S3."""
        return boto3.client("s3", region_name=REGION)

    def empty(self) -> None:
        """Deletes what lies in the stage, as its own rule does after a day."""
        for key in self.staged():
            self.s3.delete_object(Bucket=STAGE, Key=key)

    def staged(self) -> list[str]:
        """What lies in the stage."""
        answer = self.s3.list_objects_v2(Bucket=STAGE)
        return [found["Key"] for found in answer.get("Contents", [])]


@contextmanager
def cloud() -> Iterator[Cloud]:
    """A running AWS. Its log-ins are what the stand-in of the tests accepts."""
    account = Account(in_process)
    with served(account) as url:
        running = Cloud(url)
        with at_home(running):
            running.prepare()
        ACCOUNTS.append(account.logins)
        yield running
        ACCOUNTS.remove(account.logins)


@contextmanager
def at_home(running: Cloud) -> Iterator[None]:
    """Leads all that is AWS to this one."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
            patch.delenv(name, raising=False)
        for name, value in running.environment.items():
            patch.setenv(name, value)
        yield


class Lab:
    """A landing and two checkouts; each lab has a database of its own."""

    def __init__(self, root: Path, running: Cloud, standin: Standin) -> None:
        name = "lab_" + "".join(c if c.isalnum() else "_" for c in root.name).lower()
        self.name, self.root = name[:60], root
        self.cloud, self.standin = running, standin
        standin.inside(f'create database "{self.name}" owner "{standin.admin}"')
        self.projects = {engine: self._checkout(engine) for engine in ENGINES}
        self._s3 = running.s3

    def close(self) -> None:
        """Throws the database away."""
        self._s3.close()
        self.standin.inside(f'drop database "{self.name}" with (force)')

    @property
    def profile(self) -> profile.Redshift:
        """How the stand-in is reached."""
        return profile.Redshift(
            host=self.standin.host,
            port=self.standin.port,
            cluster=CLUSTER,
            region=REGION,
            database=self.name,
            method="iam",
            user=self.standin.admin,
        )

    def _checkout(self, engine: str) -> Project:
        root = self.root / engine
        for name in READ:
            copy = root / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, copy)
        settings = (root / "invoke.yaml").read_text()
        for name in ("landing", "copy_from"):
            (line,) = (
                each for each in settings.splitlines() if each.startswith(f"  {name}: ")
            )
            settings = settings.replace(line, f"  {name}: s3://{LANDING}/{self.name}")
        (root / "invoke.yaml").write_text(settings)
        target = {DUCKDB: profile.LOCAL, REDSHIFT: profile.REDSHIFT}[engine]
        text = profile.text_for(root, root / "w.duckdb", self.profile, target)
        (root / "profiles.yml").write_text(text)
        return Project(root)

    # The landing

    def put(self, name: str, content: Content) -> None:
        """Puts a raw file there."""
        self._s3.put_object(
            Bucket=LANDING, Key=f"{self.name}/{name}", Body=encoded(content)
        )

    def delete(self, name: str) -> None:
        """Takes a raw file away."""
        self._s3.delete_object(Bucket=LANDING, Key=f"{self.name}/{name}")

    def good(self) -> None:
        """Puts one good file of each kind there."""
        self.put("log_data/good.json", [EVENT, EVENT | {"ts": 1541106132796}])
        self.put("song_data/good.json", SONG)

    # Loads

    def load(
        self,
        engine: str = REDSHIFT,
        reached: Reached = silent,
        **given: Any,  # noqa: ANN401 - any option of a load
    ) -> Loaded:
        """Loads on one engine, with the options of the command line."""
        return load(
            Project(self.projects[engine].root), Bar("", None), _asked(given), reached
        )

    def both(self, **given: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - as above
        """Loads on both, which have to be equal in all; returns the new runs."""
        outcomes = [
            _told(partial(self._is_nothing, engine, given)) for engine in ENGINES
        ]
        assert outcomes[0] == outcomes[1]
        found = self.equal()
        last = max(row["load_id"] for row in found["load_runs"])
        return [row for row in found["load_runs"] if row["load_id"] == last]

    def planned(self, **given: Any) -> Any:  # noqa: ANN401 - decisions, or what was told
        """What both say they would do; the times of listing are not compared."""

        first, second = (_told(partial(self._plan, each, given)) for each in ENGINES)
        assert first == second
        return first

    def _is_nothing(self, engine: str, given: dict[str, Any]) -> bool:
        return self.load(engine, **given).is_nothing

    def _plan(self, engine: str, given: dict[str, Any]) -> Any:  # noqa: ANN401
        project = Project(self.projects[engine].root)
        targets = plan(project, _asked(given), Bar("", None))
        return [(each.table.name, each.decisions) for each in targets]

    # What is there afterwards

    def equal(self) -> Contents:
        """What both hold, which is one thing, and nothing is left in the stage."""
        first, second = (self.contents(engine) for engine in ENGINES)
        assert differences(first, second) == []
        assert self.cloud.staged() == []
        return second

    def contents(self, engine: str = REDSHIFT) -> Contents:
        """The rows of all tables, in one order, without times."""
        with self.asking(engine) as ask:
            return {
                table: _sorted(ask(f"select * from {schema}.{table}"))
                for table, (schema, _) in TABLES.items()
            }

    def rows(self, statement: str, engine: str = REDSHIFT) -> list[dict[str, Any]]:
        """The rows of a query by column, without times."""
        with self.asking(engine) as ask:
            return ask(statement)

    @contextmanager
    def asking(self, engine: str) -> "Iterator[Ask]":
        """What asks a warehouse; one connection for many questions."""
        if engine == DUCKDB:
            with reader(Project(self.projects[engine].root).profile) as duckdb:
                yield lambda statement: _named(duckdb.execute(statement))
        else:
            with (
                closing(self.standin.connected(database=self.name)) as connection,
                connection.cursor() as cursor,
            ):
                yield lambda statement: _named(cursor.execute(statement))

    def environment(self) -> dict[str, str]:
        """What a process of its own needs to load here."""
        return dict(os.environ) | {"SSL_CERT_FILE": str(self.standin.ca_file)}


@contextmanager
def opened(root: Path, running: Cloud, standin: Standin) -> Iterator[Lab]:
    """A lab, with all that is AWS led to this one."""
    with at_home(running), closing(Lab(root, running, standin)) as made:
        yield made


def differences(first: Contents, second: Contents) -> list[str]:
    """Where two contents are not one, to the last bit of a number; the first few."""
    told = []
    for table in sorted(first.keys() | second.keys()):
        mine, others = first.get(table, []), second.get(table, [])
        if len(mine) != len(others):
            told.append(f"{table}: {len(mine)} rows and {len(others)}")
        for one, other in zip(mine, others, strict=False):
            told += [
                f"{table}.{name} of {one}: {one.get(name)!r}, not {other.get(name)!r}"
                for name in sorted(one.keys() | other.keys())
                if repr(one.get(name, KeyError)) != repr(other.get(name, KeyError))
            ]
    return [each[:1000] for each in told[:5]]


def _named(cursor: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - either driver's
    names = [column[0] for column in cursor.description]
    return [
        {k: v for k, v in zip(names, row, strict=True) if k not in _LEFT_OUT}
        for row in cursor.fetchall()
    ]


def _sorted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first = ("load_id", "target", "uri", "line", "_source_uri", "_line")
    return sorted(rows, key=lambda row: repr([*map(row.get, first), row]))


def _asked(given: dict[str, Any]) -> Any:  # noqa: ANN401 - the options of a load
    usual: dict[str, Any] = {"max_rejects": "", "duplicates": "skip", "strict": False}
    return options(**(usual | given))


def _told(work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the work returns
    try:
        return work()
    except (SparkifyError, KeyboardInterrupt) as error:
        return type(error), str(error)
