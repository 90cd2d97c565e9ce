"""The tables the loader fills, as two yml files of the dbt project define them.

The raw tables stand in `_sources.yml`, the ledger's in `_ledger.yml`, and nowhere else.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import yaml

from infra.errors import ConfigurationError

SOURCES = Path("models/staging/_sources.yml")
LEDGER = Path("models/staging/_ledger.yml")
LINEAGE = ("_load_id", "_source_uri", "_line")


# The C reader where the installation has it: five times as quick, and as safe
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WIDTH = re.compile(r"varchar\((\d+)\)")
# How dbt is given a schema that can be another one: the loader's is the default
_VARIABLE = re.compile(r"\{\{ *var\('\w+', *'(\w+)'\) *\}\}")

Kind = Literal["text", "integer", "number"]
_KINDS: dict[str, Kind] = {
    "integer": "integer",
    "bigint": "integer",
    "double precision": "number",
}
_BITS = {"integer": 32, "bigint": 64}


@dataclass(frozen=True)
class Column:
    """A column of a raw table; `json` is the key that fills it, case and all.

    An object without the key of an `identity` column is no row of the table.
    """

    name: str
    type: str
    json: str
    identity: bool = False

    @cached_property
    def kind(self) -> Kind:
        """What values the column takes."""
        return _KINDS.get(self.type, "text")

    @cached_property
    def width(self) -> int | None:
        """The longest text the column takes, in bytes of UTF-8; None for numbers."""
        found = _WIDTH.fullmatch(self.type)
        return int(found[1]) if found else None

    @cached_property
    def limits(self) -> tuple[int, int] | None:
        """The least and the greatest whole number the column takes."""
        bits = _BITS.get(self.type)
        return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if bits else None


@dataclass(frozen=True)
class Table:
    """A table of the warehouse that the loader makes."""

    schema: str
    name: str
    columns: tuple[Column, ...]

    @property
    def relation(self) -> str:
        """`schema.table`, as SQL names it."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class RawTable(Table):
    """A raw table and the landing folder whose files fill it."""

    landing: str

    @cached_property
    def raw_columns(self) -> tuple[Column, ...]:
        """The columns that come from the files: all but the lineage the loader adds."""
        return tuple(column for column in self.columns if column.name not in LINEAGE)


@cache
def raw_tables(project: Path) -> tuple[RawTable, ...]:
    """Reads the definition; a table or column that lacks a part is an error."""
    needs = "config.meta.landing, each column a name and a data_type"
    with _faults_named(SOURCES, "the raw tables", needs):
        return tuple(
            RawTable(
                schema,
                table["name"],
                tuple(_column(column) for column in table["columns"]),
                table["config"]["meta"]["landing"],
            )
            for schema, table in _tables(project / SOURCES)
        )


@cache
def ledger_tables(project: Path) -> dict[str, Table]:
    """Reads the definition of the ledger: its tables by name."""
    needs = "columns, each with a name and a data_type"
    with _faults_named(LEDGER, "the ledger", needs):
        return {
            table["name"]: Table(
                schema,
                table["name"],
                tuple(_column(column) for column in table["columns"]),
            )
            for schema, table in _tables(project / LEDGER)
        }


def _tables(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Schema and definition of each table of the one source in a file."""
    text = path.read_text(encoding="utf-8")
    document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe one in C
    (source,) = document["sources"]
    schema = _schema(source["schema"])
    return [(schema, table) for table in source["tables"]]


def _schema(text: str) -> str:
    """The schema, or the default where dbt has a variable for it."""
    if found := _VARIABLE.fullmatch(text):
        return found[1]
    if "{" in text:
        raise ValueError(f"schema: {text}")
    return text


@contextmanager
def _faults_named(path: Path, what: str, needs: str) -> Iterator[None]:
    try:
        yield
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{path} does not define {what} ({error!r}). Each table needs {needs}."
        ) from error


def _column(column: dict[str, Any]) -> Column:
    meta = column.get("config", {}).get("meta", {})
    return Column(
        name=column["name"],
        type=column["data_type"],
        json=meta.get("json", column["name"]),
        identity=meta.get("identity", False),
    )
