"""The parts of Redshift's loader that need no cluster."""

import gzip
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from landing_files import EVENTS

from infra.loading.redshift_answer import RefusedRow
from infra.loading.redshift_direct import reason_of_row, reason_of_whole
from infra.loading.redshift_faults import (
    CopyDeniedError,
    CopyRefusedError,
    RedshiftError,
    told,
)
from infra.loading.redshift_poison import MOST, PoisonedError, Search
from infra.loading.redshift_stage import Source, copy_statement, file_count

# Halves


class Cluster:
    """Refuses rows of some files, if enough of them come together."""

    def __init__(self, folder: Path, bad: set[str], together: int = 1) -> None:
        self.folder = folder
        self._bad = bad
        self._together = together
        self.copied: list[int] = []

    def run(self, statement: str) -> int:
        assert statement.startswith(("create temp table", "drop table"))
        return 0

    def copy(self, table: str, names: Any, files: Sequence[Path], errors: int) -> None:  # noqa: ANN401
        assert (table, names, errors) == ("probed_rows", ["_source_uri"], 100_000)
        (path,) = files
        rows = [
            orjson.loads(line) for line in gzip.decompress(path.read_bytes()).split()
        ]
        self.copied.append(len(rows))
        found = {row["_source_uri"] for row in rows} & self._bad
        if len(found) >= self._together:
            raise CopyRefusedError("{said}", f"no {min(found, default='access')}")


