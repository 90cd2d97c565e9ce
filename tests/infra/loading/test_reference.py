"""A warehouse that was only loaded has dbt's seeds, as dbt itself would make them."""

from pathlib import Path

import pytest
from checkout import SMALL, Built, Checkout, Row, fails, succeeds

from infra.warehouse import writer

COLUMNS = (
    "select table_name, column_name, data_type from information_schema.columns "
    "where table_schema = 'sparkify_reference' order by table_name, ordinal_position"
)


@pytest.fixture
def loaded(checkout: Checkout) -> Checkout:
    """A checkout after `invoke up load`."""
    succeeds(checkout.invoke("up", "load", env=SMALL))
    return checkout


def seeds(checkout: Checkout) -> dict[str, list[Row]]:
    names = sorted({name for name, _, _ in checkout.query(COLUMNS)})
    return {
        name: checkout.query(f"select * from sparkify_reference.{name} order by all")
        for name in names
    }


def test_a_load_makes_the_seeds_that_dbt_makes(loaded: Checkout, built: Built) -> None:
    assert loaded.query(COLUMNS) == built.checkout.query(COLUMNS)
    assert seeds(loaded) == seeds(built.checkout)
    assert all(seeds(loaded).values())


def test_what_is_there_is_left_as_it_is(loaded: Checkout) -> None:
    with writer(loaded.project.profile) as connection:
        connection.execute("delete from sparkify_reference.us_states")
        connection.execute("drop table sparkify_reference.user_agent_rules")
    before = seeds(loaded)
    succeeds(loaded.invoke("load"))
    after = seeds(loaded)
    assert after.pop("user_agent_rules")
    assert after == before


def test_a_seed_without_types_is_named(checkout: Checkout) -> None:
    succeeds(checkout.invoke("up", env=SMALL))
    path: Path = checkout.root / "seeds" / "us_states.yml"
    path.write_text(path.read_text().replace("division: varchar(32)", ""))
    told = fails(checkout.invoke("load"), 2)
    assert "seeds/us_states.csv and .yml do not define a seed (KeyError('div" in told
    assert "config.column_types" in told
