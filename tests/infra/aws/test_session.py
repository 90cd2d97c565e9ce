"""Logging in: what is missing or wrong is a sentence, at once and without a call."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from checkout import REPOSITORY
from cloud import cloud

from infra.aws import session
from infra.errors import ConfigurationError, CredentialsError, SparkifyError

REGION = "us-west-2"
KEY = "AKIAEXAMPLEEXAMPLE00"
SECRET = "a/secret+that/no/message/may/hold/000000"


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody on a machine without any login."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def refused(region: str = REGION) -> str:
    with pytest.raises(ConfigurationError) as error:
        session.connect(region)
    assert SECRET not in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_without_a_login_three_ways_are_told() -> None:
    told = refused()
    for way in ("aws sso login", "aws configure", "AWS_PROFILE"):
        assert way in told


def test_half_a_login_names_the_other_half(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    assert "AWS_SECRET_ACCESS_KEY" in refused().upper()


def test_a_profile_that_is_missing_is_told_with_those_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[profile dwh]\nregion = us-west-2\n")
    monkeypatch.setenv("AWS_PROFILE", "dhw")
    told = refused()
    assert "no AWS profile dhw" in told
    assert "dwh" in told


def test_a_program_for_credentials_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text(
        f"[profile dwh]\ncredential_process = false --password {SECRET}\n"
    )
    monkeypatch.setenv("AWS_PROFILE", "dwh")
    assert "(false)" in refused()


def test_a_broken_configuration_is_named(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(f"aws_secret_access_key = {SECRET}\n")
    assert "config" in refused()


@pytest.mark.parametrize(
    ("region", "meant"),
    [
        ("us-wst-2", "us-west-2"),
        ("us-west-9", "us-west-2"),
        ("eu-cental-1", "eu-central-1"),
    ],
)
def test_a_mistyped_region_is_told_before_the_login(region: str, meant: str) -> None:
    assert f"did you mean {meant}?" in refused(region)


def test_a_region_like_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    assert "There is no region moon-base-1 with Redshift." in refused("moon-base-1")


def test_without_boto3_its_installation_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    told = refused()
    assert 'pip install -e ".[redshift]" -c constraints.txt' in told


def test_clients_do_not_repeat_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "9")
    clients = session.connect("eu-central-1")
    made: tuple[Any, ...] = (
        clients.ec2,
        clients.redshift,
        clients.sts,
        clients.pricing,
    )
    for client in made:
        assert client.meta.config.retries["total_max_attempts"] == 1
    assert clients.redshift.meta.region_name == "eu-central-1"
    assert clients.pricing.meta.region_name == "us-east-1"
    assert clients.ec2 is clients.ec2
    assert "us-west-2" not in clients.s3(signed=False).meta.endpoint_url


def test_who_asks_and_in_which_account() -> None:
    with cloud() as there:
        found = session.caller(there.clients, "")
        assert found.account == "123456789012"
        assert found.name == "moto"
        assert session.caller(there.clients, found.account) == found
        with pytest.raises(CredentialsError, match=r"999999999999.*AWS_PROFILE"):
            session.caller(there.clients, "999999999999")


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::123456789012:user/ada", "ada"),
        ("arn:aws:sts::123456789012:assumed-role/admin/ada@example.org", None),
        ("arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:root"),
    ],
)
def test_a_caller_has_a_name(arn: str, name: str | None) -> None:
    found = session.Caller("123456789012", arn).name
    assert found == (name or "ada@example.org")


# The command itself, as a process of its own


@contextmanager
def black_hole() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def invoke(
    root: Path, *words: str, env: Mapping[str, str]
) -> tuple[subprocess.CompletedProcess[str], float]:
    started = time.monotonic()
    completed = subprocess.run(
        [sys.executable, "-m", "invoke", *words],
        cwd=root,
        env={"PATH": "", "HOME": str(root), "PYTHONPATH": str(REPOSITORY)} | dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return completed, time.monotonic() - started


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("tasks.py", "invoke.yaml", "profiles.yml.example"):
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    return tmp_path


def test_without_a_login_a_command_ends_soon_wherever_it_runs(checkout: Path) -> None:
    with black_hole() as metadata:
        completed, seconds = invoke(
            checkout,
            *("up", "--target", "redshift"),
            env={"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata},
        )
    assert completed.returncode == 2, completed.stdout + completed.stderr
    assert completed.stderr.startswith("up: There are no AWS credentials.")
    assert "Traceback" not in completed.stderr
    assert seconds < 60  # 3 on an idle machine
    assert not list(checkout.glob("profiles.yml"))


def test_the_list_needs_no_boto3() -> None:
    code = (
        "import sys, tasks\n"
        "heavy = {'boto3', 'botocore', 'pydantic', 'duckdb', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)


def test_errors_are_of_one_family() -> None:
    assert issubclass(CredentialsError, SparkifyError)
    assert CredentialsError.exit_code == 2
