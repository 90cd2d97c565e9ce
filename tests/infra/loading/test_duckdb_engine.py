from pathlib import Path

import duckdb
import pytest

from infra.loading import duckdb_engine as engine


@pytest.mark.parametrize(
    ("settings", "limit"), [({}, 700), ({"memory_limit": "123MB"}, 500)]
)
def test_memory_is_bounded_unless_the_profile_bounds_it(
    settings: dict[str, object], limit: int
) -> None:
    """700 MB on two threads; what the profile has set is not touched."""
    with duckdb.connect(config={"threads": 2, "memory_limit": "500MB"}) as connection:
        engine.prepare(connection, settings)
        ((found,),) = connection.execute(
            "select current_setting('memory_limit')"
        ).fetchall()
    value, unit = found.split()
    assert unit == "MiB"
    assert float(value) == pytest.approx(limit / 1.048576, abs=0.1)


def test_a_path_with_wildcards_is_taken_literally(tmp_path: Path) -> None:
    folder = tmp_path / "a[1]*?"
    folder.mkdir()
    (folder / "x.json").write_text('{"a": 1}')
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select count(*) from read_ndjson_objects(?)",
            [engine.globbed(folder / "x.json")],
        ).fetchall()
    assert rows == [(1,)]
