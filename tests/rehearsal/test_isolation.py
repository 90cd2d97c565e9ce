"""Nothing of a rehearsal can reach AWS, whatever the person who starts it has."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ProxyConnectionError

from infra.rehearsal import handout, isolation

URL, FILE = "http://127.0.0.1:4570", Path("/somewhere/certificate.pem")
# Whoever has all of these, and in files what they name
PERSON = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "a-token",
    "AWS_PROFILE": "work",
    "AWS_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL_REDSHIFT": "https://redshift.example",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/credentials",
    "AWS_CA_BUNDLE": "/elsewhere/ca.pem",
    "BOTO_CONFIG": "/elsewhere/boto",
    "DBT_TARGET": "production",
    "DBT_PROFILES_DIR": "/work",
    "INVOKE_SPARKIFY_STACK": "production",
    "MOTO_ACCOUNT_ID": "1",
    "PGHOST": "production.example",
    "https_proxy": "http://proxy.example:3128",
    "REQUESTS_CA_BUNDLE": "/elsewhere/ca.pem",
    "HOME": "/home/person",
    "PATH": os.environ["PATH"],
    "LANG": "C.UTF-8",
}


@pytest.fixture(params=["an empty home", "their own home"])
def person(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Somebody with credentials of every kind."""
    aws = tmp_path / ".aws"
    aws.mkdir()
    keys = (
        "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n"
        "region = eu-west-1\nendpoint_url = https://everything.example\n"
    )
    for name in ("config", "credentials"):
        (aws / name).write_text(f"[default]\n{keys}[profile work]\n{keys}")
    for name, value in (PERSON | {"HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    is_empty = request.param == "an empty home"
    home = tmp_path / "empty" if is_empty else tmp_path
    lead = isolation.kept(os.environ, home) | isolation.aws(URL, FILE)
    with isolation.applied(lead):
        yield
    assert os.environ["AWS_PROFILE"] == "work"


def test_what_leads_elsewhere_is_dropped() -> None:
    kept = isolation.kept(PERSON, Path("/empty"))
    assert kept.keys() == {"PATH", "LANG", "HOME", "PYTHONUSERBASE"}
    assert kept["HOME"] == "/empty"
    lead = isolation.aws(URL, FILE)
    assert not {*PERSON.values()} & {*lead.values()}


@pytest.mark.usefixtures("person")
def test_every_client_has_the_rehearsal_s_key_and_address() -> None:
    session = boto3.Session()
    found = session.get_credentials()
    assert found is not None
    assert (found.access_key, found.secret_key, found.token) == (
        *(isolation.KEY, isolation.KEY, None),
    )
    assert str(session.region_name) == "None"  # which the project's own settings say
    services: tuple[Any, ...] = ("s3", "redshift", "sts", "iam", "pricing", "ssm")
    for service in services:
        client = session.client(service, region_name="us-west-2")
        assert client.meta.endpoint_url == URL
        client.close()


@pytest.mark.usefixtures("person")
def test_a_server_of_aws_would_not_be_trusted() -> None:
    client = boto3.client("sts", "us-west-2", endpoint_url="https://localhost")
    assert client._endpoint.http_session._verify == str(FILE)  # type: ignore[attr-defined]
    client.close()


@pytest.mark.usefixtures("person")
def test_a_request_that_is_led_to_aws_does_not_get_there() -> None:
    client = boto3.client(
        "sts", "us-west-2", endpoint_url="https://sts.us-west-2.amazonaws.com"
    )
    with pytest.raises((ProxyConnectionError, ClientError)) as caught:
        client.get_caller_identity()
    assert isinstance(caught.value, ProxyConnectionError)
    client.close()


def a_rehearsal(tmp_path: Path) -> Any:  # noqa: ANN401 - as much of one as is looked at
    standin = SimpleNamespace(
        host="localhost", port=5439, database="sparkify", admin="keeper"
    )
    return SimpleNamespace(
        standin=standin,
        password="it's $HOME",
        variables=isolation.aws(URL, FILE),
        ca_file=FILE,
        scratch=SimpleNamespace(folder=tmp_path, project=tmp_path / "a project"),
    )


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_shell_that_takes_the_variables_has_no_others(
    shell: str, tmp_path: Path
) -> None:
    file = handout.write(a_rehearsal(tmp_path))
    assert file.stat().st_mode & 0o077 == 0
    told = subprocess.run(
        [shell, "-eu", "-c", '. "$0"; env', file],
        env=PERSON,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = dict(line.split("=", 1) for line in told.splitlines())
    assert found["PGPASSWORD"] == "it's $HOME"
    assert found["AWS_ENDPOINT_URL"] == URL
    assert found["PGHOST"] == "localhost"
    gone = {name for name in PERSON if name.startswith(("AWS_", "DBT_", "INVOKE_"))}
    assert not (gone - isolation.aws(URL, FILE).keys()) & found.keys()
    assert not {*PERSON.values()} & {
        value for name, value in found.items() if name.startswith("AWS_")
    }
    assert found["HOME"] == PERSON["HOME"]


def test_the_hand_out_says_all_that_a_client_asks_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handout.hand_out(a_rehearsal(tmp_path))
    told = " ".join(capsys.readouterr().out.split())
    assert f"cd '{tmp_path}/a project' && . {tmp_path}/environment.sh" in told
    assert "host localhost, port 5439, database sparkify, user keeper" in told
    assert str(FILE) in told
