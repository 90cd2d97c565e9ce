"""The docs site's first page, held against the manifest and the data."""

import base64
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pytest
from checkout import REPOSITORY, Built, Checkout

OVERVIEW = REPOSITORY / "models" / "overview.md"
DIAGRAM = REPOSITORY / "models" / "marts.mmd"
Manifest = dict[str, Any]
# What increments learn from which days to build; no row comes from there
BOOKS = {"event_files", "load_files"}


@dataclass(frozen=True)
class Listed:
    """A row of the table of relations."""

    address: str
    key: list[str]
    built_from: set[str]


def page() -> str:
    """What is written, without the pictures."""
    return re.sub(r"(?m)^\[\w+\]: data:.*$", "", OVERVIEW.read_text())


def prose() -> str:
    """The same on one line."""
    return " ".join(page().split())


def table(heading: str) -> list[list[str]]:
    """The cells of a section's first table, without its head."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)^## ", page(), re.M | re.S)
    rows = re.findall(r"^\| (.*) \|$", section, re.M)[2:]
    return [row.split(" | ") for row in rows]


def listed() -> dict[str, Listed]:
    """The relations that the page lists, by name."""
    found = {}
    for relation, _, key, built_from in table("Relations"):
        linked = re.fullmatch(r"\[(\w+)\]\(#!/(\w+/[\w.]+)\)", relation)
        assert linked, relation
        keys = re.findall(r"`(\w+)`", key)
        assert keys or key == "none"
        found[linked[1]] = Listed(linked[2], keys, set(built_from.split(", ")))
    return found


def relations(manifest: Manifest) -> dict[str, dict[str, Any]]:
    """Models, seeds and sources by id."""
    return {
        name: node
        for name, node in (manifest["nodes"] | manifest["sources"]).items()
        if node["resource_type"] in {"model", "seed", "source"}
    }


def layer(node: dict[str, Any]) -> str:
    """What a relation is part of."""
    kind = node["resource_type"]
    return node["fqn"][1] if kind == "model" else f"{kind}s"


def parents(node: dict[str, Any], manifest: Manifest) -> set[str]:
    """The names of the relations that a relation depends on."""
    known = relations(manifest)
    return {
        known[name]["name"]
        for name in node.get("depends_on", {}).get("nodes", [])
        if name in known
    }


def made_from(node: dict[str, Any], manifest: Manifest) -> set[str]:
    """The names of the relations that its rows come from."""
    found = parents(node, manifest)
    return found - BOOKS if found >= BOOKS else found


# The table of relations


def test_each_relation_is_listed_with_its_key(manifest: Manifest) -> None:
    known = {node["name"]: node for node in relations(manifest).values()}
    assert listed().keys() == known.keys()
    for name, row in listed().items():
        node = known[name]
        assert row.address == f"{node['resource_type']}/{node['unique_id']}"
        assert set(row.key) <= node["columns"].keys(), name
        declared = [
            constraint["columns"]
            for constraint in node.get("constraints", [])
            if constraint["type"] == "primary_key"
        ]
        assert declared in ([], [row.key]), name
        assert declared or layer(node) not in {"star", "marts"}


def test_each_listed_key_is_one(built: Built) -> None:
    for name, row in listed().items():
        key = ", ".join(row.key) or "*"
        ((rows, keys),) = built.checkout.query(
            f"select (select count(*) from {name}), "
            f"(select count(*) from (select distinct {key} from {name}))"
        )
        assert rows == keys, name
        assert rows > 0 or name.startswith(("quarantine_", "load_rejects")), name


def test_a_relation_is_built_from_what_the_table_says(manifest: Manifest) -> None:
    known = {node["name"]: node for node in relations(manifest).values()}
    for name, row in listed().items():
        said = row.built_from & known.keys()
        made_of = made_from(known[name], manifest)
        assert said <= made_of, name
        if layer(known[name]) == "marts":
            assert said == made_of, name
        assert bool(said) == bool(made_of), name


def test_each_question_is_listed_with_what_it_asks(manifest: Manifest) -> None:
    analyses = {
        node["name"]: parents(node, manifest)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "analysis"
    }
    found = {}
    for question, asks in table("Questions"):
        linked = re.fullmatch(
            r"\[(.+)\?\]\(#!/analysis/analysis\.sparkify\.(\w+)\)", question
        )
        assert linked, question
        assert linked[1].lower().replace(" ", "_") == linked[2]
        found[linked[2]] = set(asks.partition(":")[0].split(", "))
    assert found == analyses


def test_the_graph_that_is_linked_shows_all(manifest: Manifest) -> None:
    (link,) = re.findall(r"\(#!/overview\?g_v=1&g_i=(\S+)\)", page())
    by_name = {node["name"]: node for node in relations(manifest).values()}
    words = set(unquote(link).split())
    reached = set[str]()
    for exposure in manifest["exposures"].values():
        words.remove(f"+exposure:{exposure['name']}")
        reached |= parents(exposure, manifest)
    for word in words:
        assert word[0] == "+"
        reached.add(word[1:])
    waiting = list(reached)
    while waiting:
        waiting += (above := parents(by_name[waiting.pop()], manifest) - reached)
        reached |= above
    assert reached == by_name.keys()


# The marts


def test_each_mart_answers_a_question_with_columns_that_it_has(
    manifest: Manifest,
) -> None:
    marts = {
        node["name"]: node
        for node in relations(manifest).values()
        if layer(node) == "marts"
    }
    told = {}
    for question, mart, columns in table("The marts"):
        assert question.endswith("?")
        linked = re.fullmatch(r"\[(\w+)\]\(#!/model/model\.sparkify\.\1\)", mart)
        assert linked, mart
        told[linked[1]] = re.findall(r"`(\w+)`", columns)
    assert told.keys() == marts.keys()
    for name, named in told.items():
        assert named
        assert set(named) <= marts[name]["columns"].keys(), name


def sketched() -> tuple[set[tuple[str, str]], dict[str, str], dict[str, str]]:
    """The source of the picture: its lines, the layer of each box, and the colours."""
    source = DIAGRAM.read_text()
    lines = re.findall(r"^    (\w+) --> (\w+)$", source, re.M)
    assert len(lines) == len(set(lines))
    layers = {
        name: word
        for names, word in re.findall(r"^    class (\S+) (\w+)$", source, re.M)
        for name in names.split(",")
    }
    colours = dict(re.findall(r"classDef (\w+) .*?stroke:(#\w+)", source))
    return set(lines), layers, colours


def test_the_marts_are_drawn_as_the_manifest_builds_them(manifest: Manifest) -> None:
    known = {node["name"]: node for node in relations(manifest).values()}
    lines, layers, _ = sketched()
    assert lines == {
        (parent, name)
        for name, node in known.items()
        if layer(node) == "marts"
        for parent in made_from(node, manifest)
    }
    drawn = {name for line in lines for name in line}
    assert layers == {name: layer(known[name]) for name in drawn}


def test_layers_have_one_colour_in_picture_and_graph(manifest: Manifest) -> None:
    *_, colours = sketched()
    shown = {
        (layer(node), node["config"]["docs"]["node_color"])
        for node in relations(manifest).values()
        if node["resource_type"] != "source"  # the site's own green
    }
    assert shown == {item for item in colours.items() if item[0] != "sources"}
    assert len(set(colours.values())) == len(colours)


def test_the_overview_shows_the_marts_as_they_are_drawn() -> None:
    (encoded,) = re.findall(
        r"^\[marts\]: data:image/svg\+xml;base64,(\S+)$", OVERVIEW.read_text(), re.M
    )
    svg = ET.fromstring(base64.b64decode(encoded))
    lines, layers, colours = sketched()
    shown_lines, shown_layers = set(), {}
    for shape in svg.iter():
        words = shape.get("class", "").split()
        if "flowchart-link" in words:
            ends = {word[:3]: word[3:] for word in words if word[:3] in ("LS-", "LE-")}
            shown_lines.add((ends["LS-"], ends["LE-"]))
        if "node" in words:
            name = "".join(shape.itertext()).strip()
            (shown_layers[name],) = set(words) & colours.keys()
    assert (shown_lines, shown_layers) == (lines, layers)
    style = "".join(
        each.text or "" for each in svg.iter("{http://www.w3.org/2000/svg}style")
    )
    for word, colour in colours.items():
        assert re.search(rf"\.{word}\b[^}}]*stroke:{colour}", style), word


# What is said


def test_each_query_runs(built: Built) -> None:
    queries = re.findall(r"^```\n(.*?)^```", page(), re.M | re.S)
    assert len(queries) >= 4
    for query in queries:
        built.checkout.query(query)


def test_schemas_are_those_of_the_page(manifest: Manifest) -> None:
    (said,) = re.findall(r"Raw tables are in the schema (.*?)\. `invoke", prose())
    schemas = {node["schema"] for node in relations(manifest).values()}
    assert set(re.findall(r"`(\w+)`", said)) == schemas


@pytest.mark.parametrize(
    ("said", "query"),
    [
        ("{:,} events, of which", "select count(*) from stg_events"),
        ("{:,} are plays by", "select count(*) from songplays"),
        ("by {} of", "select count(distinct user_id) from songplays"),
        ("of {} users", "select count(*) from users"),
        ("a catalogue of {:,} songs", "select count(*) from songs"),
        ("songs by {:,} artists", "select count(*) from artists"),
        ("plays**: {} of 6,820", "select count(song_id) from songplays"),
        (
            "is known for {} %",
            "select cast(round(100 * avg(case when artist_id is null then 0 else 1 "
            "end)) as integer) from songplays",
        ),
        (
            "begins on 1 November at {:%H:%M} and",
            "select min(event_at) from stg_events where date = date '2018-11-01'",
        ),
        (
            "ends on 30 November at {:%H:%M}.",
            "select max(event_at) from stg_events where date = date '2018-11-30'",
        ),
    ],
)
def test_numbers_are_those_of_the_published_data(
    real: Checkout, said: str, query: str
) -> None:
    assert said.format(real.value(query)) in prose()
