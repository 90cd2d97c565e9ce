from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from checkout import REPOSITORY
from dbt.adapters.redshift.connections import RedshiftCredentials

from infra import local, profile
from infra.errors import ConfigurationError, WarehouseMissing
from infra.project import Project

LOCAL: dict[str, object] = {
    "type": "duckdb",
    "path": "sparkify.duckdb",
    "schema": "sparkify",
}


@pytest.fixture(autouse=True)
def no_target_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBT_TARGET", raising=False)


def write(
    root: Path, target: str = "local", **outputs: dict[str, object] | object
) -> None:
    document = {"sparkify": {"target": target, "outputs": {"local": LOCAL, **outputs}}}
    (root / "profiles.yml").write_text(yaml.safe_dump(document))


# The text that `invoke up` writes


def test_the_example_is_written_with_the_path_of_the_settings() -> None:
    example = (REPOSITORY / "profiles.yml.example").read_text()
    text = profile.text_for(REPOSITORY, REPOSITORY / "data" / "star.duckdb")
    assert yaml.safe_load(text)["sparkify"]["outputs"]["local"]["path"] == (
        "data/star.duckdb"
    )
    assert text.replace("data/star.duckdb", "sparkify.duckdb") == example
    assert profile.text_for(REPOSITORY, REPOSITORY / "sparkify.duckdb") == example


def test_a_warehouse_elsewhere_keeps_its_absolute_path() -> None:
    text = profile.text_for(REPOSITORY, Path("/srv/star.duckdb"))
    assert yaml.safe_load(text)["sparkify"]["outputs"]["local"]["path"] == (
        "/srv/star.duckdb"
    )


def test_an_example_without_the_path_is_refused(tmp_path: Path) -> None:
    (tmp_path / "profiles.yml.example").write_text("sparkify: {}")
    with pytest.raises(ConfigurationError, match=r"profiles\.yml\.example no longer"):
        profile.text_for(tmp_path, tmp_path / "star.duckdb")


def test_the_example_holds_nothing_secret() -> None:
    secret = ("password", "pass", "token", "secret", "user", "host", "key", "account")

    def keys(document: object) -> set[str]:
        if not isinstance(document, dict):
            return set()
        below = [keys(value) for value in document.values()]
        return set(document).union(*below)

    found = keys(yaml.safe_load((REPOSITORY / "profiles.yml.example").read_text()))
    assert {"type", "path", "schema"} <= found
    assert not [key for key in found if any(word in key.lower() for word in secret)]


# Reading it


def test_the_written_text_is_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "profiles.yml").write_text(
        profile.text_for(REPOSITORY, REPOSITORY / "star.duckdb")
    )
    assert profile.read(tmp_path) == profile.Profile(
        target="local",
        type="duckdb",
        schema="sparkify",
        path=tmp_path / "star.duckdb",
        settings={"TimeZone": "UTC"},
        config_options={"storage_compatibility_version": "v1.2.0"},
    )


def test_an_absent_profile_sends_to_up(tmp_path: Path) -> None:
    with pytest.raises(WarehouseMissing, match="run `invoke up` first"):
        profile.read(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"sparkify",
        b"- sparkify",
        b"sparkify:",
        b"sparkify: [local]",
        b"sparkify: {target: local}",
        b"sparkify: {target: local, outputs: {}}",
        b"sparkify: {target: local, outputs: {local: duckdb}}",
        b"sparkify: {target: local, outputs: {local: {}}}",
        b"sparkify: {target: local, outputs: {local: {type: duckdb, schema: s}}}",
        b"sparkify: {target: local, outputs: {local: {type: duckdb, path: p}}}",
        b"sparkify: {target: [local], outputs: {local: {type: duckdb}}}",
        b"other: {target: local}",
        b"sparkify: a: b",
        b"\xff\xfe\x00",
    ],
)
def test_a_profile_that_dbt_would_refuse_is_refused(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "profiles.yml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"profiles\.yml.* Mend it, or delete"):
        profile.read(tmp_path)


def test_another_adapter_is_named(tmp_path: Path) -> None:
    write(tmp_path, "cloud", cloud={"type": "snowflake", "schema": "s", "path": "p"})
    with pytest.raises(ConfigurationError, match="target cloud is of type snowflake"):
        profile.read(tmp_path)


def test_dbt_target_chooses_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, scratch={**LOCAL, "schema": "scratch"})
    assert profile.read(tmp_path).schema == "sparkify"
    monkeypatch.setenv("DBT_TARGET", "scratch")
    assert profile.read(tmp_path).target == "scratch"
    assert profile.read(tmp_path).schema == "scratch"
    monkeypatch.setenv("DBT_TARGET", "nowhere")
    with pytest.raises(ConfigurationError, match="nowhere"):
        profile.read(tmp_path)


