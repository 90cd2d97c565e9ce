"""The page as HTML: whole, safe and by itself."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
import yaml
from answered import MADE_AT, answers, every, hostile, nothing, sections
from checkout import REPOSITORY

from infra.report import drawing, page
from infra.report.answers import Answers, questions, sql


class Parsed(HTMLParser):
    """Elements in order, as tag and attributes, and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def rendered(found: Answers, *, is_simulated: bool = False) -> str:
    drawn = {
        each.name: drawing.inlined(drawing.svg(each.chart))
        for each in every(found)
        if each.chart
    }
    origin = page.Origin("local (duckdb)", MADE_AT, is_simulated)
    return page.rendered(found, sections(found), drawn, origin)


@pytest.fixture(scope="module")
def text() -> str:
    return rendered(answers())


@pytest.fixture(scope="module")
def parsed(text: str) -> Parsed:
    return Parsed(text)


@pytest.fixture(scope="module")
def attacked() -> str:
    return rendered(hostile())


def test_every_element_is_closed(parsed: Parsed) -> None:
    assert parsed.open == []


def test_each_figure_has_title_picture_in_words_table_and_query(text: str) -> None:
    cards = text.split('<article class="card"')[1:]
    found = every(answers())
    assert len(cards) == len(found) == 16
    for card, figure in zip(cards, found, strict=True):
        part = Parsed(
            f'<article class="card"{card.partition("</article>")[0]}</article>'
        )
        assert len(part.all("h3")) == 1
        assert figure.finding in part.text
        assert figure.unit in part.text
        (chart,) = [each for each in part.all("div") if each.get("role") == "img"]
        assert chart["aria-label"] == figure.alt
        assert len(part.all("svg")) == 1
        assert len(part.all("tr")) == 1 + len(figure.table.rows) > 1
        assert len(part.all("details")) == 2
        for row in figure.table.rows:
            assert len(row) == len(figure.table.headers)
            assert all(cell in part.text for cell in row)
        assert figure.source in part.text


def test_times_of_day_and_days_say_that_they_are_utc() -> None:
    for figure in every(answers()):
        told = " ".join((figure.finding, figure.unit, *figure.table.headers))
        if re.search(r"\b(hour|day|week)s?\b", told) and figure.name != "levels":
            assert "UTC" in told, figure.name


def test_the_page_names_nothing_elsewhere(text: str, attacked: str) -> None:
    for each in (text, attacked):
        parsed = Parsed(each)
        for _, attributes in parsed.elements:
            assert not {"src", "srcset", "action", "style"} & attributes.keys()
            assert str(attributes.get("href", "#")).startswith(("#", "data:,"))
        assert re.search(r"url\(|@import|@font-face", each) is None
        assert not parsed.all("script") + parsed.all("iframe") + parsed.all("img")


def test_texts_of_the_data_stay_texts(attacked: str, parsed: Parsed) -> None:
    found = Parsed(attacked)
    assert {tag for tag, _ in found.elements} <= {tag for tag, _ in parsed.elements}
    names = {name for _, attributes in found.elements for name in attributes}
    assert names <= {name for _, attributes in parsed.elements for name in attributes}
    assert found.open == []
    for told in (
        '<a href="javascript:x" onmousedown="steal()">Sigur R&oacute;s</a>',
        "</text></svg><script>alert(1)</script>",
        r"D\x19Angelo \x00\x1b[31m",
        "{{ 7*7 }}",
    ):
        assert told in found.text
    assert re.search(r"[\x00-\x08\x0b-\x1f\ufffe\u202e]", attacked) is None


def test_nothing_but_the_page_s_own_style_may_act(text: str, parsed: Parsed) -> None:
    (policy,) = [
        each["content"]
        for each in parsed.all("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    ]
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy is not None
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_headings_are_in_order_and_ids_are_unique(parsed: Parsed) -> None:
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [each["id"] for _, each in parsed.elements if "id" in each]
    assert len(ids) == len(set(ids))
    links = {str(each["href"])[1:] for each in parsed.all("a")}
    assert links <= set(ids)
    assert parsed.all("html") == [{"lang": "en"}]


def test_an_empty_warehouse_is_told_with_the_next_step() -> None:
    found = Parsed(rendered(nothing()))
    assert "There is nothing to report yet. invoke load build fills" in found.text
    assert len(found.all("svg")) == 1  # the steps, which were run
    assert "There is nothing to report yet" not in rendered(answers())


def test_a_simulated_sample_is_called_one(text: str) -> None:
    told = "A simulated sample: none of these people and songs exist."
    assert told in rendered(answers(), is_simulated=True)
    assert told not in text


def test_every_question_is_answered_and_shown(parsed: Parsed) -> None:
    assert set(questions()) == set(answers())
    for name in questions():
        assert sql(name) in parsed.text


def test_dbt_knows_what_the_report_depends_on() -> None:
    """So that the lineage of the docs site ends in the report."""
    exposures = yaml.safe_load((REPOSITORY / "models" / "exposures.yml").read_text())
    (known,) = [each for each in exposures["exposures"] if each["name"] == "report"]
    asked = {
        name for each in questions() for name in re.findall(r"from (\w+)", sql(each))
    }
    assert {each.split("'")[1] for each in known["depends_on"]} == asked


def test_the_page_tells_when_and_from_what_it_was_made(parsed: Parsed) -> None:
    assert (
        "Made 2018-12-01 08:30 UTC by invoke report from the target local (duckdb)"
        in (parsed.text)
    )
