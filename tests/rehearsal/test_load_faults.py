"""A load into Redshift that is stopped, refused or cut off, and the one after it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from landing_files import EVENT, SONG, Contents, lasting
from slow import slow
from test_crash import KILLED
from two_engines import DUCKDB, ENGINES, REDSHIFT, REGION, STAGE, Lab

from infra import redshift
from infra.errors import AwsError, SparkifyError, WarehouseBusy
from infra.loading import redshift_lock
from infra.loading.redshift_faults import RedshiftError
from infra.loading.run import STEPS
from infra.rehearsal.copy import Cluster

LATER = 60.0  # seconds that another process may take

# Loads in a process of its own, which ends itself at a step
DYING = """
import os, signal, sys
from pathlib import Path
from infra.console import Bar
from infra.loading.load import load
from infra.project import Project

def reached(step):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

load(Project(Path(sys.argv[1])), Bar("", None), None, reached)
"""


def begin(lab: Lab) -> None:
    """A first load, and then work of every kind for another one."""
    lab.good()
    for name in ("changing", "leaving"):
        lab.put(f"log_data/{name}.json", EVENT | {"song": name})
    lab.both()
    lab.put("log_data/changing.json", [EVENT, EVENT | {"song": "changed"}])
    lab.put("log_data/careful.json", b'{"ts":1}\n{\n')
    lab.put("song_data/new.json", SONG | {"song_id": "SO2"})
    lab.delete("log_data/leaving.json")


@pytest.mark.parametrize(
    ("given", "steps"),
    [slow({"prune": True}, STEPS), ({"full_refresh": True}, STEPS[-3:])],
    ids=["changes", "full refresh"],
)
def test_a_load_that_is_stopped_at_any_step_leaves_the_old_or_the_new(
    lab: Lab, given: dict[str, Any], steps: tuple[str, ...]
) -> None:
    begin(lab)
    before = lasting(lab.contents())
    for step in steps:

        def reached(here: str, step: str = step) -> None:
            if here == step:
                raise KeyboardInterrupt

        runs = lab.both(reached=reached, **given)
        after = lasting(lab.contents())
        if step == "committed":
            assert {run["status"] for run in runs} == {"ok"}
            assert after != before
        else:
            assert {run["status"] for run in runs} == {"failed"}
            assert after == before
    assert {run["status"] for run in lab.both()} == {"nothing"}


@pytest.mark.slow
def test_a_load_that_is_killed_disturbs_no_other(lab: Lab) -> None:
    begin(lab)
    before = lab.contents()
    for step in ("inserted", "swapped"):
        for engine in ENGINES:
            _dies(lab, engine, step)
    left = lab.cloud.staged()
    assert left
    after = lab.contents()
    assert lasting(after) == lasting(before)
    assert {run["status"] for run in after["load_runs"][-2:]} == {"running"}
    for engine in ENGINES:
        lab.load(engine)
    assert lab.cloud.staged() == left
    lab.cloud.empty()
    found = lab.equal()
    told = [run["message"] for run in found["load_runs"]]
    assert told == [None] * 2 + [KILLED] * 4 + [None] * 2


def _dies(lab: Lab, engine: str, step: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DYING, str(lab.projects[engine].root), step],
        env=lab.environment()
        | {"PYTHONPATH": os.pathsep.join(["", *sys.path]), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=LATER,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_a_second_load_is_told_who_loads(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for longer than a connection may take, which is no limit of answers."""
    monkeypatch.setattr(redshift, "CONNECT_SECONDS", 1)
    monkeypatch.setattr(redshift_lock, "LOCK_SECONDS", 2)
    lab.good()
    told: list[str] = []

    def reached(step: str) -> None:
        if step in {"noted", "inserted"} and len(told) < 2:
            with pytest.raises(WarehouseBusy) as busy:
                lab.load()
            told.append(str(busy.value))

    lab.load(reached=reached)
    me = f"load 1, process {os.getpid()} on {socket.gethostname()}, since 20"
    assert len(told) == 2
    for each in told:
        assert each.startswith(f"Another load is at work on the cluster: {me}")
    lab.load(DUCKDB)
    lab.equal()


# Connections that break


def cut(lab: Lab, *, load: bool, lock: bool) -> None:
    """Ends connections to the lab's database, as a restart of the cluster does."""
    which = {
        (True, True): "true",
        (True, False): "query not in ('select 1', {0})",
        (False, True): "query in ('select 1', {0})",
    }[load, lock]
    held = "'lock table \"load\".load_lock'"
    lab.standin.inside(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
        f"where datname = '{lab.name}' and {which.format(held)}"
    )


