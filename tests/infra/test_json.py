"""`--json`, as a script uses it: one document, numbers as numbers, moments in UTC."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from checkout import SMALL, Built, Checkout, fails, succeeds

TASKS = ("status", "verify", "load-status", "rejects", "tables")


def keys(document: object) -> set[str]:
    """All keys of a document but those that are data: names of folders, methods …"""
    if isinstance(document, list):
        return {key for each in document for key in keys(each)}
    if isinstance(document, dict):
        return set(document) | keys(list(document.values()))
    return set()


def told(checkout: Checkout, *words: str) -> Any:  # noqa: ANN401 - any document
    """What a task prints as JSON."""
    return json.loads(succeeds(checkout.invoke(*words, "--json")))


@pytest.mark.parametrize("task", TASKS)
def test_it_is_one_document_and_nothing_else(built: Built, task: str) -> None:
    completed = built.checkout.invoke(task, "--json")
    document = json.loads(succeeds(completed))
    assert completed.stderr == ""
    assert all(re.fullmatch("[a-z][a-z0-9_]*", key) for key in keys(document))


def test_status_holds_what_the_person_sees(built: Built) -> None:
    found = told(built.checkout, "status")
    assert (found["target"], found["type"]) == ("local", "duckdb")
    assert found["warehouse"] == "sparkify.duckdb"
    size = (built.checkout.root / "sparkify.duckdb").stat().st_size
    assert found["warehouse_bytes"] == size
    assert found["raw_files"] == {"log_data": 30, "song_data": 1200}
    rows = {
        f"{each['schema']}.{each['relation']}": each["rows"]
        for each in found["relations"]
    }
    plays = built.checkout.value("select count(*) from songplays")
    assert rows["sparkify.songplays"] == plays
    shown = succeeds(built.checkout.invoke("status"))
    assert f"of {len(rows)} relations hold rows" in shown
    assert found["next_step"] == "invoke verify"


def test_moments_are_in_utc(built: Built) -> None:
    steps = told(built.checkout, "status")["steps"]
    runs = told(built.checkout, "load-status")
    assert {"up", "load", "build", "docs"} <= {each["name"] for each in steps}
    moments = [each["finished_at"] for each in (*steps, *runs)]
    for moment in moments:
        assert datetime.fromisoformat(moment).utcoffset() == timedelta(0)
    assert all(isinstance(each["seconds"], float) for each in (*steps, *runs))


def test_status_before_anything_is_loaded(checkout: Checkout) -> None:
    succeeds(checkout.invoke("up", env=SMALL))
    found = told(checkout, "status")
    assert {each["rows"] for each in found["relations"]} == {0}  # the loader's own
    assert found["next_step"] == "invoke load"


def test_verify_holds_both_counts_accounts_and_truths(built: Built) -> None:
    found = told(built.checkout, "verify")
    by_name = {each["relation"]: each for each in found["relations"]}
    plays = built.checkout.value("select count(*) from songplays")
    assert by_name["songplays"]["here"] == found["plays"] == plays
    assert "inner join" in by_name["songplays"]["why_they_differ"]
    assert by_name["songs"]["why_they_differ"] is None
    events = found["raw_rows"]["events"]
    assert events["lost"] == 0
    assert events["delivered"] == events["in_star"] + events["other_pages"]
    methods = found["plays_by_match_method"]
    assert sum(methods.values()) == plays
    matched = 100 * (plays - methods["none"]) / plays
    assert found["match_rate_percent"] == pytest.approx(matched, abs=0.05)
    assert (found["truths"], found["broken_truths"]) == (18, [])


def test_verify_that_fails_exits_with_1_and_still_tells(own_built: Checkout) -> None:
    truth = own_built.root / "data" / "landing" / "truth.json"
    known = json.loads(truth.read_text())
    known["counts"]["users"] += 1
    truth.write_text(json.dumps(known))
    completed = own_built.invoke("verify", "--json")
    assert "users: 99 instead of 100" in fails(completed, 1)
    assert json.loads(completed.stdout)["broken_truths"] == ["users: 99 instead of 100"]
