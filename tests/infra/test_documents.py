import base64
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml
from checkout import REPOSITORY, Built, succeeds

README = REPOSITORY / "README.md"
OVERVIEW = REPOSITORY / "models" / "overview.md"
DIAGRAM = REPOSITORY / "models" / "star.mmd"
TYPES = {"double precision": "double"}


class Links(HTMLParser):
    """What a page must fetch before it is whole."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        given = dict(attrs)
        if tag in ("script", "img", "iframe", "embed", "source"):
            self.fetched.append(given.get("src") or "")
        if tag == "link" and given.get("rel") != "canonical":
            self.fetched.append(given.get("href") or "")


def contracts(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The star's models by name."""
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] == "star"
    }


# The docs site


def test_the_site_is_one_file_that_needs_no_network(built: Built) -> None:
    page = (built.checkout.root / "target/docs/static_index.html").read_text()
    links = Links()
    links.feed(page)
    assert links.scripts > 0
    assert not [link for link in links.fetched if re.match(r"(https?:)?//", link)]
    assert not re.search(r"@import\s+(url\()?['\"]?(https?:)?//", page)


def test_every_test_in_a_file_says_what_holds(manifest: dict[str, Any]) -> None:
    tests = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and "test_metadata" not in node
    ]
    assert len(tests) > 20
    assert [test["name"] for test in tests if not test["description"].strip()] == []


def test_the_site_holds_overview_descriptions_and_columns(built: Built) -> None:
    page = (built.checkout.root / "target/docs/static_index.html").read_text()
    for text in (
        *("# Sparkify's listening log", "One row per play: a `NextSong` event"),
        *(
            "![The star: songplays with users, time, songs and artists, and ",
            "songplay_id",
        ),
    ):
        assert json.dumps(text)[1:-1] in page or text in page


# The star, drawn


def drawn() -> dict[str, list[list[str]]]:
    """The words of each attribute by entity, without comments."""
    entities = re.findall(
        r"^    (\w+) \{\n(.*?)^    \}", DIAGRAM.read_text(), re.M | re.S
    )
    return {
        name: [re.sub('".*?"|,', "", line).split() for line in body.splitlines()]
        for name, body in entities
    }


def test_the_drawing_agrees_with_the_contracts(manifest: dict[str, Any]) -> None:
    stars = contracts(manifest)
    assert drawn().keys() == stars.keys()
    for name, attributes in drawn().items():
        columns = stars[name]["columns"]
        for kind, column, *_ in attributes:
            declared = re.sub(r"\(.*", "", columns[column]["data_type"])
            assert kind == TYPES.get(declared, declared), f"{name}.{column}"
        keys = {mark: set[str]() for mark in ("PK", "FK")}
        for _, column, *marks in attributes:
            for mark in marks:
                keys[mark].add(column)
        declared_keys = {"PK": set[str](), "FK": set[str]()}
        for constraint in stars[name]["constraints"]:
            mark = {"primary_key": "PK", "foreign_key": "FK"}[constraint["type"]]
            declared_keys[mark].update(constraint["columns"])
        assert keys == declared_keys, name


def test_a_line_is_drawn_for_every_foreign_key(manifest: dict[str, Any]) -> None:
    lines = re.findall(
        r"^    (\w+) [|}o{]+--[|}o{]+ (\w+) :", DIAGRAM.read_text(), re.M
    )
    keys = {
        frozenset(
            (name, re.sub(r"ref\('(\w+)'\)", r"\1", constraint["to"]).split(".")[-1])
        )
        for name, node in contracts(manifest).items()
        for constraint in node["constraints"]
        if constraint["type"] == "foreign_key"
    }
    assert {frozenset(pair) for pair in lines} == {
        frozenset(word.strip('"`') for word in pair) for pair in keys
    }


def picture(name: str) -> ET.Element:
    """A picture of the overview."""
    (encoded,) = re.findall(
        rf"^\[{name}\]: data:image/svg\+xml;base64,(\S+)$", OVERVIEW.read_text(), re.M
    )
    return ET.fromstring(base64.b64decode(encoded))


def words(shapes: ET.Element, name: str) -> list[str]:
    """The text of the shapes of a class, sorted."""
    return sorted(
        "".join(shape.itertext())
        for shape in shapes.iter("{http://www.w3.org/2000/svg}text")
        if name in shape.get("class", "").split()
    )


def test_the_overview_draws_the_same_star() -> None:
    source = "".join(
        line for line in DIAGRAM.read_text().splitlines(True) if line[:2] != "%%"
    )
    labels = re.findall(r"--.* : \"(.*)\"", source)
    cells = [*drawn(), *re.findall(r'^        \w.*"(.*)"$', source, re.M)]
    for kind, column, *keys in (each for rows in drawn().values() for each in rows):
        cells += [kind, column, *([",".join(keys)] if keys else [])]
    assert words(picture("star"), "relationshipLabel") == sorted(labels)
    assert [word for word in words(picture("star"), "entityLabel") if word] == sorted(
        cells
    )


# README


@pytest.fixture
def readme() -> str:
    return README.read_text()


def test_the_readme_draws_the_same_star(readme: str) -> None:
    (block,) = re.findall(r"^```mermaid\n(.*?)^```", readme, re.M | re.S)
    lines = DIAGRAM.read_text().partition("    users {")[0].splitlines(keepends=True)
    assert block == "".join(line for line in lines if not line.startswith("%%"))
    assert block.count("--") == 9  # tables without their columns


def test_the_readme_s_answers_are_those_of_the_sample(
    readme: str, built: Built
) -> None:
    asked = re.findall(
        r"^```sh\ninvoke (sql|ask) (.*?)\n```\n\n```text\n(.*?)^```",
        readme,
        re.M | re.S,
    )
    assert [task for task, _, _ in asked].count("sql") >= 3
    assert "ask" in {task for task, _, _ in asked}
    for task, question, answer in asked:
        told = succeeds(built.checkout.invoke(task, question.strip('"')))
        assert [line.split() for line in told.splitlines()] == [
            line.split() for line in answer.splitlines()
        ]


def test_the_readme_lists_each_setting_with_its_default(readme: str) -> None:
    settings = yaml.safe_load((REPOSITORY / "invoke.yaml").read_text())["sparkify"]
    table = re.findall(r"^\| (`.*?) \| (.*?) ?\| .* \|$", readme, re.M)
    listed = {
        name.strip("` "): default.strip("` ")
        for names, defaults in table
        if names.strip("`").partition("`")[0] in settings
        for name, default in zip(names.split(","), defaults.split(","), strict=True)
    }
    assert listed == {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in settings.items()
    }


def test_the_readme_s_tasks_exist(readme: str, built: Built) -> None:
    listed = succeeds(built.checkout.invoke("--list"))
    tasks = set(re.findall(r"^  ([a-z-]+) ", listed, re.MULTILINE))
    named = set(re.findall(r"`invoke ([a-z][a-z-]*)", readme))
    assert named
    assert named <= tasks
