"""The project itself: real dbt, real adapter, real driver, a simulated sample."""

import json
import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from logins import LOGINS, PASSWORD
from redshift_connector import error as driver

from infra.landing import simulator
from infra.loading.raw_schema import RawTable, Table, ledger_tables, raw_tables
from infra.rehearsal.postgres import PostgresMissing, binaries
from infra.rehearsal.standin import Standin

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = ("dbt_project.yml", "models", "macros", "seeds", "analyses", "tests/data")
SAMPLE = simulator.Plan(users=20, songs=100, days=3, seed=1, match_rate=0.5)
NO_TESTS = ("--exclude-resource-type", "test", "unit_test")
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")  # as `invoke build` does


@dataclass(frozen=True)
class Project:
    """A copy of the project with a profile for a stand-in that holds the sample."""

    root: Path
    standin: Standin

    def dbt(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs dbt as its own executable."""
        return subprocess.run(
            [Path(sysconfig.get_path("scripts")) / "dbt", "--no-use-colors", *words],
            cwd=self.root,
            env=os.environ | {"SSL_CERT_FILE": str(self.standin.ca_file)},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def models(self) -> dict[str, dict[str, Any]]:
        """Models and seeds that are tables, as dbt's manifest has them, by name."""
        path = self.root / "target" / "manifest.json"
        nodes = json.loads(path.read_text(encoding="utf-8"))["nodes"].values()
        return {
            f"{node['schema']}.{node['alias']}": node
            for node in nodes
            if node["resource_type"] in {"model", "seed"}
            and node["config"]["materialized"] not in {"ephemeral", "view"}
        }

    def changed(self, name: str, old: str, new: str) -> None:
        """Puts a text in place of another in a file, which must have it."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A stand-in with the raw tables and the ledger, filled."""
    try:
        binaries()
    except PostgresMissing as missing:
        pytest.skip(str(missing))
    root = tmp_path_factory.mktemp("warehouse")
    with Standin(logins=LOGINS) as standin, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(standin.ca_file))
        _fill(standin, root / "landing")
        yield Project(_copied(root / "project", standin), standin)


@pytest.fixture(scope="module")
def built(warehouse: Project) -> Project:
    """The same after `dbt build`; CI's rehearsal runs the tests of the models."""
    _succeeds(warehouse.dbt("build", *NO_TESTS))
    return warehouse


@pytest.fixture
def own(built: Project, tmp_path: Path) -> Project:
    """Another copy of the project, to be changed at will, on the same warehouse."""
    return Project(shutil.copytree(built.root, tmp_path / "project"), built.standin)


def _copied(root: Path, standin: Standin) -> Path:
    for part in PARTS:
        copy = root / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if (REPOSITORY / part).is_dir():
            shutil.copytree(REPOSITORY / part, copy)
        else:
            shutil.copyfile(REPOSITORY / part, copy)
    output = {
        "type": "redshift",
        "method": "database",
        "host": standin.host,
        "port": standin.port,
        "dbname": standin.database,
        "user": standin.admin,
        "password": PASSWORD,
        "schema": "sparkify",
        "sslmode": "verify-full",
        "threads": 4,
    }
    profile = {"sparkify": {"target": "redshift", "outputs": {"redshift": output}}}
    (root / "profiles.yml").write_text(yaml.safe_dump(profile))
    return root


def _fill(standin: Standin, landing: Path) -> None:
    simulator.generate(landing, SAMPLE)
    raw, ledger = raw_tables(REPOSITORY), ledger_tables(REPOSITORY)
    for schema in {table.schema for table in (*raw, *ledger.values())}:
        standin.sql(f"create schema {schema}")
    for table in (*raw, *ledger.values()):
        columns = ", ".join(
            f'"{column.name}" {column.type}' for column in table.columns
        )
        standin.sql(f"create table {table.relation} ({columns})")
    for table in raw:
        _insert(standin, table, list(_rows(table, landing)))
        standin.sql(
            "insert into load.load_files (load_id, target, uri, etag, status, "
            "rows_in_file, rows_staged, rows_rejected) "
            f"select 1, '{table.name}', _source_uri, md5(_source_uri), 'loaded', "
            f"count(*), count(*), 0 from {table.relation} group by _source_uri"
        )
        standin.sql(
            "insert into load.load_runs "
            "(load_id, target, status, started_at, finished_at) "
            f"values (1, '{table.name}', 'ok', getdate(), getdate())"
        )