@pytest.mark.parametrize("step", ["decided", "inserted", "swapped"])
@pytest.mark.parametrize(
    ("load", "lock"), [(True, True), slow(True, False), slow(False, True)]
)
def test_a_connection_that_breaks_off_ends_the_load_in_a_sentence(
    lab: Lab, load: bool, lock: bool, step: str
) -> None:
    lab.good()
    lab.load()
    lab.put("log_data/new.json", EVENT | {"ts": 7})
    before = lab.contents()

    def reached(here: str) -> None:
        if here == step:
            cut(lab, load=load, lock=lock)

    with pytest.raises(RedshiftError) as error:
        lab.load(reached=reached)
    assert str(error.value).startswith("The connection to Redshift broke off")
    _failed_so(lab, before, str(error.value))
    assert not lab.load().is_nothing


def _failed_so(lab: Lab, before: Contents, told: str) -> None:
    """Holds a load that failed to have changed nothing and to say why."""
    after = lab.contents()
    assert lasting(after) == lasting(before)
    runs = after["load_runs"][-2:]
    assert {(run["status"], run["message"]) for run in runs} == {("failed", told)}
    assert "\n" not in told
    assert "{" not in told


# What Redshift and S3 refuse


@contextmanager
def no_stage(lab: Lab) -> Iterator[None]:
    lab.cloud.s3.delete_bucket(Bucket=STAGE)
    try:
        yield
    finally:
        lab.cloud.make(STAGE)


@contextmanager
def stage_elsewhere(lab: Lab) -> Iterator[None]:
    lab.cloud.s3.delete_bucket(Bucket=STAGE)
    lab.cloud.make(STAGE, "eu-west-1")
    try:
        yield
    finally:
        lab.cloud.empty()
        lab.cloud.s3.delete_bucket(Bucket=STAGE)
        lab.cloud.make(STAGE)


@contextmanager
def no_role(lab: Lab) -> Iterator[None]:
    known = lab.standin.cluster
    lab.standin.cluster = Cluster(region=REGION)
    try:
        yield
    finally:
        lab.standin.cluster = known


@contextmanager
def role_of_others(lab: Lab) -> Iterator[None]:
    known = lab.standin.cluster
    lab.standin.cluster = replace(known, default_role="arn:aws:iam::1:role/another")
    try:
        yield
    finally:
        lab.standin.cluster = known


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (no_stage, r"cannot write to its bucket sparkify-dev-\S+ \(NoSuchBucket\)"),
        (stage_elsewhere, r"from its bucket: S3ServiceException.* PermanentRedirect"),
        (no_role, "load brings: The cluster has no default IAM role. Nothing was"),
        (role_of_others, "User is not authorized to assume IAM Role arn:aws:"),
    ],
)
@pytest.mark.slow
def test_a_copy_that_is_refused_ends_the_load_in_a_sentence(
    lab: Lab, trouble: Callable[[Lab], Any], told: str
) -> None:
    lab.good()
    lab.load()
    lab.put("log_data/new.json", EVENT | {"ts": 7})
    before = lab.contents()
    with trouble(lab), pytest.raises(RedshiftError, match=told) as error:
        lab.load()
    assert "invoke up --target redshift" in str(error.value)
    _failed_so(lab, before, str(error.value))
    assert not lab.load().is_nothing


def test_who_may_not_is_told_so(lab: Lab) -> None:
    lab.good()
    _changed_profile(lab, "user: admin", "user: visitor")
    told = "permit it to whoever logs in: permission denied for database"
    with pytest.raises(RedshiftError, match=told):
        lab.load()


@pytest.mark.usefixtures("forgotten_sockets")
def test_a_cluster_that_cannot_be_reached_is_told_of(lab: Lab) -> None:
    lab.good()
    _changed_profile(lab, f"port: {lab.standin.port}", "port: 1")
    with pytest.raises(SparkifyError, match="Redshift at localhost cannot be reached"):
        lab.load()
    _changed_profile(lab, "cluster_id: sparkify-dev", "cluster_id: sparkify-no")
    lab.cloud.make("sparkify-no-123456789012-us-west-2")
    with pytest.raises(AwsError, match="ClusterNotFound"):
        lab.load()


def _changed_profile(lab: Lab, old: str, new: str) -> None:
    path = lab.projects[REDSHIFT].root / "profiles.yml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
