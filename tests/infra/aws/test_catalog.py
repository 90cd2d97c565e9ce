"""The stack's tables in Glue: made, mended, taken away, and nobody else's touched."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from checkout import REPOSITORY
from cloud import REGION, Cloud, bar
from honest import Call, Killed
from moto.backends import get_backend

from infra.aws import down, leftovers, lock, patience, registration
from infra.aws.catalog_tables import ExternalTable, glue_type
from infra.errors import AwsDenied, AwsError, ConfigurationError, ForeignError
from infra.external import _tables
from infra.project import Project
from infra.rehearsal.aws.world import ACCOUNT

NAME = "sparkify_dev"
TABLES = _tables(Project(REPOSITORY))
EVENTS, SONGS = TABLES
Glue = Any  # a client that the layer does not see; it has no stubs
MARKS = {"managed-by": "sparkify-warehouse", "stack": "dev"}


@pytest.fixture
def here(there: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """An account with nothing in Glue, and nobody at work."""
    for service in ("glue", "ssm"):
        get_backend(service)[ACCOUNT][REGION].reset()
    monkeypatch.setattr(patience, "Clock", lambda: there.clock)
    monkeypatch.setattr(lock, "_is_running", lambda _: False)
    there.aws.calm()
    there.aws.calls.clear()
    yield there
    there.aws.calm()


def glue(here: Cloud) -> Glue:
    return here.aws.world.others.client("glue")


def register(here: Cloud, *tables: ExternalTable) -> bool:
    return registration.register(here.site(), tables or TABLES, bar())


def writes(here: Cloud) -> list[str]:
    """The recorded writes but those of the lock."""
    return [str(call) for call in here.aws.writes if call.service != "ssm"]


def seen(here: Cloud, name: str = NAME) -> dict[str, Any]:
    """What there is of the database, without times."""
    client = glue(here)
    tables = client.get_tables(DatabaseName=name)["TableList"]
    arn = f"arn:aws:glue:{REGION}:{ACCOUNT}:database/{name}"
    kept = ("TableType", "Parameters", "PartitionKeys", "StorageDescriptor")
    return {
        "tags": client.get_tags(ResourceArn=arn)["Tags"],
        **{each["Name"]: {key: each.get(key) for key in kept} for each in tables},
    }


def databases(here: Cloud) -> list[str]:
    found = glue(here).get_databases()["DatabaseList"]
    return [each["Name"] for each in found]


# Made as they should be


def test_each_folder_of_raw_files_becomes_a_table_with_our_marks(here: Cloud) -> None:
    assert register(here)
    found = seen(here)
    assert MARKS.items() <= found["tags"].items()
    assert found.keys() == {"tags", "staging_events", "staging_songs"}
    events = found["staging_events"]
    assert events["StorageDescriptor"]["Location"] == "s3://udacity-dend/log_data/"
    assert found["staging_songs"]["StorageDescriptor"]["Location"] == (
        "s3://udacity-dend/song_data/"
    )
    assert MARKS.items() <= events["Parameters"].items()
    assert events["TableType"] == "EXTERNAL_TABLE"
    serde = events["StorageDescriptor"]["SerdeInfo"]
    assert serde["SerializationLibrary"] == "org.openx.data.jsonserde.JsonSerDe"
    assert events["StorageDescriptor"]["InputFormat"] == (
        "org.apache.hadoop.mapred.TextInputFormat"
    )


def test_nothing_that_does_not_fit_is_changed_in_silence(here: Cloud) -> None:
    """Redshift's own defaults are a null for a text too long, and for a bad letter."""
    register(here)
    events = seen(here)["staging_events"]
    handling = {
        key: value
        for key, value in events["Parameters"].items()
        if key.endswith(("_handling", "_enabled"))
    }
    assert handling == {
        "data_cleansing_enabled": "true",
        "invalid_char_handling": "FAIL",
        "numeric_overflow_handling": "FAIL",
        "surplus_char_handling": "FAIL",
    }
    serde = events["StorageDescriptor"]["SerdeInfo"]["Parameters"]
    assert serde == {"case.insensitive": "true", "ignore.malformed.json": "false"}