def _rows(table: RawTable, landing: Path) -> Iterator[list[Any]]:
    for path in sorted((landing / table.landing).rglob("*.json")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            told = json.loads(line)
            found = [told.get(column.json) for column in table.raw_columns]
            yield [*found, 1, path.relative_to(landing).as_posix(), number]


def _insert(standin: Standin, table: Table, rows: list[list[Any]]) -> None:
    row = f"({', '.join(['%s'] * len(table.columns))})"
    with closing(standin.connected()) as connection, connection.cursor() as cursor:
        for start in range(0, len(rows), 100):
            part = rows[start : start + 100]
            values = tuple(cell for each in part for cell in each)
            marks = ", ".join([row] * len(part))
            cursor.execute(f"insert into {table.relation} values {marks}", values)
        connection.commit()


def _succeeds(completed: subprocess.CompletedProcess[str]) -> str:
    assert completed.returncode == 0, completed.stdout + completed.stderr
    return completed.stdout


def _fails(completed: subprocess.CompletedProcess[str]) -> str:
    assert completed.returncode == 1, completed.stdout + completed.stderr
    return completed.stdout


def test_the_star_is_built(built: Project) -> None:
    counts = built.standin.sql(
        "select (select count(*) from staging.staging_events where page = 'NextSong'), "
        "(select count(*) from sparkify.songplays)"
    )
    assert counts[0][0] == counts[0][1] > 100


@pytest.mark.slow
def test_a_second_build_replaces_the_first(built: Project) -> None:
    before = built.standin.sql("select * from sparkify.songplays order by songplay_id")
    assert " ERROR=0 " in _succeeds(built.dbt("build", *NO_UNIT_TESTS))
    after = built.standin.sql("select * from sparkify.songplays order by songplay_id")
    assert before == after
    schemas = {node["schema"] for node in built.models.values()}
    tables = built.standin.sql(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_type = 'BASE TABLE' order by 1"
    )
    found = {name for (name,) in tables if name.partition(".")[0] in schemas}
    assert found == built.models.keys()


# The physical design


def test_the_physical_design_reaches_the_catalog(built: Project) -> None:
    catalog = built.standin.sql(
        "select schema || '.' || \"table\", diststyle, sortkey1, sortkey_num "
        "from svv_table_info"
    )
    found = {name: tuple(design) for name, *design in catalog}
    wanted = {name: _design(node["config"]) for name, node in built.models.items()}
    assert {name: found[name] for name in wanted} == wanted
    assert wanted["sparkify.songplays"] == ("KEY(user_id)", "start_time", 1)
    assert wanted["sparkify.users"] == ("ALL", "user_id", 1)


def _design(config: dict[str, Any]) -> tuple[str, str | None, int]:
    """What svv_table_info has to say of a model with this configuration."""
    dist, sort = config.get("dist"), config.get("sort") or []
    keys = [sort] if isinstance(sort, str) else sort
    styles = {None: "AUTO(ALL)", "auto": "AUTO(ALL)", "all": "ALL", "even": "EVEN"}
    style = styles.get(dist, f"KEY({dist})")
    return style, keys[0] if keys else None, len(keys)


def test_nobody_forgot_the_physical_design_of_a_table_of_the_star(
    built: Project,
) -> None:
    star = {
        name: node["config"]
        for name, node in built.models.items()
        if node["fqn"][1] == "star"
    }
    assert len(star) > 4
    lacking = {name for name, each in star.items() if not each.get("dist")}
    assert lacking | {name for name, each in star.items() if not each.get("sort")} == (
        set()
    )


def test_texts_of_contracts_say_how_many_bytes_they_take(built: Project) -> None:
    """A bare varchar has 256 bytes on Redshift, and any length on DuckDB."""
    texts = {
        (*name.split("."), column["name"]): column["data_type"]
        for name, node in built.models.items()
        if node["resource_type"] == "model" and node["contract"]["enforced"]
        for column in node["columns"].values()
        if re.match("char|varchar|text|bpchar|string", column["data_type"], re.I)
    }
    assert len(texts) > 20
    wrong = {key: type_ for key, type_ in texts.items() if not _says_bytes(type_)}
    assert wrong == {}
    catalog = built.standin.sql(
        "select table_schema, table_name, column_name, character_maximum_length "
        "from information_schema.columns"
    )
    made = {tuple(key): f"varchar({length})" for *key, length in catalog}
    assert {key: made[key] for key in texts} == texts


def _says_bytes(type_: str) -> bool:
    found = re.fullmatch(r"varchar\(([1-9]\d*)\)", type_)
    return found is not None and int(found[1]) <= 65_535


# Readers


@pytest.mark.slow
def test_readers_read_what_dbt_built_and_nothing_else(own: Project) -> None:
    """`reader` is somebody who was put into the group, as docs/people.md says."""
    standin, count = own.standin, "select count(*) from sparkify.songplays"
    with pytest.raises(driver.ProgrammingError, match="permission denied"):
        standin.sql(count, user="reader")
    standin.sql("alter group analyst add user reader")
    wanted = standin.sql(count)
    for name in own.models:
        standin.sql(f"select count(*) from {name}", user="reader")
    # Rebuilt by a run that grants nothing: the right to read is there from the first
    _succeeds(own.dbt("run", "--select", "songplays", "--vars", "readers: ''"))
    assert standin.sql(count, user="reader") == wanted
    for statement in (
        # one that was there before the group, and one that came after it
        *(f"delete from sparkify.{name}" for name in ("users", "songplays")),
        *(f"truncate sparkify.{name}" for name in ("users", "songplays")),
        "insert into sparkify.users select * from sparkify.users",
        "insert into sparkify.songplays select * from sparkify.songplays",
        "drop table sparkify.songplays",
        "create table sparkify.own (a integer)",
        "select count(*) from staging.staging_events",
        "select count(*) from load.load_files",
    ):
        with pytest.raises(driver.ProgrammingError, match=r"denied|must be owner"):
            standin.sql(statement, user="reader")
    standin.sql("alter group analyst drop user reader")


# What dbt tells of it


@pytest.mark.slow
def test_docs_hold_the_catalog_of_the_warehouse(built: Project) -> None:
    _succeeds(built.dbt("docs", "generate"))
    catalog = json.loads((built.root / "target" / "catalog.json").read_text())
    songs = catalog["nodes"]["model.sparkify.songs"]
    assert songs["columns"]["title"]["type"] == "character varying(1024)"
    assert songs["stats"]["sortkey1"]["value"] == "song_id"
    assert not catalog["errors"]


@pytest.mark.slow
def test_the_load_is_fresh(built: Project) -> None:
    _succeeds(built.dbt("source", "freshness"))
    sources = json.loads((built.root / "target" / "sources.json").read_text())
    assert {result["status"] for result in sources["results"]} == {"pass"}


@pytest.mark.slow
def test_the_unit_tests_pass(built: Project) -> None:
    _succeeds(built.dbt("test", "--select", "test_type:unit"))


# Faults that a rehearsal must find, and PostgreSQL alone would not


def test_functions_that_redshift_lacks_or_nobody_knows_are_found(own: Project) -> None:
    for function in ("string_agg(name, ', ')", "soundex(name)"):
        path = own.root / "models" / f"{function.partition('(')[0]}.sql"
        path.write_text(f"select {function} as name from {{{{ ref('artists') }}}}")
    told = _fails(own.dbt("run", "--select", "string_agg", "soundex"))
    assert "Redshift has no string_agg: use LISTAGG" in told
    assert "the stand-in does not know the function soundex" in told


@pytest.mark.slow
def test_a_varchar_one_byte_too_short_is_found(own: Project) -> None:
    ((longest,),) = own.standin.sql(
        "select max(octet_length(weekday_name)) from sparkify.dates"
    )
    own.changed("models/star/dates.yml", "varchar(16)", f"varchar({longest})")
    _succeeds(own.dbt("run", "--select", "dates"))
    own.changed("models/star/dates.yml", f"({longest})", f"({longest - 1})")
    told = _fails(own.dbt("run", "--select", "dates"))
    assert f"value too long for type character varying({longest - 1})" in told


@pytest.mark.slow
def test_a_declared_key_stops_nothing_so_its_test_must(own: Project) -> None:
    own.changed(
        "models/star/songs.sql",
        "select * from songs",
        "select * from songs union all select * from songs",
    )
    told = _fails(own.dbt("build", "--select", "songs", *NO_UNIT_TESTS))
    assert "OK created sql table model sparkify.songs" in told
    assert "Failure in test unique_songs_song_id" in told
