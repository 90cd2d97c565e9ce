import re
from pathlib import Path

import pytest
import yaml
from checkout import REPOSITORY, SMALL, Checkout, fails, succeeds

from infra import settings
from infra.errors import SettingsError

# Those about AWS have tests of their own: tests/infra/aws/test_rules.py
FILE = yaml.safe_load((REPOSITORY / "invoke.yaml").read_text())["sparkify"]
GOOD = FILE | {
    "landing": "data/landing",
    "warehouse": "sparkify.duckdb",
    "sample_users": 100,
    "sample_songs": 1200,
    "sample_days": 30,
    "sample_seed": 42,
    "sample_match_rate": 0.25,
}


def write(root: Path, changes: dict[str, object], *missing: str) -> None:
    section = {key: GOOD[key] for key in GOOD if key not in missing} | changes
    (root / "invoke.yaml").write_text(yaml.safe_dump({"sparkify": section}))


def faults(root: Path, environment: dict[str, str] | None = None) -> list[str]:
    """The lines of the complaint after the first."""
    with pytest.raises(SettingsError) as error:
        settings.load(root, environment or {})
    return [line.strip() for line in str(error.value).splitlines()[1:]]


def test_the_settings_of_the_repository_are_valid() -> None:
    found = settings.load(REPOSITORY, {})
    assert found.landing == REPOSITORY / "data" / "landing"
    assert found.warehouse == REPOSITORY / "sparkify.duckdb"
    for key, value in GOOD.items():
        if key.startswith("sample"):
            assert getattr(found, key) == value


def test_a_variable_overrides_each_setting(tmp_path: Path) -> None:
    write(tmp_path, {})
    overrides = {
        "INVOKE_SPARKIFY_LANDING": "elsewhere",
        "INVOKE_SPARKIFY_WAREHOUSE": "other.duckdb",
        "INVOKE_SPARKIFY_SAMPLE_USERS": "1",
        "INVOKE_SPARKIFY_SAMPLE_SONGS": "2",
        "INVOKE_SPARKIFY_SAMPLE_DAYS": "3",
        "INVOKE_SPARKIFY_SAMPLE_SEED": "0",
        "INVOKE_SPARKIFY_SAMPLE_MATCH_RATE": "1",
        "HOME": "unrelated",
    }
    found = settings.load(tmp_path, overrides)
    expected = {
        "landing": tmp_path / "elsewhere",
        "warehouse": tmp_path / "other.duckdb",
        "sample_users": 1,
        "sample_songs": 2,
        "sample_days": 3,
        "sample_seed": 0,
        "sample_match_rate": 1.0,
    }
    assert {key: getattr(found, key) for key in expected} == expected


def test_a_variable_replaces_a_wrong_value_of_the_file(tmp_path: Path) -> None:
    write(tmp_path, {"sample_days": "many"})
    environment = {"INVOKE_SPARKIFY_SAMPLE_DAYS": "3"}
    assert settings.load(tmp_path, environment).sample_days == 3


def test_absolute_and_home_paths_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    write(tmp_path, {"landing": "~/raw", "warehouse": "/srv/sparkify.duckdb"})
    found = settings.load(tmp_path, {})
    assert found.landing == Path("/home/someone/raw")
    assert found.warehouse == Path("/srv/sparkify.duckdb")


