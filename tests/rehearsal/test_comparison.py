"""What the comparison of two engines finds, and what it lets pass."""

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import pytest
from parity import Rows, Warehouse, compared, unlike

MOMENT = dt.datetime(2018, 11, 1, 21, 1, 46, 796000)  # noqa: DTZ001 - as drivers give it
NAN = float("nan")
FAR = 1e-8  # of a number, ten times what may be


def rows(*cells: Any) -> Rows:  # noqa: ANN401 - a cell holds anything
    return Rows(["key", "cell"], [(number, cell) for number, cell in enumerate(cells)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x", "x "),
        ("x", "X"),
        ("é", "e\u0301"),
        ("", None),
        ("8", 8),
        (8, 9),
        (2**63 - 1, 2**63 - 2),
        (2**53, float(2**53)),  # an integer here, a float there
        (2**63, Decimal(2**63 + 1)),
        (True, 1),
        (True, False),
        (False, None),
        (0.0, None),
        (NAN, None),
        (NAN, 0.0),
        (math.inf, -math.inf),
        (1.0, 1.0 + FAR),
        (1e-300, 1e-300 * (1 + FAR)),
        (0.0, 5e-324),
        (MOMENT, MOMENT + dt.timedelta(milliseconds=1)),
        (MOMENT, MOMENT.date()),
        (MOMENT, MOMENT.replace(tzinfo=dt.UTC)),
        (MOMENT.date(), MOMENT.date().isoformat()),
    ],
)
def test_what_is_another_value_is_found_on_either_side(one: Any, other: Any) -> None:  # noqa: ANN401 - as above
    for first, second in ((one, other), (other, one)):
        (told,) = unlike(rows("a", first), rows("a", second))
        assert told.startswith(f"cell: {first!r}, and {second!r} in ")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1.0, 1.0 + 1e-10),
        (1e300, 1e300 * (1 + 1e-10)),
        (0.0, -0.0),
        (NAN, NAN),
        (math.inf, math.inf),
        (3, Decimal(3)),
        (Decimal("2.50"), 2.5),
        (None, None),
    ],
)
def test_what_is_the_same_value_passes(one: Any, other: Any) -> None:  # noqa: ANN401 - as above
    assert unlike(rows("a", one), rows("a", other)) == []


def test_the_order_of_rows_does_not_count_but_their_number_does() -> None:
    cells = [*range(50), *range(50)]
    first = Rows(["a"], [(cell,) for cell in cells])
    assert unlike(first, Rows(["a"], first.cells[::-1])) == []
    assert unlike(first, Rows(["a"], first.cells[1:])) == ["100 rows, and 99"]
    assert unlike(first, Rows(["a"], [*first.cells[1:], (1,)])) != []


def test_last_digits_do_not_change_which_rows_are_compared() -> None:
    close = 1.0 + 1e-12
    first = Rows(["f", "a"], [(1.0, "x"), (close, "y"), (None, "y"), (5.0, "y")])
    second = Rows(["f", "a"], [(5.0, "y"), (1.0, "y"), (close, "x"), (None, "y")])
    assert unlike(first, second) == []


def test_null_is_no_text() -> None:
    cells = [(None,), ("None",)]
    assert unlike(Rows(["a"], cells), Rows(["a"], cells[::-1])) == []


def test_columns_count_with_their_order() -> None:
    assert unlike(Rows(["a", "b"], []), Rows(["b", "a"], [])) == [
        "the columns ['a', 'b'], and ['b', 'a']"
    ]


def node(kind: str, name: str, materialized: str = "table") -> dict[str, Any]:
    return {
        "unique_id": f"{kind}.p.{name}",
        "resource_type": kind,
        "schema": "s",
        "alias": name,
        "config": {"materialized": materialized},
    }


def source(name: str, meta: dict[str, str]) -> dict[str, Any]:
    return {
        "unique_id": f"source.p.{name}",
        "schema": "raw",
        "identifier": name,
        "config": {"meta": meta},
    }


def manifest(*nodes: dict[str, Any], sources: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {
        "nodes": {each["unique_id"]: each for each in nodes},
        "sources": {each["unique_id"]: each for each in sources},
    }


def test_everything_that_holds_rows_is_found_in_the_manifest() -> None:
    nodes = (
        *(
            node("model", "t"),
            node("model", "v", "view"),
            node("model", "e", "ephemeral"),
        ),
        *(node("seed", "d", "seed"), node("snapshot", "h", "snapshot")),
        *(node("test", "c", "test"), node("operation", "o")),
    )
    sources = (source("events", {"landing": "log_data"}), source("load_runs", {}))
    found = Warehouse(manifest(*nodes, sources=sources), lambda _: Rows([], []))
    assert found.relations == {
        "model.p.t": '"s"."t"',
        "model.p.v": '"s"."v"',
        "seed.p.d": '"s"."d"',
        "snapshot.p.h": '"s"."h"',
        "source.p.events": '"raw"."events"',
    }


def test_what_only_one_engine_has_is_a_difference() -> None:
    both, mine, other = (node("model", name) for name in ("both", "mine", "other"))
    first = Warehouse(manifest(both, mine), lambda _: Rows(["a"], [(1,)]))
    second = Warehouse(manifest(both, other), lambda _: Rows(["a"], [(2,)]))
    found = compared(first, second)
    assert found.counts == {"model.p.both": 1}
    assert found.differences == {
        "model.p.both": ["a: 1, and 2 in (2,)"],
        "model.p.mine": ["only one of the two manifests has it"],
        "model.p.other": ["only one of the two manifests has it"],
    }
