"""Tables of Glue's catalogue over folders of JSON lines, as Redshift reads them.

What a file holds that does not fit makes a query fail: by default Redshift would read
a null, or cut the text, without a word. Source: the parameters of CREATE EXTERNAL TABLE
in Redshift's Database Developer Guide, and the OpenX SerDe's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.errors import ConfigurationError

_TYPES = {"integer": "int", "bigint": "bigint", "double precision": "double"}
_TEXT = re.compile(r"varchar\((\d+)\)")
_SERDE = {
    "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
    "Parameters": {"case.insensitive": "true", "ignore.malformed.json": "false"},
}
_FORMATS = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
}
_HANDLING = {
    "classification": "json",
    "data_cleansing_enabled": "true",
    "invalid_char_handling": "FAIL",
    "numeric_overflow_handling": "FAIL",
    "surplus_char_handling": "FAIL",
}


@dataclass(frozen=True)
class ExternalTable:
    """A table over the files below a location, `s3://bucket/folder/`.

    `columns` are names and types as Redshift has them.
    """

    name: str
    location: str
    columns: tuple[tuple[str, str], ...]

    def definition(self, marks: Mapping[str, str]) -> dict[str, Any]:
        """The table as Glue takes it, with marks by which it is known again."""
        columns = [{"Name": name, "Type": glue_type(of)} for name, of in self.columns]
        return {
            "Name": self.name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {**_HANDLING, **marks},
            "PartitionKeys": [],
            "StorageDescriptor": {
                "Columns": columns,
                "Location": self.location,
                "SerdeInfo": _SERDE,
                **_FORMATS,
            },
        }


def glue_type(redshift: str) -> str:
    """A type of Redshift's in Glue's words."""
    if _TEXT.fullmatch(redshift):
        return redshift
    if redshift not in _TYPES:
        raise ConfigurationError(
            f"An external table has no type {redshift}, which a raw table has in "
            f"_sources.yml; there are {', '.join(_TYPES)} and varchar(n)."
        )
    return _TYPES[redshift]


def told(table: Mapping[str, Any]) -> tuple[str, ...]:
    """All that decides what a table shows, of what Glue is told, or tells."""
    storage = table.get("StorageDescriptor", {})
    serde = storage.get("SerdeInfo", {})
    columns = (*storage.get("Columns", ()), *table.get("PartitionKeys", ()))
    return (
        *(f"{each['Name']} {each.get('Type')}" for each in columns),
        f"{table.get('TableType')} at {storage.get('Location')}",
        *(f"{key} {storage.get(key)}" for key in _FORMATS),
        f"SerDe {serde.get('SerializationLibrary')}",
        *_parameters("SerDe", serde),
        *_parameters("table", table),
    )


def _parameters(whose: str, thing: Mapping[str, Any]) -> list[str]:
    found = (thing.get("Parameters") or {}).items()
    return [f"{whose} {key}={value}" for key, value in sorted(found)]
