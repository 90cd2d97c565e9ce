"""Both engines make the same rows of the same raw files, in every table and model.

`pytest tests/rehearsal --slow` compares the published data too, and runs dbt's
tests of them on Redshift.
"""

from pathlib import Path

import published
import pytest
import quirks
from dbt_runs import BUILD, RUN, copy_models, run_both, warehouses
from parity import Compared, Rows, compared, unlike
from two_engines import DUCKDB, ENGINES, REDSHIFT, REPOSITORY, Lab

from infra import questions
from infra.landing import simulator

SAMPLE = simulator.Plan(users=20, songs=60, days=3, seed=7, match_rate=0.5)
LATER = "select source_uri, line, ts, event_at from {{ ref('stg_events') }}"


def built(lab: Lab, *words: str) -> Compared:
    """What both engines hold after dbt was run; on Redshift with these words."""
    run_both(lab, {DUCKDB: RUN, REDSHIFT: words})
    with warehouses(lab) as (here, there):
        return compared(here, there)


def differing_answers(lab: Lab) -> dict[str, list[str]]:
    """Where the engines answer a question otherwise, in rows or their order, by name.

    Asked as `invoke ask` does; each has to have an answer.
    """
    differences = {}
    for asked in questions.questions(REPOSITORY):
        here, there = (_answer(lab, engine, asked) for engine in ENGINES)
        assert here.cells, asked.name
        if told := unlike(here, there):
            differences[asked.name] = told
    return differences


def _answer(lab: Lab, engine: str, asked: questions.Question) -> Rows:
    """Rows with their numbers, which makes their order a part of them."""
    headers, rows = questions.answered(lab.projects[engine], asked)
    return Rows(["row", *headers], [(place, *row) for place, row in enumerate(rows)])


def simulated(landing: Path) -> dict[str, bytes]:
    """A sample's raw files by name: three days, and songs of which some are played."""
    simulator.generate(landing, SAMPLE)
    return {
        path.relative_to(landing).as_posix(): path.read_bytes()
        for folder in ("log_data", "song_data")
        for path in sorted((landing / folder).rglob("*.json"))
    }


def put_quirks(lab: Lab, landing: Path) -> None:
    """Puts a simulated sample there, and all that is odd."""
    for name, content in simulated(landing).items():
        lab.put(name, content)
    lab.put("log_data/quirks.json", quirks.events())
    lab.put("song_data/quirks.json", quirks.songs())


def add_models(lab: Lab) -> None:
    """Adds a model that is the same on both engines, and one that differs in one row.

    The other one is the negative control: what changes one engine only has to be found.
    """
    for engine in ENGINES:
        models = lab.projects[engine].root / "models"
        copy_models(models.parent)
        (models / "later.sql").write_text(LATER)
        step = {DUCKDB: 0, REDSHIFT: 1}[engine]
        changed = f"case when ts % 1000 = 789 then ts + {step} else ts end as ts"
        other = LATER.replace(" ts,", f" {changed},")
        (models / "other.sql").write_text(f"{other} where page = 'NextSong'")


def test_quirks_give_the_same_rows_but_where_a_model_is_another(
    lab: Lab, tmp_path: Path
) -> None:
    """A model without rows here is compared for nothing: `quirks.py` has to feed it."""
    put_quirks(lab, tmp_path / "landing")
    lab.both(max_rejects="0")
    add_models(lab)
    found = built(lab, *RUN)
    (told,) = found.differences.pop("model.sparkify.other")
    assert told.startswith("ts: 1546300799789, and 1546300799790 in ")
    assert found.differences == {}
    assert differing_answers(lab) == {}
    assert {name for name, count in found.counts.items() if not count} == set()
    assert found.counts["model.sparkify.later"] > 4000


def test_a_difference_in_order_is_found() -> None:
    one, other = (
        Rows(["row", "n"], [(0, 1), (1, 2)]),
        Rows(["row", "n"], [(0, 2), (1, 1)]),
    )
    assert unlike(one, one) == []
    assert len(unlike(one, other)) == 2


def test_days_and_songs_that_come_change_and_go_give_the_same_rows(
    lab: Lab, tmp_path: Path
) -> None:
    files = simulated(tmp_path / "landing")
    first, second, third = (name for name in files if name.startswith("log_data/"))
    songs = [name for name in files if name.startswith("song_data/")]
    late, gone = songs[:20], songs[20:30]
    for name in (first, second, *songs[20:]):
        lab.put(name, files[name])
    lab.both()
    assert built(lab, *RUN).differences == {}
    lab.delete(first)
    lab.put(second, b"\n".join(files[second].splitlines()[::2]))
    lab.put(third, files[third] + b"\n" + files[second].splitlines()[0])
    for name in late:
        lab.put(name, files[name])
    for name in gone:
        lab.delete(name)
    lab.both(prune=True)
    assert built(lab, *RUN).differences == {}


@pytest.mark.slow
def test_published_data_give_the_same_rows(lab: Lab) -> None:
    """All events, the songs that are played, and some that are not."""
    for name, content in published.files(every=50):
        lab.put(name, content)
    lab.both(max_rejects="0")
    found = built(lab, *RUN)
    assert found.differences == {}
    assert found.counts["model.sparkify.songplays"] == 6820
    counted = lab.rows("select count(song_id) as songs from sparkify.songplays")
    assert counted == [{"songs": 341}]
    assert differing_answers(lab) == {}


@pytest.mark.slow
def test_all_published_data_give_the_same_rows_and_pass_their_tests(lab: Lab) -> None:
    for name, content in published.files():
        lab.put(name, content)
    lab.both(max_rejects="0")
    found = built(lab, *BUILD)
    assert found.differences == {}
    assert found.counts["model.sparkify.songs"] == 14896