def search(tmp_path: Path, cluster: Cluster, count: int) -> dict[str, str]:
    """What is found among so many files, whose rows are mixed in three parts."""
    rows = [f"f{number}" for number in range(count)] * 3
    random.Random(count).shuffle(rows)
    parts = []
    for number in range(3):
        path = tmp_path / f"part{number}"
        lines = [orjson.dumps({"_source_uri": uri}) for uri in rows[number::3]]
        path.write_bytes(gzip.compress(b"\n".join([*lines, b""])))
        parts.append(path)
    refused = CopyRefusedError("{said}", "no")
    poisoned = PoisonedError(refused, EVENTS, ["_source_uri"], parts)
    heard: list[tuple[int, int]] = []
    found = Search(
        cluster,  # type: ignore[arg-type]
        poisoned,
        lambda done, of: heard.append((done, of)),
    ).files()
    assert [done for done, _ in heard] == list(range(1, len(cluster.copied) + 1))
    assert all(done <= of for done, of in heard)
    assert sorted(map(str, tmp_path.glob("part*"))) == []
    return {each.uri: each.message for each in found}


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 65, 1000])
def test_any_file_that_fails_is_found_in_few_copies(count: int, tmp_path: Path) -> None:
    for number in {0, count // 3, count // 2, count - 1}:
        cluster = Cluster(tmp_path, {f"f{number}"})
        found = search(tmp_path, cluster, count)
        assert found == {f"f{number}": f"Redshift copies no row of it: no f{number}"}
        assert len(cluster.copied) <= 2 + 2 * math.ceil(math.log2(count))
        # It moves about twice the rows, not as many as there are COPYs
        assert sum(cluster.copied) <= 2 * 3 * count + 3


@pytest.mark.parametrize("size", [2, 3, 5, MOST])
def test_each_of_several_files_is_found(size: int, tmp_path: Path) -> None:
    dice = random.Random(size)
    for _ in range(5):
        bad = {f"f{number}" for number in dice.sample(range(50), size)}
        cluster = Cluster(tmp_path, bad)
        assert search(tmp_path, cluster, 50).keys() == bad
        assert len(cluster.copied) <= 1 + size * (1 + 2 * math.ceil(math.log2(50)))


def test_not_more_are_looked_for_at_once_than_are_worth_it(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, {f"f{number}" for number in range(50)})
    assert len(search(tmp_path, cluster, 50)) == MOST
    assert len(cluster.copied) <= 1 + MOST * (1 + 2 * math.ceil(math.log2(50)))


def test_files_that_only_fail_together_are_nobodys_fault(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, {"f1", "f8"}, together=2)
    assert search(tmp_path, cluster, 10) == {}


def test_where_no_rows_fail_too_nothing_is_searched(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, set(), together=0)
    assert search(tmp_path, cluster, 10) == {}
    assert cluster.copied == [0]


# Files for the slices


@pytest.mark.parametrize(
    ("rows", "slices", "files"),
    [
        *((0, 2, 0), (1, 2, 1), (39_999, 2, 1), (40_000, 2, 2), (500_000, 2, 2)),
        *((500_001, 2, 4), (30_000, 1, 1), (250_001, 1, 2), (10**7, 16, 48)),
    ],
)
def test_rows_go_in_one_file_or_in_a_multiple_of_the_slices(
    rows: int, slices: int, files: int
) -> None:
    assert file_count(rows, slices) == files


def test_the_statement_is_what_the_contract_says() -> None:
    source = Source("s3://b/m", "s3://b/p", is_packed=True, max_errors=7)
    assert copy_statement("t", ["a", "b"], source, "us-west-2") == (
        "copy t (\"a\", \"b\") from 's3://b/m' iam_role default region 'us-west-2' "
        "manifest gzip format json 's3://b/p' maxerror 7 compupdate off statupdate off"
    )
    plain = copy_statement("t", ["a"], source._replace(is_packed=False), "r")
    assert "gzip" not in plain


# What Redshift's words mean


class Driver(Exception):  # noqa: N818
    """As redshift_connector raises it."""


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        (
            "XX000",
            "Load into table 't' failed. Check 'stl_load_errors'",
            CopyRefusedError,
        ),
        ("XX000", "failed to inflate with gzip: unexpected end", CopyRefusedError),
        ("XX000", "s3://b/S3/manifest/x is no sound gzip", CopyRefusedError),
        ("XX000", "JSON object exceeds the maximum size of 4 MB", CopyRefusedError),
        ("XX000", "S3ServiceException:Access Denied,Status 403", CopyDeniedError),
        ("XX000", "The specified S3 prefix 'x' does not exist", CopyDeniedError),
        ("42501", "User arn:x is not authorized to assume IAM Role y", CopyDeniedError),
        ("XX000", "Number of jsonpaths and the number of columns", RedshiftError),
        ("42703", 'column "x" of relation "t" does not exist', RedshiftError),
        ("53100", "Disk Full", RedshiftError),
        ("57014", "Query cancelled on user's request", RedshiftError),
        ("40001", "could not serialize access", RedshiftError),
        ("57P01", "terminating connection", RedshiftError),
    ],
)
def test_only_what_a_copy_read_is_its_files_fault(
    code: str, said: str, kind: type[RedshiftError]
) -> None:
    error = told(Driver({"C": code, "M": said}), "copy t from 's3://x'")
    assert type(error) is kind
    assert said in str(error)
    assert type(told(Driver({"C": code, "M": said}), "select 1")) is RedshiftError


def test_a_copy_that_gave_up_at_too_many_rows_is_known_by_its_words() -> None:
    few, many = (
        told(Driver({"C": "XX000", "M": said}), "copy t")
        for said in (
            "4 MB",
            "Load into table 't' failed. Check 'sys_load_error_detail'",
        )
    )
    assert isinstance(few, CopyRefusedError)
    assert isinstance(many, CopyRefusedError)
    assert (few.has_too_many, many.has_too_many) == (False, True)


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (1204, "varchar", "too_long"),
        (1204, "character ", "too_long"),
        (1204, "bigint", "out_of_range"),
        (1207, "int4", "wrong_type"),
        (1216, "", "malformed_json"),
        (1220, "varchar", "invalid_utf8"),
        (1222, "int8", "out_of_range"),
        (1200, "", "refused_by_redshift"),
    ],
)
def test_redshifts_numbers_have_our_words(code: int, kind: str, reason: str) -> None:
    row = RefusedRow("s3://b/k", 1, "c", kind, code, "  why \n not ")
    assert reason_of_row(row) == reason
    assert row.message == f"Redshift: why not (error {code})"


def test_only_a_word_about_packing_makes_an_object_bad_gzip() -> None:
    assert reason_of_whole("failed to inflate with gzip") == "bad_gzip"
    assert reason_of_whole("exceeds 4 MB") == "refused_by_redshift"
