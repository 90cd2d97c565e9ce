"""`invoke report` from Redshift: the page that DuckDB gives but for the load's time."""

import html
import re
from typing import Any

import published
import pytest
from dbt_runs import run_both
from two_engines import DUCKDB, ENGINES, REDSHIFT, Lab

from infra import console
from infra.errors import WarehouseMissing
from infra.project import Project
from infra.report import write
from infra.report.answers import Answers, ask

BUILD = ("build", "--exclude-resource-type", "test", "unit_test")
CARD = re.compile(r'<article class="card".*?</article>', re.DOTALL)


def answered(lab: Lab, engine: str) -> Answers:
    with console.bar("asking") as bar:
        return ask(Project(lab.projects[engine].root), bar)


def rounded(found: Answers) -> dict[str, list[dict[str, Any]]]:
    """Answers but for the load's own time; sums of doubles differ in last digits."""
    return {
        name: [
            {
                column: round(cell, 6) if isinstance(cell, float) else cell
                for column, cell in row.items()
            }
            for row in rows
            if row.get("measure") != "last_load"
        ]
        for name, rows in found.items()
    }


def report(lab: Lab, engine: str) -> str:
    project = Project(lab.projects[engine].root)
    with console.bar("reporting") as bar:
        path, _ = write.write(project, "", bar)
    return path.read_text(encoding="utf-8")


def test_both_engines_tell_the_same(lab: Lab) -> None:
    """All events, the songs that are played, and some that are not."""
    for name, content in published.files(every=50):
        lab.put(name, content)
    lab.both(max_rejects="0")
    run_both(lab, dict.fromkeys(ENGINES, BUILD))
    here, there = (rounded(answered(lab, engine)) for engine in ENGINES)
    assert here == there
    assert here["headline"][0]["plays"] == 6820
    assert here["headline"][0]["listeners"] == 96
    pages = {engine: report(lab, engine) for engine in ENGINES}
    cards = {
        engine: [card for card in CARD.findall(text) if 'id="quality"' not in card]
        for engine, text in pages.items()
    }
    assert cards[DUCKDB] == cards[REDSHIFT]
    assert len(cards[REDSHIFT]) == 15
    assert "from the target redshift (sparkify-dev)." in html.unescape(pages[REDSHIFT])


def test_without_marts_the_next_step_is_told(lab: Lab) -> None:
    lab.good()
    lab.load()
    with pytest.raises(WarehouseMissing, match="run `invoke load build`"):
        answered(lab, REDSHIFT)
