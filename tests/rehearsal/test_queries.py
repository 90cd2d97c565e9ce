"""`invoke sql` on the stand-in: bare names, and nothing that changes anything."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from infra import query, redshift_reader
from infra.errors import ConfigurationError
from infra.profile import Redshift
from infra.rehearsal.standin import Standin

CLUSTER = Redshift("host", 5439, "sparkify-dev", "us-west-2", "dev", "iam", "admin")


@pytest.fixture
def star(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    @contextmanager
    def connected(_: Redshift) -> Iterator[Any]:
        with closing(standin.connected()) as connection:
            connection.autocommit = True
            yield connection

    monkeypatch.setattr(redshift_reader, "connected", connected)
    standin.sql("create schema if not exists sparkify")
    standin.sql("create table sparkify.asked (number integer, name varchar(9))")
    standin.sql("insert into sparkify.asked values (1, 'Zoë'), (2, null)")
    yield
    standin.sql("drop table sparkify.asked")


@pytest.mark.usefixtures("star")
def test_bare_names_lead_to_the_star() -> None:
    answer = query.asked_redshift(CLUSTER, "select * from asked order by number;")
    assert answer == (["number", "name"], [(1, "Zoë"), (2, None)])


@pytest.mark.usefixtures("star")
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("delete from asked", "read-only transaction"),
        ("create table sparkify.more (number integer)", "read-only transaction"),
        ("select nothing from asked", "nothing"),
        ("-- nothing at all", "empty"),
    ],
)
def test_what_changes_or_fails_is_a_sentence(
    statement: str, told: str, standin: Standin
) -> None:
    with pytest.raises(ConfigurationError, match=f"Redshift says: .*{told}"):
        query.asked_redshift(CLUSTER, statement)
    assert standin.sql("select count(*) from sparkify.asked") == [(2,)]
