"""The twelve questions: what each has to be, and how they are asked."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from checkout import REPOSITORY, Built, Checkout, fails, succeeds

from infra import questions
from infra.errors import ConfigurationError, WarehouseMissing

NAMES = sorted(path.stem for path in (REPOSITORY / "analyses").glob("*.sql"))
SENTENCES = {each.name: each.sentence for each in questions.questions(REPOSITORY)}


@pytest.fixture
def site(built: Built) -> dict[str, Any]:
    """What the docs site shows of each question, by name."""
    path = built.checkout.root / "target" / "docs" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "analysis"
    }


# What each has to be


def test_there_are_twelve() -> None:
    assert len(NAMES) == 12
    assert SENTENCES.keys() == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_says_question_reading_and_caveats(name: str) -> None:
    assert re.fullmatch(r"[A-Z][^?\n]*\?", SENTENCES[name])
    text = (REPOSITORY / "analyses" / f"{name}.yml").read_text()
    assert len(text.split("\n\n\n")) >= 2


def test_the_site_has_a_page_for_each_with_its_sql(site: dict[str, Any]) -> None:
    assert site.keys() == set(NAMES)
    for name, node in site.items():
        assert node["unique_id"] == f"analysis.sparkify.{name}"
        assert node["description"].startswith(SENTENCES[name])
        assert '"sparkify"."sparkify' in node["compiled_code"]


def test_links_lead_to_pages(built: Built, site: dict[str, Any]) -> None:
    path = built.checkout.root / "target" / "docs" / "manifest.json"
    pages = json.loads(path.read_text(encoding="utf-8"))["nodes"].keys()
    linked = {
        link
        for node in site.values()
        for link in re.findall(r"\]\(#!/\w+/(.*?)\)", node["description"])
    }
    assert len(linked) > 4
    assert linked <= pages


def test_some_ask_nothing_but_the_star(site: dict[str, Any], built: Built) -> None:
    path = built.checkout.root / "target" / "docs" / "manifest.json"
    nodes = json.loads(path.read_text(encoding="utf-8"))["nodes"]
    stars = {
        name
        for name, node in site.items()
        if all(nodes[each]["fqn"][1] == "star" for each in node["depends_on"]["nodes"])
    }
    assert len(stars) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_an_answer_is_total(name: str, built: Built) -> None:
    """No two rows have the same keys, also among those that the limit cuts off."""
    manifest = (built.checkout.root / questions.MANIFEST).read_bytes()
    asked = questions.question(REPOSITORY, name)
    statement = asked.statement(questions.relations(manifest))
    found = re.fullmatch(
        r"(?P<tables>.*)\nselect [^()]* ?from (?P<rows>\w+)\n"
        r"order by (?P<keys>[^\n]+)\n(limit (1\d|20)\n)?",
        statement.replace("\nselect\n", "\nselect "),
        re.DOTALL,
    )
    assert found
    keys = re.sub(" (asc|desc)", "", found["keys"])
    rows, distinct = built.checkout.query(
        f"{found['tables']} select count(*), count(distinct ({keys})) "
        f"from {found['rows']}"
    )[0]
    assert rows == distinct > 0


# How they are asked


def test_the_list_says_what_each_asks(built: Built) -> None:
    told = succeeds(built.checkout.invoke("questions"))
    words = " ".join(told.split())
    for name in NAMES:
        assert name in told
        assert SENTENCES[name].split()[0] in words
    assert "12 questions" in told


def test_a_question_is_asked_by_its_name(built: Built) -> None:
    told = succeeds(built.checkout.invoke("ask", "how_many_begin_to_pay"))
    sentence, headers, *rows, count = told.splitlines()
    assert sentence == SENTENCES["how_many_begin_to_pay"]
    assert headers.split()[:2] == ["step_number", "step"]
    assert [row.split()[0] for row in rows] == ["1", "2", "3", "4"]
    assert count == "(4 rows)"


def test_programs_get_the_answer_alone(built: Built) -> None:
    name = "how_many_are_active"
    told = succeeds(built.checkout.invoke("ask", name, "--csv"))
    header, *rows = csv.reader(told.splitlines())
    assert (header[0], len(rows)) == ("date", 14)
    objects = json.loads(succeeds(built.checkout.invoke("ask", name, "--json")))
    assert [each["date"] for each in objects] == [row[0] for row in rows]


@pytest.mark.parametrize(
    "name",
    ["who_went_silent", "who-went-silent", "Who went silent?", " who went silent"],
)
def test_a_name_may_be_separated_as_one_likes(name: str) -> None:
    assert questions.question(REPOSITORY, name).name == "who_went_silent"


def test_of_a_wrong_name_similar_ones_are_told(built: Built) -> None:
    told = fails(built.checkout.invoke("ask", "who_is_silent"), 2)
    assert told == (
        "ask: There is no question 'who_is_silent': do you mean who_went_silent? "
        "`invoke questions` lists them all.\n"
    )
    with pytest.raises(ConfigurationError, match=r"'xyz': `invoke questions` lists"):
        questions.question(REPOSITORY, "xyz")


def test_before_a_build_there_is_no_answer(checkout: Checkout) -> None:
    succeeds(checkout.invoke("up", "load"))
    told = fails(checkout.invoke("ask", "who_went_silent"), 1)
    assert told.endswith("tables that are not built yet; run `invoke build`.\n")
    succeeds(checkout.dbt("parse"))  # which writes a manifest, and builds nothing
    for asked in questions.questions(checkout.root):
        with pytest.raises(WarehouseMissing, match=r"run `invoke build`"):
            questions.answered(checkout.project, asked)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The SQL of a person's own question."""
    (tmp_path / "analyses" / "mine").mkdir(parents=True)
    return tmp_path / "analyses" / "mine" / "my_own.sql"