def test_every_fault_is_told_at_once_with_origin_value_and_rule(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "landing": "",
            "warehouse": "Sparkify.duckdb",
            "sample_songs": "many",
            "sample_days": 3661,
            "sample_match_rate": 1.01,
            "sampel_seed": 42,
            "colour": "blue",
        },
        "sample_seed",
    )
    found = faults(tmp_path, {"INVOKE_SPARKIFY_SAMPLE_USERS": "abc"})
    in_file = "invoke.yaml: sparkify"
    assert set(found) == {
        f"{in_file}.landing = '': must be the path of a folder, or s3://BUCKET/PREFIX.",
        f"{in_file}.warehouse = 'Sparkify.duckdb': must be a path that ends in "
        "NAME.duckdb; NAME has lower-case letters, digits and _ and is not main, "
        "memory, system or temp; no ? \\ { } in it.",
        "INVOKE_SPARKIFY_SAMPLE_USERS = 'abc': must be a whole number from 1 to "
        "1000000.",
        f"{in_file}.sample_songs = 'many': must be a whole number from 1 to 1000000.",
        f"{in_file}.sample_days = 3661: must be a whole number from 1 to 3660.",
        f"{in_file}.sample_match_rate = 1.01: must be a number from 0 to 1.",
        f"{in_file}.sampel_seed = 42: there is no such setting; did you mean "
        "sample_seed?",
        f"{in_file}.colour = 'blue': there is no such setting; remove it.",
        f"{in_file}.sample_seed is missing: a whole number from 0 on.",
    }


def test_one_fault_is_counted_as_one(tmp_path: Path) -> None:
    write(tmp_path, {"sample_users": 0})
    with pytest.raises(SettingsError, match=r"^1 setting is wrong:"):
        settings.load(tmp_path, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("landing", None),
        ("landing", 7),
        ("landing", " "),
        ("landing", "a\0b"),
        ("landing", ["data"]),
        ("warehouse", None),
        ("warehouse", "sparkify"),
        ("warehouse", "sparkify.db"),
        ("warehouse", "my-music.duckdb"),
        ("warehouse", "1st.duckdb"),
        ("warehouse", ".duckdb"),
        ("warehouse", "Music.duckdb"),
        ("warehouse", "main.duckdb"),
        ("warehouse", "data/memory.duckdb"),
        ("warehouse", "system.duckdb"),
        ("warehouse", "temp.duckdb"),
        ("sample_users", True),
        ("sample_users", 0),
        ("sample_users", 1_000_001),
        ("sample_users", 1.5),
        ("sample_users", None),
        ("sample_songs", False),
        ("sample_songs", -1),
        ("sample_songs", 1_000_001),
        ("sample_days", 0),
        ("sample_days", "3 days"),
        ("sample_seed", -1),
        ("sample_match_rate", True),
        ("sample_match_rate", -0.01),
        ("sample_match_rate", float("nan")),
        ("sample_match_rate", float("inf")),
        ("sample_match_rate", "half"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: object, tmp_path: Path) -> None:
    write(tmp_path, {name: value})
    (fault,) = faults(tmp_path)
    assert fault.startswith(f"invoke.yaml: sparkify.{name} = {value!r}: must be ")


@pytest.mark.parametrize("name", ["a.duckdb", "_9.duckdb", "x/y/star_2018.duckdb"])
def test_a_warehouse_may_be_named_in_lower_case(name: str, tmp_path: Path) -> None:
    write(tmp_path, {"warehouse": name})
    assert settings.load(tmp_path, {}).warehouse == tmp_path / name


def test_limits_themselves_are_allowed(tmp_path: Path) -> None:
    most = {"sample_users": 1_000_000, "sample_songs": 1_000_000, "sample_days": 3660}
    write(tmp_path, {**most, "sample_seed": 0, "sample_match_rate": 0})
    found = settings.load(tmp_path, {})
    assert {name: getattr(found, name) for name in most} == most


def test_an_unknown_variable_is_named(tmp_path: Path) -> None:
    write(tmp_path, {})
    assert faults(tmp_path, {"INVOKE_SPARKIFY_SAMPEL_USERS": "5"}) == [
        "INVOKE_SPARKIFY_SAMPEL_USERS = '5': there is no such setting; did you mean "
        "sample_users?"
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"sparkify: a: b", "cannot be read: line 1, column 12: mapping values"),
        (b"sparkify: [", "cannot be read: "),
        (b"\xff\xfe", "cannot be read: 'utf-8' codec"),
        (b"", "the key sparkify with the settings is missing"),
        (b"- sparkify", "the key sparkify with the settings is missing"),
        (b"sparkify:", "the key sparkify with the settings is missing"),
        (b"other: {a: 1}", "the key sparkify with the settings is missing"),
    ],
)
def test_a_file_without_settings_is_refused(
    content: bytes, complaint: str, tmp_path: Path
) -> None:
    (tmp_path / "invoke.yaml").write_bytes(content)
    with pytest.raises(SettingsError, match=re.escape(complaint)) as error:
        settings.load(tmp_path, {})
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("invoke.yaml")


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is missing; get it back"):
        settings.load(tmp_path, {})