def test_columns_are_those_of_the_files_in_glues_types(here: Cloud) -> None:
    register(here)
    columns = {
        each["Name"]: each["Type"]
        for each in seen(here)["staging_songs"]["StorageDescriptor"]["Columns"]
    }
    assert columns == {
        "num_songs": "int",
        "artist_id": "varchar(96)",
        "artist_latitude": "double",
        "artist_longitude": "double",
        "artist_location": "varchar(1024)",
        "artist_name": "varchar(1024)",
        "song_id": "varchar(96)",
        "title": "varchar(1024)",
        "duration": "double",
        "year": "int",
    }
    events = seen(here)["staging_events"]["StorageDescriptor"]["Columns"]
    assert {"Name": "ts", "Type": "bigint"} in events
    assert not [each for each in events if each["Name"].startswith("_")]


@pytest.mark.parametrize("unknown", ["timestamp", "varchar", "numeric(18,0)", "super"])
def test_a_type_that_nobody_has_thought_of_is_refused(unknown: str) -> None:
    with pytest.raises(ConfigurationError, match="has no type"):
        glue_type(unknown)


def test_a_second_time_writes_nothing(here: Cloud) -> None:
    register(here)
    here.aws.calls.clear()
    assert not register(here)
    assert here.aws.writes == []


# What somebody changed