def test_questions_of_one_s_own_are_asked_too(own: Path, built: Built) -> None:
    own.write_text(
        "select count(*) as n from {{ref(\"songplays\")}}, {{ ref( 'users' ) }}"
    )
    asked = questions.question(own.parents[2], "my own")
    assert asked.sentence == ""
    plays, users = built.checkout.query(
        "select (select count(*) from songplays), (select count(*) from users)"
    )[0]
    headers, rows = questions.answered(built.checkout.project, asked)
    assert (headers, rows) == (["n"], [(plays * users,)])


def test_a_table_is_that_of_dbt_whatever_else_has_its_name(
    own: Path, built: Built
) -> None:
    own.write_text(
        "with songplays as (select * from {{ ref('users') }}), "
        "users as (select * from {{ ref('songplays') }}) "
        "select (select count(*) from users) as plays"
    )
    asked = questions.question(own.parents[2], "my_own")
    _, rows = questions.answered(built.checkout.project, asked)
    assert rows == built.checkout.query("select count(*) from songplays")


def test_a_relation_that_dbt_does_not_know_is_told(own: Path, built: Built) -> None:
    own.write_text("select * from {{ ref('songplay') }}")
    asked = questions.question(own.parents[2], "my_own")
    with pytest.raises(ConfigurationError, match="asks songplay, which the last build"):
        questions.answered(built.checkout.project, asked)


@pytest.mark.parametrize(
    "sql",
    [
        "select {{ dbt.type_string() }}",
        "{% set a = 1 %} select 1",
        "{# no #} select 1",
        "select * from {{ source('staging', 'staging_songs') }}",
    ],
)
def test_what_needs_dbt_is_left_to_dbt(sql: str, own: Path, built: Built) -> None:
    own.write_text(sql)
    asked = questions.question(own.parents[2], "my_own")
    with pytest.raises(ConfigurationError, match="dbt show --limit -1 --select my_own"):
        questions.answered(built.checkout.project, asked)
