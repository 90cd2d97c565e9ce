"""No key, token or password in anything a person sees or a file keeps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cloud import Cloud
from person import TARGET, Person, person

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////" + "A" * 60
PASSWORD = "Hunter2-is-no-password"
CONTENT = (KEY, SECRET, TOKEN, PASSWORD)
TALKATIVE = (
    f"Credential={KEY}/20261121/us-west-2/redshift/aws4_request; secret_access_key="
    f"{SECRET}; X-Amz-Security-Token={TOKEN}; MasterUserPassword={PASSWORD}; "
    f"https://x.s3.amazonaws.com/y?X-Amz-Signature={SECRET}&X-Amz-Credential={KEY}; "
    f"COPY t FROM 's3://b' CREDENTIALS 'aws_access_key_id={KEY};"
    f"aws_secret_access_key={SECRET}'"
)
# What AWS may say it with
REFUSALS = (
    ("sts", "GetCallerIdentity", "InvalidClientTokenId"),
    ("sts", "GetCallerIdentity", "SignatureDoesNotMatch"),
    ("sts", "GetCallerIdentity", "ExpiredToken"),
    ("iam", "CreateRole", "AccessDenied"),
    ("ec2", "CreateVpc", "UnauthorizedOperation"),
    ("ec2", "CreateSubnet", "NobodyKnowsThisCode"),
    ("redshift", "CreateCluster", "InvalidParameterValue"),
    ("redshift", "CreateCluster", "UnauthorizedOperation"),
    ("redshift", "CreateScheduledAction", "ScheduledActionQuotaExceeded"),
)
LIFE: tuple[tuple[str, ...], ...] = (
    ("up", *TARGET, "--plan"),
    ("up", *TARGET, "--yes"),
    ("up", "--plan"),
    ("status",),
    ("status", "--json"),
    ("check",),
    ("leftovers",),
    ("policy",),
    ("load",),
    ("extend",),
    ("pause",),
    ("resume",),
    ("unlock",),
    ("down", "--yes"),
    ("leftovers",),
)


@pytest.fixture
def someone(
    there: Cloud,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Person:
    made = person(there, tmp_path, monkeypatch, capsys)
    # whoever prints the environment gives itself away
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    return made


def leaked(text: str) -> list[str]:
    """What of it nobody may read."""
    found = [each for each in CONTENT if each in text]
    found += re.findall(r"(?:AKIA|ASIA)[A-Z0-9]{12,}", text)
    found += re.findall(r"a/secret\+that\S*", text)  # the cloud's own key
    return found


def kept(someone: Person) -> str:
    """All that stands in files that tasks wrote."""
    root = someone.checkout.root
    files = [root / "profiles.yml", *(root / ".sparkify").rglob("*")]
    return "\n".join(each.read_text() for each in files if each.is_file())


def test_a_whole_life_tells_and_keeps_nothing_secret(someone: Person) -> None:
    for words in LIFE:
        told = someone.invoke(*words)
        assert told.text
        assert not leaked(told.text), words
        assert not leaked(kept(someone)), words
    calls = someone.cloud.aws.calls
    assert calls
    assert not [call for call in calls if "MasterUserPassword" in call.params]
    assert not [call for call in calls if call.operation == "GetSecretValue"]


def test_no_refusal_of_aws_tells_a_secret(someone: Person) -> None:
    aws = someone.cloud.aws
    for service, operation, code in REFUSALS:
        aws.fail(service, operation, code=code, message=TALKATIVE)
        told = someone.invoke("up", *TARGET, "--yes")
        aws.calm()
        assert told.code in {1, 2}, (code, told)
        assert not leaked(told.text), (code, told)
        assert not leaked(kept(someone)), code


def test_no_event_name_or_tag_moves_the_cursor(someone: Person) -> None:
    someone.does("up", *TARGET, "--yes")
    aws = someone.cloud.aws
    aws.clusters.drift("sparkify-dev", PreferredMaintenanceWindow="\x1b[2Jmon\r\n")
    for words in (("up", "--plan"), ("status",), ("leftovers",)):
        assert "\x1b" not in someone.invoke(*words).text


def test_what_somebody_writes_in_the_settings_is_never_run(someone: Person) -> None:
    for name, value in (
        ("stack", "'../../etc'"),
        ("stack", '"x; rm -rf /"'),
        ("database", '"x\'; drop table users; --"'),
        ("admin_user", '"$(id)"'),
    ):
        before = (someone.checkout.root / "invoke.yaml").read_text()
        someone.settles(name, value)
        assert f"sparkify.{name}" in someone.fails(2, "up", *TARGET, "--yes")
        (someone.checkout.root / "invoke.yaml").write_text(before)
    assert not someone.cloud.aws.calls