def table(here: Cloud, name: str = "staging_events") -> dict[str, Any]:
    """A table as an update takes it."""
    found = glue(here).get_table(DatabaseName=NAME, Name=name)["Table"]
    known = ("Name", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor")
    return {key: found[key] for key in known}


def put(here: Cloud, changed: dict[str, Any]) -> None:
    glue(here).update_table(DatabaseName=NAME, TableInput=changed)


def elsewhere(table: dict[str, Any]) -> None:
    table["StorageDescriptor"]["Location"] = "s3://udacity-dend/log_data"


def fewer_columns(table: dict[str, Any]) -> None:
    table["StorageDescriptor"]["Columns"].pop()


def another_type(table: dict[str, Any]) -> None:
    table["StorageDescriptor"]["Columns"][0]["Type"] = "string"


def tolerant(table: dict[str, Any]) -> None:
    serde = table["StorageDescriptor"]["SerdeInfo"]
    serde["Parameters"]["ignore.malformed.json"] = "true"


def another_serde(table: dict[str, Any]) -> None:
    serde = table["StorageDescriptor"]["SerdeInfo"]
    serde["SerializationLibrary"] = "org.apache.hive.hcatalog.data.JsonSerDe"


def another_format(table: dict[str, Any]) -> None:
    table["StorageDescriptor"]["InputFormat"] = "org.apache.hadoop.hive.ql.io.Orc"


def skips_lines(table: dict[str, Any]) -> None:
    table["Parameters"]["skip.header.line.count"] = "1"


def truncates(table: dict[str, Any]) -> None:
    table["Parameters"]["surplus_char_handling"] = "TRUNCATE"


def partitioned(table: dict[str, Any]) -> None:
    table["PartitionKeys"] = [{"Name": "day", "Type": "date"}]


def a_view(table: dict[str, Any]) -> None:
    table["TableType"] = "VIRTUAL_VIEW"


DRIFTS = [
    *(elsewhere, fewer_columns, another_type, tolerant, another_serde),
    *(another_format, skips_lines, truncates, partitioned, a_view),
]


@pytest.mark.parametrize("drift", DRIFTS)
def test_what_somebody_changed_is_put_right_by_one_write(
    here: Cloud, drift: Callable[[dict[str, Any]], None]
) -> None:
    register(here)
    right = seen(here)
    changed = table(here)
    drift(changed)
    put(here, changed)
    assert seen(here) != right
    here.aws.calls.clear()
    assert register(here)
    assert writes(here) == ["glue.UpdateTable"]
    assert seen(here) == right


def test_a_table_that_is_gone_is_made_again(here: Cloud) -> None:
    register(here)
    right = seen(here)
    glue(here).delete_table(DatabaseName=NAME, Name="staging_songs")
    here.aws.calls.clear()
    register(here)
    assert writes(here) == ["glue.CreateTable"]
    assert seen(here) == right


def test_a_new_column_and_another_prefix_reach_the_table(here: Cloud) -> None:
    register(here)
    new = replace(
        SONGS, location="s3://other/song_data/", columns=(("title", "varchar(8)"),)
    )
    assert register(here, EVENTS, new)
    storage = seen(here)["staging_songs"]["StorageDescriptor"]
    assert storage["Location"] == "s3://other/song_data/"
    assert storage["Columns"] == [{"Name": "title", "Type": "varchar(8)"}]


def test_our_table_of_a_raw_table_that_is_no_more_goes(here: Cloud) -> None:
    register(here)
    theirs(here)
    here.aws.calls.clear()
    register(here, EVENTS)
    assert writes(here) == ["glue.DeleteTable"]
    assert seen(here).keys() == {"tags", "staging_events", "theirs"}


# What is not ours


def theirs(here: Cloud, name: str = "theirs", **marks: str) -> None:
    """Somebody makes a table in our database."""
    given = {"Name": name, "TableType": "EXTERNAL_TABLE", "Parameters": marks}
    glue(here).create_table(DatabaseName=NAME, TableInput=given)


@pytest.mark.parametrize("tags", [{}, {"stack": "dev"}, MARKS | {"stack": "other"}])
def test_a_database_of_somebody_else_stops_it_before_the_first_write(
    here: Cloud, tags: dict[str, str]
) -> None:
    glue(here).create_database(DatabaseInput={"Name": NAME}, Tags=tags)
    for work in (lambda: register(here), here.down):
        with pytest.raises(ForeignError, match="a database sparkify_dev in Glue"):
            work()
    assert here.aws.writes == []
    assert databases(here) == [NAME]
    (found,) = leftovers.found(here.site())
    assert found.note.startswith("not ours: ")


@pytest.mark.parametrize("marks", [{}, MARKS | {"stack": "other"}])
def test_a_table_of_somebody_else_with_our_name_stops_it_too(
    here: Cloud, marks: dict[str, str]
) -> None:
    register(here, SONGS)
    theirs(here, "staging_events", **marks)
    before = seen(here)
    here.aws.calls.clear()
    with pytest.raises(ForeignError, match=r"a table staging_events .*parameters"):
        register(here)
    assert here.aws.writes == []
    assert seen(here) == before


def test_a_table_of_somebody_else_keeps_the_database_and_nothing_more(
    here: Cloud,
) -> None:
    register(here)
    theirs(here)
    (remaining,) = here.down()
    assert "Others have tables in it: theirs" in remaining.why
    assert seen(here).keys() == {"tags", "theirs"}
    glue(here).delete_table(DatabaseName=NAME, Name="theirs")
    assert here.down() == []
    assert databases(here) == []


def test_another_stack_has_a_database_of_its_own(here: Cloud) -> None:
    register(here)
    before = seen(here)
    registration.register(here.site(stack="dev-2"), TABLES, bar())
    assert databases(here) == [NAME, "sparkify_dev_2"]
    assert here.down(stack="dev-2") == []
    assert databases(here) == [NAME]
    assert seen(here) == before


# Taken away, and shown


def test_down_takes_it_away_and_a_second_one_finds_nothing(here: Cloud) -> None:
    register(here)
    teardown = down.plan(here.site(), final_snapshot=False, purge=False)
    assert [f"{each.kind} {each.name}" for each in teardown.go] == [
        f"Glue database {NAME}"
    ]
    assert here.down() == []
    assert databases(here) == []
    here.aws.calls.clear()
    assert here.down() == []
    assert writes(here) == []


def test_leftovers_show_it_and_that_it_is_free(here: Cloud) -> None:
    register(here)
    (found,) = leftovers.found(here.site())
    assert (found.kind, found.name) == ("Glue database", NAME)
    assert found.monthly_usd == 0.0


def test_up_has_no_part_in_it(here: Cloud) -> None:
    register(here)
    here.aws.calls.clear()
    planned = here.prepared().plan
    assert "catalog" not in {each.resource.key for each in planned.actions}
    assert not [call for call in here.aws.calls if call.service == "glue"]


# What goes wrong


def kills(here: Cloud, work: Callable[[], object]) -> int:
    """How many writes the work has, those of the lock counted."""
    here.aws.calls.clear()
    work()
    return len(here.aws.writes)


@pytest.mark.parametrize("when", ["kill_before", "kill_after"])
def test_wherever_it_is_killed_the_next_run_ends_the_same(
    here: Cloud, when: str
) -> None:
    count = kills(here, lambda: register(here))
    right = seen(here)
    assert count >= 5
    for write in range(1, count + 1):
        get_backend("glue")[ACCOUNT][REGION].reset()
        get_backend("ssm")[ACCOUNT][REGION].reset()
        getattr(here.aws, when)(write)
        with suppress(Killed):
            register(here)
        here.aws.calm()
        register(here)
        assert seen(here) == right, write


@pytest.mark.parametrize("when", ["kill_before", "kill_after"])
def test_wherever_down_is_killed_the_next_one_takes_the_rest(
    here: Cloud, when: str
) -> None:
    register(here)
    count = kills(here, here.down)
    for write in range(1, count + 1):
        register(here)
        getattr(here.aws, when)(write)
        with suppress(Killed):
            here.down()
        here.aws.calm()
        assert here.down() == [], write
        assert databases(here) == []


def test_a_lost_answer_makes_nothing_twice(here: Cloud) -> None:
    register(here)
    right = seen(here)
    here.down()
    here.aws.lose_reply("glue", "Create*", times=1000)
    register(here)
    assert seen(here) == right
    elsewhere(changed := table(here))
    put(here, changed)
    here.aws.lose_reply("glue", "UpdateTable")
    register(here)
    assert seen(here) == right
    here.aws.lose_reply("glue", "DeleteTable")
    here.aws.lose_reply("glue", "DeleteDatabase")
    assert here.down() == []
    assert databases(here) == []


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ConcurrentModificationException"]
)
def test_a_busy_glue_is_asked_again(here: Cloud, code: str) -> None:
    here.aws.fail("glue", "*", code=code, times=6)
    register(here)
    assert seen(here).keys() == {"tags", "staging_events", "staging_songs"}


