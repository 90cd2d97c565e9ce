"""The rows that a load puts into one of DuckDB's raw tables.

A statement that finds a line it cannot take fails, and its transaction with it: that is
the quick reading. The patient one leaves such a line out, at half as much again.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import orjson

from infra.loading.duckdb_engine import Connection, globbed, relation, threads
from infra.loading.engine import Refusal, Whole
from infra.loading.lines import LIMIT
from infra.loading.raw_schema import Column, RawTable
from infra.warehouse import identifier, quoted

_LONGEST = 2 * LIMIT  # bytes of a line; DuckDB's buffers are twice as large
_LINEAGE = {"_source_uri": "VARCHAR", "_line": "INTEGER"}


class Reading:
    """How DuckDB reads raw files: queries of their rows, and where each one stood."""

    def __init__(
        self, connection: Connection, table: RawTable, *, patient: bool = False
    ) -> None:
        self._connection = connection
        self._columns = table.raw_columns
        self._patient = patient

    def whole(self, files: Sequence[Whole]) -> str:
        """A query of the lines of clean files.

        Every core reads a share of the files, in order, so that a line's position tells
        its number: in clean files no line is blank. There is a row only if its number
        is one of its file's: as many rows as lines are all the lines.
        """
        branches = []
        for share in _shares(files, threads(self._connection)):
            starts, start = [], 0
            for uri, path, lines in share:
                starts.append(f"({quoted(str(path))}, {quoted(uri)}, {start}, {lines})")
                start += lines
            read = self._read([path for _, path, _ in share], {})
            branches.append(
                "select lines.*, uri as _source_uri, _position - start as _line "
                f"from ({read}) as lines "
                f"join (values {', '.join(starts)}) "
                "as starts (path, uri, start, lines) on lines._path = starts.path "
                "and _position between start + 1 and start + starts.lines"
            )
        return self._columns_of(" union all ".join(branches))

    def parts(self, parts: Sequence[Path], excluded: Sequence[str]) -> str:
        """A query of the rows of parts; it takes `$excluded` where there are any."""
        rows = f"from ({self._read(parts, _LINEAGE)})"
        if excluded:
            rows += " where _source_uri not in (select unnest($excluded))"
        return self._columns_of(rows)

    def _columns_of(self, rows: str) -> str:
        """Rows by key, as rows by column."""
        keys = ", ".join(
            f"{identifier(column.json)} as {identifier(column.name)}"
            for column in self._columns
        )
        return f"select {keys}, _source_uri, _line from ({rows})"

    def _read(self, paths: Iterable[Path], lineage: dict[str, str]) -> str:
        """A query of the lines of files: their keys, and the lineage in them.

        Without lineage, `_path` and `_position` tell where a line was read.
        """
        fields = {each.json: _json_type(each) for each in self._columns} | lineage
        keys = ", ".join(map(identifier, fields))
        given = (
            f"[{', '.join(quoted(globbed(path)) for path in paths)}], "
            f"hive_partitioning = false, maximum_object_size = {_LONGEST}"
        )
        place = "" if lineage else ", _path, row_number() over () as _position"
        if not lineage:
            given += ", filename = '_path'"
        if not self._patient:
            types = ", ".join(f"{quoted(k)}: {quoted(v)}" for k, v in fields.items())
            return (
                f"select {keys}{place} from read_json({given}, "
                f"format = 'newline_delimited', columns = {{{types}}})"
            )
        # The number of the row keeps the condition from being tried before all else
        return (
            f"select {', '.join(f'object.{identifier(key)}' for key in fields)}, "
            f"* exclude (object) from (select *, row_number() over () as _position "
            f"from (select try(json_transform_strict(json, "
            f"{quoted(orjson.dumps(fields).decode())})) as object, * exclude (json) "
            f"from read_ndjson_objects({given}, ignore_errors = true))) "
            "where object is not null"
        )


class Rows:
    """The rows that one load puts into one raw table."""

    refused: Sequence[Refusal] = ()  # DuckDB takes all or nothing

    def __init__(
        self,
        connection: Connection,
        table: RawTable,
        load_id: int,
        rebuilt: str = "",
        *,
        patient: bool = False,
    ) -> None:
        self._connection = connection
        self._reading = Reading(connection, table, patient=patient)
        self._columns = table.raw_columns
        self._load_id = load_id
        self._relation = relation(table, rebuilt)

    def insert_whole(self, files: Sequence[Whole]) -> int:
        """Inserts the lines of clean files; returns how many."""
        return self._insert(self._reading.whole(files))

    def insert_parts(self, parts: Sequence[Path], excluded: Sequence[str] = ()) -> int:
        """Inserts the rows of parts, which carry their lineage; returns how many.

        `excluded` are the uris in the parts whose rows are not wanted.
        """
        given: dict[str, object] = {"excluded": list(excluded)} if excluded else {}
        return self._insert(self._reading.parts(parts, excluded), given)

    def take_back(self, uris: Sequence[str]) -> None:
        """Deletes this load's rows of these files."""
        self._connection.execute(
            f"delete from {self._relation} where _load_id = $load_id "
            "and _source_uri in (select unnest($uris))",
            {"load_id": self._load_id, "uris": list(uris)},
        )

    def counts(self) -> dict[str, int]:
        """The rows of this load by uri."""
        return dict(
            self._connection.execute(
                f"select _source_uri, count(*) from {self._relation} "
                "where _load_id = $load_id group by _source_uri",
                {"load_id": self._load_id},
            ).fetchall()
        )

    def _insert(self, rows: str, given: dict[str, object] | None = None) -> int:
        names = ", ".join(identifier(column.name) for column in self._columns)
        inserted = self._connection.execute(
            f"insert into {self._relation} ({names}, _source_uri, _line, _load_id) "
            f"select *, {self._load_id} from ({rows})",
            given,
        ).fetchall()
        return int(inserted[0][0])


def _shares(files: Sequence[Whole], count: int) -> list[list[Whole]]:
    """The files in so many shares, alike in lines."""
    shares: list[list[Whole]] = [[] for _ in range(count)]
    sizes = [0] * count
    for file in sorted(files, key=lambda each: -each[2]):
        least = sizes.index(min(sizes))
        shares[least].append(file)
        sizes[least] += file[2]
    return [share for share in shares if share]


def _json_type(column: Column) -> str:
    return "VARCHAR" if column.kind == "text" else column.type