def test_variables_are_filled_in_as_dbt_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = {
        "schema": "{{ env_var('STAR_SCHEMA') }}",
        "path": "{{ env_var('STAR_FOLDER', 'data') }}/star.duckdb",
    }
    write(tmp_path, "{{ env_var('STAR_TARGET', 'local') }}", local=LOCAL | rendered)
    monkeypatch.delenv("STAR_FOLDER", raising=False)
    monkeypatch.setenv("STAR_SCHEMA", "listening")
    found = profile.read(tmp_path)
    assert (found.target, found.schema) == ("local", "listening")
    assert found.path == tmp_path / "data" / "star.duckdb"
    monkeypatch.setenv("STAR_FOLDER", "/srv")
    assert profile.read(tmp_path).path == Path("/srv/star.duckdb")
    monkeypatch.delenv("STAR_SCHEMA")
    with pytest.raises(ConfigurationError, match="variable STAR_SCHEMA; set it"):
        profile.read(tmp_path)


@pytest.mark.parametrize("expression", ["{{ env_var( }}", "{{ nothing('A') }}"])
def test_an_expression_that_cannot_be_filled_in_is_named(
    expression: str, tmp_path: Path
) -> None:
    write(tmp_path, local={**LOCAL, "schema": expression})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        profile.read(tmp_path)


def test_a_number_filled_in_with_a_filter_of_dbt_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAR_THREADS", "4")
    threads = "{{ env_var('STAR_THREADS') | as_number }}"
    write(tmp_path, local={**LOCAL, "threads": threads})
    assert profile.read(tmp_path).schema == "sparkify"


def test_variables_are_filled_in_below_the_first_level(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAR_ZONE", "UTC")
    settings = {"TimeZone": "{{ env_var('STAR_ZONE') }}"}
    write(tmp_path, local={**LOCAL, "settings": settings})
    assert profile.read(tmp_path).settings == {"TimeZone": "UTC"}


@pytest.mark.parametrize("path", [":memory:", "md:listening"])
def test_a_warehouse_that_is_no_file_is_refused(path: str, tmp_path: Path) -> None:
    write(tmp_path, local={**LOCAL, "path": path})
    with pytest.raises(ConfigurationError, match="no file on this machine"):
        profile.read(tmp_path)


def test_a_variable_that_names_no_target_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, local=LOCAL)
    monkeypatch.setenv("DBT_TARGET", "nonsense")
    with pytest.raises(ConfigurationError, match="no target 'nonsense', only local"):
        profile.read(tmp_path)


