"""The stack's database in Glue's catalogue, with a table for each folder of raw files.

`invoke load --external` makes it; `up` has no part in it. It costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from infra.aws import faults
from infra.aws.catalog_tables import ExternalTable, told
from infra.aws.names import Stack
from infra.aws.resource import Attributes, Difference, Found, Live, Resource
from infra.errors import ForeignError, LeftoversError

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

_TABLE = "table "
_MORE = "other tables"
_FOREIGN = (
    "There is {what} in Glue that this project did not make (it lacks the {marks} of "
    "the stack). Delete it, or rename the stack (setting stack)."
)


class Catalog(Resource):
    """The database; its tables are its attributes, and carry the stack's marks.

    Without tables to be there, nothing of it is compared: for reading and taking down.
    """

    kind = "Glue database"

    def __init__(
        self, glue: GlueClient, stack: Stack, tables: Sequence[ExternalTable] = ()
    ) -> None:
        super().__init__("catalog", stack.catalog)
        self._glue = glue
        self._stack = stack
        self._tables = {each.name: each for each in tables}

    def find(self, found: Found) -> Live | None:
        """The database of this name, with its tables."""
        from botocore.exceptions import ClientError

        try:
            self.read(partial(self._glue.get_database, Name=self.name))
        except ClientError as error:
            if faults.is_missing(error):
                return None
            raise
        arn = self._stack.glue_arn(f"database/{self.name}")
        tags = self.read(partial(self._glue.get_tags, ResourceArn=arn))["Tags"]
        if not self._stack.owns(tags):
            raise ForeignError(
                _FOREIGN.format(what=f"a database {self.name}", marks="tags")
            )
        tables = self._found_tables()
        for name in self._tables.keys() & tables.keys():
            if not self._is_ours(tables[name]):
                what = f"a table {name} in the database {self.name}"
                raise ForeignError(_FOREIGN.format(what=what, marks="parameters"))
        return {"Name": self.name, "tables": tables}

    def _found_tables(self) -> dict[str, Any]:
        pages = self._glue.get_paginator("get_tables")
        answer = self.read(lambda: list(pages.paginate(DatabaseName=self.name)))
        return {each["Name"]: each for page in answer for each in page["TableList"]}

    def _is_ours(self, table: Any) -> bool:  # noqa: ANN401 - Glue's
        return self._stack.owns(table.get("Parameters") or {})

    def _ours(self, live: Live) -> list[str]:
        return [name for name, each in live["tables"].items() if self._is_ours(each)]

    def wanted(self, found: Found) -> Attributes:
        """A table for each folder, and none of ours beside them."""
        if not self._tables:
            return {}
        tables = {
            f"{_TABLE}{name}": told(each.definition(self._stack.identity))
            for name, each in self._tables.items()
        }
        return {**tables, _MORE: ()}

    def present(self, live: Live, found: Found) -> Attributes:
        """The same, as it is."""
        tables = {
            f"{_TABLE}{name}": told(live["tables"][name])
            if name in live["tables"]
            else ()
            for name in self._tables
        }
        more = sorted(name for name in self._ours(live) if name not in self._tables)
        return {**tables, _MORE: tuple(more)}

    def create(self, found: Found) -> None:
        """Makes the database; its tables are the first differences."""
        self.patiently(
            lambda: self._glue.create_database(
                DatabaseInput={
                    "Name": self.name,
                    "Description": f"Raw files as {self._stack.full_name} reads them",
                },
                Tags=self._stack.tag_map(),
            )
        )

    def change(
        self, live: Live, found: Found, differences: Sequence[Difference]
    ) -> None:
        """Makes the tables, puts them right, and takes away those of ours beside."""
        for each in differences:
            if each.attribute == _MORE:
                self._delete_tables(str(name) for name in _listed(each.before))
                continue
            name = each.attribute.removeprefix(_TABLE)
            is_there = name in live["tables"]
            put: Any = self._glue.update_table if is_there else self._glue.create_table
            definition = self._tables[name].definition(self._stack.identity)
            self.patiently(partial(put, DatabaseName=self.name, TableInput=definition))

    def delete(self, live: Live, found: Found) -> None:
        """Deletes our tables and the database; raises where others have tables in it.

        With a database Glue deletes what is in it, whosever it is, and that later.
        """
        ours = self._ours(live)
        self._delete_tables(ours)
        if others := sorted(live["tables"].keys() - set(ours)):
            raise LeftoversError(
                f"Others have tables in it: {', '.join(others)}. Delete them, or move "
                "them to a database of their own, and run `invoke down` again."
            )
        self.patiently(partial(self._glue.delete_database, Name=self.name))

    def _delete_tables(self, names: Any) -> None:  # noqa: ANN401
        for name in names:
            self.patiently(
                partial(self._glue.delete_table, DatabaseName=self.name, Name=name)
            )


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, tuple) else ()
