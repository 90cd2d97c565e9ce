"""The questions in `analyses/`: listed, and asked by their name.

Each is SQL that dbt compiles and shows on the docs site. All that it takes to compile
one is to know where its relations are, which the manifest of the last build says:
nothing here waits for dbt.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import orjson
import yaml

from infra import console, query
from infra.asking import asking
from infra.errors import ConfigurationError, WarehouseMissing
from infra.project import Project
from infra.warehouse import identifier

FOLDER = "analyses"
MANIFEST = Path("target/manifest.json")

_ASKED = {"model", "seed", "snapshot"}
_REF = re.compile(r"\{\{\s*ref\(\s*(['\"])(\w+)\1\s*\)\s*\}\}")
_JINJA = re.compile(r"\{[{%#]")


class Question(NamedTuple):
    """A file of SQL, with the question that it answers as a sentence."""

    path: Path
    sentence: str

    @property
    def name(self) -> str:
        """What it is asked by."""
        return self.path.stem

    def statement(self, relations: Mapping[str, str]) -> str:
        """Its SQL; one error where it needs more of dbt than ref() to one of these."""
        told = self.path.read_text(encoding="utf-8")
        unknown = {name for _, name in _REF.findall(told)} - relations.keys()
        if unknown:
            raise ConfigurationError(
                f"{self.name} asks {', '.join(sorted(unknown))}, which the last build "
                "does not know; run `invoke build`, or mend the name."
            )
        found = _REF.sub(lambda ref: relations[ref[2]], told)
        if _JINJA.search(found):
            raise ConfigurationError(
                f"{self.name} uses more of dbt than ref(), which is all that `ask` "
                f"knows; run: dbt show --limit -1 --select {self.name}"
            )
        return found


def questions(root: Path) -> list[Question]:
    """All questions of a project, by name."""
    folder = root / FOLDER
    sentences = dict(_sentences(folder))
    paths = sorted(folder.rglob("*.sql"), key=lambda path: path.stem)
    return [Question(path, sentences.get(path.stem, "")) for path in paths]


def question(root: Path, name: str) -> Question:
    """The one of a name, however it is separated; else an error with similar names."""
    known = {each.name: each for each in questions(root)}
    wanted = re.sub(r"[\s-]+", "_", name.strip().removesuffix("?")).lower()
    if wanted in known:
        return known[wanted]
    close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
    perhaps = f"do you mean {' or '.join(close)}? " if close else ""
    raise ConfigurationError(
        f"There is no question {name!r}: {perhaps}`invoke questions` lists them all."
    )


def report(root: Path) -> str:
    """Prints names and sentences; returns how many there are."""
    found = questions(root)
    rows = [(each.name, each.sentence) for each in found]
    longest = [max(map(len, texts)) for texts in zip(*rows, strict=True)]
    if sum(longest) + 2 <= console.out.width:
        console.table(("name", "question"), rows)
    else:  # one below the other: beside a long name a sentence is a pillar
        for name, sentence in rows:
            console.out.print(console.cell_text(name), style="bold")
            console.say(f"  {sentence}")
    return f"{len(found)} questions"


def ask(project: Project, name: str, form: str) -> None:
    """Prints a question and its answer; as CSV or JSON the answer alone."""
    asked = question(project.root, name)
    headers, rows = answered(project, asked)
    if form == "table":
        console.say(asked.sentence)
    query.show(headers, rows, form)


def answered(project: Project, asked: Question) -> query.Answer:
    """Headers and rows of the answer that the warehouse of the default target has."""
    missing = f"{asked.name} asks tables that are not built yet; run `invoke build`."
    try:
        manifest = (project.root / MANIFEST).read_bytes()
    except FileNotFoundError as error:
        raise WarehouseMissing(missing) from error
    statement = asked.statement(relations(manifest))
    with asking(project, missing) as warehouse:
        answer = warehouse.execute(statement)
        rows = [tuple(row) for row in answer.fetchall()]
        return query.headers_of(answer), rows


def relations(manifest: bytes) -> dict[str, str]:
    """Schema and table of each model and seed, by the name that ref() has."""
    return {
        node["name"]: f"{identifier(node['schema'])}.{identifier(node['alias'])}"
        for node in orjson.loads(manifest)["nodes"].values()
        if node["resource_type"] in _ASKED
    }


def _sentences(folder: Path) -> Iterator[tuple[str, str]]:
    """Names and the first paragraph of their descriptions, which is the question."""
    for path in sorted(folder.rglob("*.yml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for node in document.get("analyses", []):
            yield node["name"], node.get("description", "").split("\n\n")[0].strip()