def test_every_call_that_is_denied_is_named_and_reads_are_no_absence(
    here: Cloud,
) -> None:
    register(here, EVENTS)
    here.aws.calls.clear()
    changed = replace(EVENTS, location="s3://other/log_data/")
    register(here, changed, SONGS)
    calls = {call.operation for call in here.aws.calls if call.service == "glue"}
    assert calls > {"GetDatabase", "GetTags", "GetTables", "UpdateTable"}
    for operation in sorted(calls):
        register(here, EVENTS)
        here.aws.calls.clear()
        here.aws.deny("glue", operation)
        with pytest.raises(AwsDenied, match=f"glue:{operation} is denied"):
            register(here, changed, SONGS)
        if operation.startswith("Get"):
            assert here.aws.writes == []
            with pytest.raises(AwsDenied, match=f"glue:{operation}"):
                here.down()
            assert here.aws.writes == []
        here.aws.calm()


def test_it_waits_for_nobody_who_is_at_work_on_the_stack(
    here: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "_is_running", lambda pid: pid == os.getpid())
    site = here.site()
    with (
        lock.holding(here.clients.ssm, site.stack, "up", here.clock),
        pytest.raises(AwsError, match="is at work on sparkify-dev"),
    ):
        register(here)
    assert databases(here) == []


def test_others_are_told_who_is_at_work(here: Cloud) -> None:
    told: list[str] = []

    def look(_: Call) -> None:
        ssm = here.aws.world.others.ssm
        told.append(ssm.get_parameter(Name="/sparkify/dev/lock")["Parameter"]["Value"])

    here.aws.on("glue", "Create*", look)
    register(here)
    assert [json.loads(each)["task"] for each in told] == ["load --external"] * 3
    assert here.aws.world.others.ssm.describe_parameters()["Parameters"] == []


def test_somebody_who_makes_it_at_the_same_moment_is_found(here: Cloud) -> None:
    def first(_: Call) -> None:
        glue(here).create_database(DatabaseInput={"Name": NAME})

    here.aws.on("glue", "CreateDatabase", first, times=1)
    with pytest.raises(ForeignError, match="a database sparkify_dev"):
        register(here)
    assert "glue.CreateTable" not in writes(here)
