"""What is asked of the ledger has the same answers on both engines."""

import json
from typing import Any

import pytest
from dbt_runs import copy_models
from two_engines import DUCKDB, ENGINES, REDSHIFT, Lab

from infra import load_status, query, questions, rejects
from infra.errors import WarehouseMissing
from infra.project import Project

# What no two loads have in common
APART = {"at", "started_at", "finished_at", "seconds", "engine"}


def asked(lab: Lab, capsys: pytest.CaptureFixture[str], what: str) -> dict[str, Any]:
    """What a task prints as JSON, by engine."""
    found = {}
    for engine in ENGINES:
        project = Project(lab.projects[engine].root)
        capsys.readouterr()
        if what == "rejects":
            rejects.report(project, "", False, True)
        elif what == "load-status":
            load_status.report(project, "5", True)
        else:
            query.run(project, what, "json")
        rows = json.loads(capsys.readouterr().out)
        found[engine] = [
            {name: value for name, value in row.items() if name not in APART}
            for row in rows
        ]
    return found


@pytest.mark.parametrize(
    "what",
    [
        "rejects",
        "load-status",
        "select sessionid, page, length, _line from staging_events order by ts;",
        "select status, count(*) as files from load_files group by status",
    ],
)
def test_both_engines_give_the_same_answer(
    what: str, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.good()
    lab.put("log_data/bad.json", '{"ts": "x"}\nno json\n')
    for engine in ENGINES:
        lab.load(engine)
    found = asked(lab, capsys, what)
    assert found[DUCKDB] == found[REDSHIFT]
    assert found[REDSHIFT]


def test_people_see_the_same(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.good()
    lab.put("log_data/bad.json", '{"ts": "x"}\nno json\n')
    seen = []
    for engine in ENGINES:
        lab.load(engine)
        capsys.readouterr()
        told = rejects.report(Project(lab.projects[engine].root), "", False, False)
        seen.append((told, capsys.readouterr().out))
    assert seen[0] == seen[1]
    assert "no json" in seen[0][1]


def test_before_the_first_load_there_is_no_ledger(lab: Lab) -> None:
    for engine in ENGINES:
        with pytest.raises(WarehouseMissing):
            rejects.report(Project(lab.projects[engine].root), "", False, False)


def test_before_the_first_build_no_question_has_an_answer(lab: Lab) -> None:
    """dbt knows where its tables are to be, as after `dbt parse`; none is there yet."""
    lab.good()
    places = {"resource_type": "model", "schema": "sparkify_marts"}
    models = {
        name: places | {"name": name, "alias": name}
        for name in ("user_activity", "users")
    }
    for engine in ENGINES:
        lab.load(engine)
        root = lab.projects[engine].root
        copy_models(root)
        (root / "target").mkdir()
        (root / "target" / "manifest.json").write_text(json.dumps({"nodes": models}))
        asked = questions.question(root, "who_went_silent")
        with pytest.raises(WarehouseMissing, match="run `invoke build`"):
            questions.answered(Project(root), asked)