@pytest.mark.parametrize("path", ["a #b/x.duckdb", "a: b/x.duckdb", "'q\"/x.duckdb"])
def test_any_path_survives_yaml(path: str, tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / profile.EXAMPLE
    (tmp_path / profile.EXAMPLE).write_text(example.read_text())
    (tmp_path / profile.FILE).write_text(profile.text_for(tmp_path, tmp_path / path))
    assert profile.read(tmp_path).path == tmp_path / path


# With a cluster


CLUSTER = profile.Redshift(
    host="sparkify-dev.abc.us-west-2.redshift.amazonaws.com",
    port=5439,
    cluster="sparkify-dev",
    region="us-west-2",
    database="sparkify",
    method="iam",
    user="sparkify_admin",
)
ROLE = replace(CLUSTER, method="iam_role", user=None)


def with_cluster(
    root: Path, cluster: profile.Redshift = CLUSTER, target: str = "redshift"
) -> None:
    (root / profile.EXAMPLE).write_bytes((REPOSITORY / profile.EXAMPLE).read_bytes())
    warehouse = root / "sparkify.duckdb"
    text = profile.text_for(root, warehouse, cluster, target)
    (root / profile.FILE).write_text(text)


@pytest.mark.parametrize("cluster", [CLUSTER, ROLE], ids=["iam", "iam_role"])
def test_dbt_takes_what_is_written(cluster: profile.Redshift, tmp_path: Path) -> None:
    with_cluster(tmp_path, cluster)
    document = yaml.safe_load((tmp_path / profile.FILE).read_text())["sparkify"]
    assert document["target"] == "redshift"
    output = document["outputs"]["redshift"]
    for connection in ("type", "threads"):
        assert output.pop(connection)
    aliased = RedshiftCredentials.translate_aliases(output)
    RedshiftCredentials.validate(aliased)
    found = RedshiftCredentials.from_dict(aliased)
    assert found.host == cluster.host
    assert found.port == 5439
    assert found.database == "sparkify"
    assert found.cluster_id == "sparkify-dev"
    assert found.region == "us-west-2"
    assert found.method == cluster.method
    assert found.user == cluster.user
    assert found.password is None
    assert found.sslmode == "verify-full"
    assert not found.autocreate


def test_what_is_written_holds_nothing_secret(tmp_path: Path) -> None:
    with_cluster(tmp_path)
    document = yaml.safe_load((tmp_path / profile.FILE).read_text())["sparkify"]
    keys = set(document["outputs"]["redshift"])
    assert not keys & {"password", "pass", "access_key_id", "secret_access_key"}


@pytest.mark.parametrize("cluster", [CLUSTER, ROLE], ids=["iam", "iam_role"])
@pytest.mark.parametrize("target", profile.TARGETS)
def test_what_is_written_is_found_again(
    cluster: profile.Redshift, target: str, tmp_path: Path
) -> None:
    with_cluster(tmp_path, cluster, target)
    assert profile.written(tmp_path) == (target, cluster)


def test_a_name_that_yaml_takes_for_something_else_is_found_again(
    tmp_path: Path,
) -> None:
    odd = replace(CLUSTER, database="yes", user="no")
    with_cluster(tmp_path, odd)
    assert profile.written(tmp_path) == ("redshift", odd)


def test_the_local_warehouse_stays_beside_the_cluster(tmp_path: Path) -> None:
    with_cluster(tmp_path, target="local")
    assert profile.read(tmp_path).path == tmp_path / "sparkify.duckdb"
    with_cluster(tmp_path)
    with pytest.raises(ConfigurationError, match="up --target local` makes DuckDB"):
        profile.read(tmp_path)


def test_a_task_follows_the_file_the_variable_and_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert profile.chosen_target(tmp_path, "") == "local"
    with_cluster(tmp_path)
    assert profile.chosen_target(tmp_path, "") == "redshift"
    assert profile.chosen_target(tmp_path, "local") == "local"
    monkeypatch.setenv("DBT_TARGET", "local")
    assert profile.chosen_target(tmp_path, "") == "local"
    assert profile.chosen_target(tmp_path, "redshift") == "redshift"
    assert profile.written(tmp_path)[0] == "redshift"


def test_a_target_of_ones_own_on_duckdb_is_local(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, scratch=LOCAL, cloud={"type": "snowflake"})
    monkeypatch.setenv("DBT_TARGET", "scratch")
    assert profile.chosen_target(tmp_path, "") == "local"
    for name in ("cloud", "nowhere"):
        monkeypatch.setenv("DBT_TARGET", name)
        with pytest.raises(ConfigurationError, match=f"default target {name}"):
            profile.chosen_target(tmp_path, "")
    with pytest.raises(ConfigurationError, match=r"--target cloud: must be local or"):
        profile.chosen_target(tmp_path, "cloud")


# As the tasks write it


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name in ("invoke.yaml", profile.EXAMPLE):
        (tmp_path / name).write_bytes((REPOSITORY / name).read_bytes())
    return Project(tmp_path)


def present(project: Project) -> str:
    return (project.root / profile.FILE).read_text()


def test_a_second_time_nothing_is_written(project: Project) -> None:
    assert local.write_profile(project, CLUSTER, "redshift")
    before = (project.root / profile.FILE).stat().st_mtime_ns
    assert not local.write_profile(project, CLUSTER, "redshift")
    assert not local.ensure_profile(project)
    assert (project.root / profile.FILE).stat().st_mtime_ns == before


def test_the_default_goes_there_and_back(project: Project) -> None:
    assert local.ensure_profile(project)
    assert local.write_profile(project, CLUSTER, "redshift")
    assert local.ensure_profile(project, "local")
    assert profile.written(project.root) == ("local", CLUSTER)
    assert local.write_profile(project, CLUSTER, "redshift")
    assert local.write_profile(project, None, "local")
    assert profile.written(project.root) == ("local", None)
    assert not local.ensure_profile(project)


def test_the_variable_does_not_get_into_the_file(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.ensure_profile(project)
    monkeypatch.setenv("DBT_TARGET", "redshift")
    assert not local.ensure_profile(project)
    assert profile.written(project.root)[0] == "local"


def test_an_edited_profile_is_left_and_what_it_lacks_is_told(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    local.ensure_profile(project)
    with (project.root / profile.FILE).open("a") as file:
        file.write("# mine\n")
    edited = present(project)
    assert not local.write_profile(project, CLUSTER, "redshift")
    told = capsys.readouterr().out
    assert "left as it is; put `target: redshift` in it and this below" in told
    assert CLUSTER.text() in told
    assert present(project) == edited
    by_hand = edited.replace("target: local", "target: redshift")
    (project.root / profile.FILE).write_text(by_hand.rstrip() + "\n" + CLUSTER.text())
    assert not local.write_profile(project, CLUSTER, "redshift")
    assert not capsys.readouterr().out
    assert not local.write_profile(project, None, "local")
    told = capsys.readouterr().out
    assert "put `target: local` in it" in told
    assert "its output redshift leads nowhere now" in told
