"""The raw tables, as `models/staging/_sources.yml` and nothing else defines them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from infra.errors import ConfigurationError

SOURCES = Path("models/staging/_sources.yml")
LINEAGE = ("_load_id", "_source_uri", "_line")


@dataclass(frozen=True)
class Column:
    """A column of a raw table; `json` is the key that fills it, case and all."""

    name: str
    type: str
    json: str


@dataclass(frozen=True)
class RawTable:
    """A raw table and the landing folder whose files fill it."""

    schema: str
    name: str
    landing: str
    columns: tuple[Column, ...]

    @property
    def relation(self) -> str:
        """`schema.table`, as SQL names it."""
        return f"{self.schema}.{self.name}"

    @property
    def raw_columns(self) -> tuple[Column, ...]:
        """The columns that come from the files: all but the lineage the loader adds."""
        return tuple(column for column in self.columns if column.name not in LINEAGE)


@cache
def raw_tables(project: Path) -> tuple[RawTable, ...]:
    """Reads the definition; a table or column that lacks a part is an error."""
    path = project / SOURCES
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        (source,) = document["sources"]
        return tuple(_table(source["schema"], table) for table in source["tables"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{SOURCES} does not define the raw tables ({error!r}). Each table needs "
            "config.meta.landing, each column a name and a data_type."
        ) from error


def _table(schema: str, table: dict[str, Any]) -> RawTable:
    return RawTable(
        schema=schema,
        name=table["name"],
        landing=table["config"]["meta"]["landing"],
        columns=tuple(_column(column) for column in table["columns"]),
    )


def _column(column: dict[str, Any]) -> Column:
    meta = column.get("config", {}).get("meta", {})
    return Column(
        name=column["name"],
        type=column["data_type"],
        json=meta.get("json", column["name"]),
    )
