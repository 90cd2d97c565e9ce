"""dbt's own connection, made from the profile that `invoke up` writes."""

from contextlib import closing
from typing import Any

import yaml
from dbt.adapters.redshift.connections import (
    RedshiftCredentials,
    get_connection_method,
)
from two_engines import REDSHIFT, Lab

from infra import profile


def credentials(lab: Lab) -> RedshiftCredentials:
    """What dbt makes of the profile of the checkout on Redshift."""
    text = (lab.projects[REDSHIFT].root / profile.FILE).read_text(encoding="utf-8")
    output = yaml.safe_load(text)[profile.NAME]["outputs"][profile.REDSHIFT]
    given = {key: output[key] for key in output if key not in ("type", "threads")}
    aliased = RedshiftCredentials.translate_aliases(given)
    RedshiftCredentials.validate(aliased)
    return RedshiftCredentials.from_dict(aliased)


def answered(connection: Any, statement: str) -> list[Any]:  # noqa: ANN401 - the driver has no types
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()]


def test_the_server_knows_which_statements_are_dbts(lab: Lab) -> None:
    with closing(get_connection_method(credentials(lab))()) as connection:
        assert answered(connection, "show query_group") == [("dbt",)]
        # IAM's login, as the database's own user
        assert answered(connection, "select current_user") == [("admin",)]


def test_a_connection_is_tried_again_and_a_statement_has_a_quarter_of_an_hour(
    lab: Lab,
) -> None:
    found = credentials(lab)
    assert (found.sslmode, found.retries, found.connect_timeout) == (
        "verify-full",
        3,
        900,
    )
    with closing(get_connection_method(found)()) as connection:
        assert connection._usock.gettimeout() == 900
