"""Settings about AWS: what is taken and what is refused, without a call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import REPOSITORY

from infra import settings
from infra.errors import SettingsError
from infra.landing.s3 import Bucket
from infra.settings import Settings

FILE = yaml.safe_load((REPOSITORY / "invoke.yaml").read_text())["sparkify"]

GOOD: dict[str, list[Any]] = {
    "stack": ["d", "dev", "a-b-c", "a1", "abcdefghijklmnopqrstuvwx"],
    "aws_account": ["", "123456789012", "012345678901"],
    "aws_region": ["us-west-2", "eu-central-1", "us-gov-west-1", "ap-southeast-3"],
    "aws_access": ["my-address", "private"],
    "aws_cidr": ["", "81.2.69.142", "81.2.69.142/32", "81.2.69.0/24", "10.1.2.0/24"],
    "aws_network": ["10.42.0.0/16", "172.16.0.0/24", "192.168.0.0/20", "100.64.0.0/16"],
    "copy_from": ["s3://udacity-dend", "s3://my-bucket/raw/2018", "s3://a1b/"],
    "node_type": ["rg.large", "ra3.xlplus", "rg.12xlarge"],
    "node_fallback": ["ra3.large"],
    "nodes": [1, 32, "2"],
    "database": ["sparkify", "s", "dwh_2018", "yes", "a" * 64],
    "admin_user": ["sparkify_admin", "ada", "a" * 64],
    "port": [5431, 5439, 5455, 8191, 8215, "5440"],
    "login": ["iam", "iam_role"],
    "snapshot_days": [1, 35, "7"],
    "maintenance_window": [
        *("sun:09:00-sun:10:00", "sun:23:45-mon:00:15", "mon:00:00-tue:00:00"),
    ],
    "log_days": [1, 30, 365, "90"],
    "copy_directly_from_mb": [1, 1000, 5_000_000, "2"],
    "external_tables": [True, False, "True", "False"],
    "max_hourly_usd": [0.01, 1, 1000, "2.5"],
    "lifetime_hours": [1, 720, 1.5, "8"],
}

BAD: dict[str, list[Any]] = {
    "stack": [
        *("", "Sparkify_DEV", "Dev", "a--b", "dev-", "-dev", "1dev", "a" * 25, "a.b"),
        *("a b", "../x", "'; drop table x; --", "\x1b[31mred", "dev\n", 7, True, None),
        *("dév", "$(id)", "a/b"),
    ],
    "aws_account": ["12345678901", "1234567890123", "x" * 12, 123456789012, "1 2"],
    "aws_region": ["", "us-west", "us_west_2", "US-WEST-2", "us-west-2a", "west", 2],
    "aws_access": ["public", "", "open", True],
    "aws_cidr": [
        *("0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "81.2.69.142/99"),
        *("81.2.69.142/24", "81.2.0.0/16", "2001:db8::1", "240.0.0.1", "me", " "),
        *("127.0.0.1", "224.0.0.1", "81.2.69.142/255.255.255.255", 7),
    ],
    "aws_network": [
        *("10.42.0.0/15", "10.42.0.0/25", "10.42.0.1/16", "81.2.69.0/24", "private"),
        *("127.0.0.0/16", "169.254.0.0/16", "192.0.2.0/24", "fd00::/16", "", None),
    ],
    "copy_from": ["udacity-dend", "https://x", "s3://", "s3://A", "s3://../x", ""],
    "node_type": ["dc2.large", "ds2.xlarge", "dc1.large", "rg", "RG.large", "", 2],
    "node_fallback": ["dc2.8xlarge", "ra3.xlplus; x"],
    "nodes": [0, 33, -1, 1.5, True, "two", "1.0", None],
    "database": [
        *("dev", "Sparkify", "template1", "1st", "a" * 65, "my-db", "select", "user"),
        *("", "a b", "x;", None),
    ],
    "admin_user": [
        *("awsuser", "admin", "public", "root", "Ada", "a" * 65, "a-b", "group", ""),
        *("a'b", "../a"),
    ],
    "port": [80, 5430, 5456, 8190, 8216, 0, -1, "x", "5440.0", True, 5439.5, None],
    "login": ["password", "", "IAM"],
    "snapshot_days": [0, 36, -1, "x", True],
    "maintenance_window": [
        *("sun:09:00-sun:09:20", "Sun:09:00-Sun:10:00", "Xyz:09:00-Xyz:10:00"),
        *("xyz:09:00-xyz:10:00", "sun:10:00-sun:09:00", "sun:24:00-mon:01:00"),
        *("sun:09:60-sun:10:30", "sun:09:00", "", "mon:00:00-tue:00:01"),
        *("sun:09:00-sun:09:00", 900),
    ],
    "log_days": [0, 2, 31, 366, -1, True, "x", "30.0"],
    "copy_directly_from_mb": [0, -1, 5_000_001, 1.5, True, None, "x", ""],
    "external_tables": ["yes", "", "on", 1, 0, None, "2"],
    "max_hourly_usd": [0, -1, 1000.1, float("nan"), float("inf"), "a", True],
    "lifetime_hours": [0, 0.5, 721, float("nan"), "x", True],
}


def load(
    root: Path, changes: Mapping[str, object], env: Mapping[str, str] | None = None
) -> Settings:
    document = {"sparkify": FILE | dict(changes)}
    (root / "invoke.yaml").write_text(yaml.safe_dump(document, allow_unicode=True))
    return settings.load(root, env or {})


def faults(
    root: Path, changes: Mapping[str, object], env: Mapping[str, str] | None = None
) -> list[str]:
    with pytest.raises(SettingsError) as error:
        load(root, changes, env)
    return [line.strip() for line in str(error.value).splitlines()[1:]]


def test_every_setting_about_aws_is_tried() -> None:
    about = {name for name in FILE if not name.startswith(("sample", "landing"))}
    assert about - {"warehouse"} == set(GOOD) == set(BAD)


@pytest.mark.parametrize("name", GOOD)
def test_what_is_good_is_taken(name: str, tmp_path: Path) -> None:
    for value in GOOD[name]:
        found = getattr(load(tmp_path, {name: value}), name)
        if not isinstance(found, Bucket) and name != "aws_cidr":
            assert str(found).rstrip(".0") == str(value).rstrip(".0")


@pytest.mark.parametrize("name", BAD)
def test_what_is_bad_is_refused_with_the_rule(name: str, tmp_path: Path) -> None:
    rule = Settings.model_fields[name].description
    for value in BAD[name]:
        (fault,) = faults(tmp_path, {name: value})
        start = f"invoke.yaml: sparkify.{name} = {value!r}: must be "
        assert fault == f"{start}{rule}.", value
        assert "\x1b" not in fault


@pytest.mark.parametrize("name", GOOD)
def test_a_variable_is_held_to_the_same_rule(name: str, tmp_path: Path) -> None:
    variable = f"INVOKE_SPARKIFY_{name.upper()}"
    for value in BAD[name]:
        if isinstance(value, str) and value not in GOOD[name]:
            (fault,) = faults(tmp_path, {}, {variable: value})
            assert fault.startswith(f"{variable} = {value!r}: must be ")
    for value in GOOD[name]:
        if not isinstance(value, float):
            load(tmp_path, {}, {variable: str(value)})


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    wrong = {name: values[0] for name, values in BAD.items() if name != "stack"}
    found = faults(tmp_path, wrong, {"INVOKE_SPARKIFY_STACK": "Sparkify_DEV"})
    assert len(found) == len(BAD)
    assert sum(each.startswith("INVOKE_SPARKIFY_STACK") for each in found) == 1


@pytest.mark.parametrize(
    "name", ["encrypted", "publicly_accessible", "role_arn", "password", "secret"]
)
def test_what_is_not_to_be_chosen_is_no_setting(name: str, tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, {name: False})
    assert "there is no such setting" in fault


def test_a_missing_setting_is_told_with_its_rule(tmp_path: Path) -> None:
    document = {key: value for key, value in FILE.items() if key != "port"}
    (tmp_path / "invoke.yaml").write_text(yaml.safe_dump({"sparkify": document}))
    with pytest.raises(SettingsError, match=r"port is missing: a port from 5431"):
        settings.load(tmp_path, {})


def test_a_fraction_over_a_whole_number_is_a_sentence(tmp_path: Path) -> None:
    variable = {"INVOKE_SPARKIFY_LIFETIME_HOURS": "1.5"}
    with pytest.raises(SettingsError, match=r"write 8\.0 there"):
        load(tmp_path, {"lifetime_hours": 8}, variable)
    assert load(tmp_path, {"lifetime_hours": 8.0}, variable).lifetime_hours == 1.5


def test_the_settings_of_the_repository_take_fractions() -> None:
    variables = {
        "INVOKE_SPARKIFY_LIFETIME_HOURS": "1.5",
        "INVOKE_SPARKIFY_MAX_HOURLY_USD": "2.5",
    }
    assert settings.load(REPOSITORY, variables).lifetime_hours == 1.5