# On the command line


def test_a_wrong_variable_stops_every_command(checkout: Checkout) -> None:
    told = fails(
        checkout.invoke("--list", env={"INVOKE_SPARKIFY_SAMPLE_USERS": "abc"}), 2
    )
    assert "INVOKE_SPARKIFY_SAMPLE_USERS = 'abc': must be a whole number" in told


@pytest.mark.parametrize("words", [["--list"], [], ["up"]], ids=" ".join)
def test_a_broken_file_stops_every_command(
    words: list[str], checkout: Checkout
) -> None:
    (checkout.root / "invoke.yaml").write_text("sparkify: a: b")
    before = checkout.files()
    assert "invoke.yaml cannot be read" in fails(checkout.invoke(*words), 2)
    assert checkout.files() == before


def test_a_wrong_value_stops_the_task_that_needs_it(checkout: Checkout) -> None:
    file = checkout.root / "invoke.yaml"
    file.write_text(file.read_text().replace("sample_days: 30", "sample_days: 0"))
    told = fails(checkout.invoke("up"), 2)
    assert told.startswith("up: 1 setting is wrong:")
    assert "invoke.yaml: sparkify.sample_days = 0: must be a whole number" in told
    example = (checkout.root / "profiles.yml.example").read_text()
    (checkout.root / "profiles.yml").write_text(example)
    told = fails(checkout.invoke("status"), 2)
    assert len(told.splitlines()) == 2  # and nothing of a library's after it


def test_files_that_are_no_yaml_are_told_with_the_place(checkout: Checkout) -> None:
    (checkout.root / "profiles.yml").write_text("sparkify: [\n")
    told = fails(checkout.invoke("load"), 2)
    assert "profiles.yml is not a profile for this project (line 2, column 1: " in told
    assert " object at 0x" not in told
    (checkout.root / "invoke.yaml").write_text("sparkify: [x\n")
    told = fails(checkout.invoke("status"), 2)
    assert told.startswith("invoke.yaml cannot be read: line 2, column 1: ")


@pytest.mark.parametrize("value", ["1.0", " 7 ", "1_000"])
def test_an_odd_number_is_understood_or_refused(value: str, checkout: Checkout) -> None:
    """Invoke casts the variable by itself, after this project has looked at it."""
    succeeds(checkout.invoke("up", env=SMALL))
    completed = checkout.invoke("status", env={"INVOKE_SPARKIFY_SAMPLE_USERS": value})
    if completed.returncode:
        assert "INVOKE_SPARKIFY_SAMPLE_USERS" in fails(completed, 2)


def test_a_key_that_is_no_text_is_refused(checkout: Checkout) -> None:
    with (checkout.root / "invoke.yaml").open("a") as file:
        file.write("  7: seven\n")
    assert "sparkify.7 = 'seven': there is no such" in fails(checkout.invoke("up"), 2)


def test_a_variable_over_a_list_is_refused(checkout: Checkout) -> None:
    file = checkout.root / "invoke.yaml"
    file.write_text(file.read_text().replace("sample_days: 30", "sample_days: [30]"))
    completed = checkout.invoke("up", env={"INVOKE_SPARKIFY_SAMPLE_DAYS": "3"})
    if completed.returncode:
        fails(completed, 2)


def test_variables_reach_the_task(checkout: Checkout) -> None:
    told = succeeds(checkout.invoke("up", env=SMALL))
    assert "2 days, 20 songs" in told
