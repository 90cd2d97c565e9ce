"""Deals raw files out in random partial loads and builds; test_dealing.py runs it.

    python dealing.py FOLDER SEED STEPS

The folder is a checkout with a profile and an empty landing; what is dealt lies in its
`pool/`. After each step every model must hold the rows that it holds when all models
are built anew from the same raw tables; fractions may differ in the ninth digit, by the
order in which they were added up. A process of its own, because dbt stays in it
from build to build, which is what makes many builds quick.
"""

import json
import math
import random
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from infra.console import Bar
from infra.loading.load import load
from infra.loading.options import options
from infra.project import Project

Object = dict[str, Any]
Row = tuple[Any, ...]
Rows = Counter[Row]
Move = Callable[["Deal"], str | None]
DAY = 86_400_000  # milliseconds
ODD_TS = (None, -1, 0, 1541106106, 10**14)
# Models that somebody builds alone, or that a build gets to before it is killed
PARTS = (
    *("event_files", "stg_events", "stg_songs", "songplays", "time", "matched_songs"),
    *("stg_user_days", "+stg_events", "+time", "+stg_user_days", "stg_songs+"),
    *("users users_history", "event_files songplays", "+matched_songs"),
    *("sessions", "+sessions", "level_changes sessions", "+daily_activity"),
)
SCHEMAS = ("sparkify", "sparkify_staging", "sparkify_marts")  # that models are in
# Of a version that counts no more event_files alone knows; builds are numbered anew
ONLY = {
    "event_files": "select source_uri, date, events, load_id from {} "
    "where (source_uri, load_id) in (select uri, load_id from load.load_files "
    "where target = 'staging_events' and superseded_by is null)",
}


class Deal:
    """A landing that fills and changes, and the warehouse that follows it."""

    def __init__(self, root: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.root = root
        self.landing = root / "data" / "landing"
        self.file = root / "sparkify.duckdb"
        self.left = sorted(
            path.relative_to(root / "pool").as_posix()
            for folder in ("log_data", "song_data")
            for path in (root / "pool" / folder).rglob("*.json")
        )
        self.made = 0
        self._dbt = dbtRunner()
        self.models = self._parsed()

    # The landing

    def there(self, folder: str) -> list[Path]:
        """The files that are in the landing now."""
        return sorted((self.landing / folder).rglob("*.json"))

    def objects(self, folder: str) -> tuple[Path | None, list[Object]]:
        """A file of the landing, if there is any, and its objects."""
        files = self.there(folder)
        if not files:
            return None, []
        path = self.dice.choice(files)
        return path, [json.loads(line) for line in path.read_text().splitlines()]

    def write(self, path: Path, objects: list[Object]) -> None:
        """Writes a raw file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(json.dumps(each) for each in objects))

    def fresh(self, folder: str) -> Path:
        """A new name for a raw file."""
        self.made += 1
        return self.landing / folder / f"more-{self.made}.json"

    # The warehouse

    def load(self) -> str:
        """Loads, now and then with an option that takes rows away."""
        given = {
            "prune": self.dice.random() < 0.5,
            "full_refresh": self.dice.random() < 0.1,
        }
        asked = options("", "skip", strict=False, allow_empty=True, **given)
        load(Project(self.root), Bar("", None), asked)
        return ", ".join(["load", *(name for name in given if given[name])])

    def dbt(self, *words: str) -> None:
        """Runs dbt, which has to succeed, and lets go of the file."""
        result = self._dbt.invoke(["--quiet", *words])
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
        if not result.success:
            raise SystemExit(f"dbt {' '.join(words)} failed: {result.exception}")

    def rows(self) -> dict[str, Rows]:
        """The rows of every model."""
        with duckdb.connect(self.file, read_only=True) as connection:
            return {
                name: Counter(connection.execute(query.format(relation)).fetchall())
                for name, relation in self.models.items()
                for query in [ONLY.get(name, "select * from {}")]
            }

    def anew(self, *words: str) -> dict[str, Rows]:
        """The rows of every model after another build; the warehouse stays as it is."""
        kept = self.file.with_suffix(".kept")
        shutil.copyfile(self.file, kept)
        if not words:
            with duckdb.connect() as connection:
                connection.execute(f"attach '{self.file}' as warehouse")
                for schema in SCHEMAS:
                    connection.execute(f"drop schema warehouse.{schema} cascade")
        self.dbt("run", *words)
        found = self.rows()
        kept.replace(self.file)
        return found

    def _parsed(self) -> dict[str, str]:
        """The models' relations, by name."""
        self.dbt("parse")
        manifest = json.loads((self.root / "target" / "manifest.json").read_text())
        return {
            node["name"]: f'sparkify."{node["schema"]}"."{node["alias"]}"'
            for node in manifest["nodes"].values()
            if node["resource_type"] == "model"
        }


# What can happen to the landing; None when it cannot now


def deal_files(deal: Deal) -> str | None:
    """Some more files arrive, in any order: of the log or of the catalogue."""
    return deal_kind(deal, deal.dice.choice(("log_data", "song_data")))


def deal_events(deal: Deal) -> str | None:
    """Some more files of the log arrive."""
    return deal_kind(deal, "log_data")


def deal_songs(deal: Deal) -> str | None:
    """Some more files of the catalogue arrive."""
    return deal_kind(deal, "song_data")


def deal_kind(deal: Deal, kind: str) -> str | None:
    """Some more files of one kind arrive, in any order."""
    left = [name for name in deal.left if name.startswith(kind)]
    if not left:
        return None
    most = min(len(left), deal.dice.choice((1, 1, 2, 1000)))
    for name in deal.dice.sample(left, most):
        path = deal.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(deal.root / "pool" / name, path)
        deal.left.remove(name)
    return f"{most} of {kind}"


def change_events(deal: Deal) -> str | None:
    """A log file is written anew, with some events other, gone or twice."""
    path, events = deal.objects("log_data")
    if path is None or not events:
        return None
    kept = [each for each in events if deal.dice.random() < 0.9]
    for event in deal.dice.sample(kept, min(len(kept), 4)):
        kept.append(altered(deal.dice, event))
        if deal.dice.random() < 0.5:
            kept.remove(event)
    deal.write(path, kept)
    return f"changed {path.name}"


def deliver_again(deal: Deal) -> str | None:
    """Another file repeats events, some of them otherwise."""
    path, events = deal.objects("log_data")
    if path is None:
        return None
    again = deal.dice.sample(events, min(len(events), 20))
    deal.write(
        deal.fresh("log_data"),
        [altered(deal.dice, each) if deal.dice.random() < 0.3 else each
         for each in again],
    )  # fmt: skip
    return f"again {len(again)} of {path.name}"


def bring_song(deal: Deal) -> str | None:
    """A song arrives that was played already, or one of its artist's name."""
    path, events = deal.objects("log_data")
    plays = [each for each in events if each.get("song") and each.get("length")]
    if path is None or not plays:
        return None
    play = deal.dice.choice(plays)
    song = {
        "num_songs": 1,
        "artist_id": f"AR{deal.dice.randrange(4):016}",
        "artist_name": play["artist"],
        "song_id": f"SO{deal.dice.randrange(40):016}",
        "title": deal.dice.choice((play["song"], play["song"].upper(), "Another")),
        "duration": play["length"] + deal.dice.choice((0, 0.4, -3.5, 60)),
        "year": deal.dice.choice((0, 1999)),
    }
    deal.write(deal.fresh("song_data"), [song])
    return f"song {song['song_id']}"


def change_song(deal: Deal) -> str | None:
    """A file of the catalogue is written anew."""
    path, songs = deal.objects("song_data")
    if path is None:
        return None
    for song in songs:
        name = deal.dice.choice(("title", "artist_id", "artist_name", "duration"))
        other = 100 if name == "duration" else f"AR{1:016}"
        song[name] = deal.dice.choice((None, "", song[name], other))
    songs = [song for song in songs if not isinstance(song["duration"], str)]
    deal.write(path, songs)
    return f"changed {path.name}"


def delete_file(deal: Deal) -> str | None:
    """A file goes; its rows go with it if the load prunes."""
    files = [*deal.there("log_data"), *deal.there("song_data")[:3]]
    if not files:
        return None
    path = deal.dice.choice(files)
    path.unlink()
    return f"deleted {path.name}"


def altered(dice: random.Random, event: Object) -> Object:
    """The same event told otherwise, or another event made of it."""
    name, values = dice.choice(
        (
            ("level", ("free", "paid", "gold", None)),
            ("page", ("NextSong", "Home", None)),
            ("length", (None, -1.0, 0, 200.5)),
            ("ts", (*ODD_TS, (event["ts"] or 0) + DAY, (event["ts"] or 0) - 3 * DAY)),
            ("userId", ("", "8", "15", "x")),
            ("artist", (None, "Somebody else")),
            ("sessionId", (None, 1, event["sessionId"])),
            ("location", (None, "Oslo")),
        )
    )
    return event | {name: dice.choice(values)}


MOVES: tuple[Move, ...] = (
    *(deal_files, deal_files, change_events, change_events, deliver_again),
    *(bring_song, bring_song, change_song, delete_file),
)


def differences(found: dict[str, Rows], expected: dict[str, Rows]) -> Iterator[str]:
    """Rows that a model has too many, and those that it lacks; a few of each."""
    for name, rows in expected.items():
        extra, missing = found[name] - rows, rows - found[name]
        drop_alike(extra, missing)
        for sign, wrong in (("too many", extra), ("lacks", missing)):
            for row in [*wrong][:2]:
                yield f"{name} {sign} ({wrong.total()}): {row}"


def drop_alike(extra: Rows, missing: Rows) -> None:
    """Takes out what differs in nothing but the last digits of fractions."""
    near = defaultdict(list)
    for row in missing.elements():
        near[whole(row)].append(row)
    for row in list(extra.elements()):
        alike = (each for each in near[whole(row)] if are_alike(row, each))
        if (found := next(alike, None)) is not None:
            near[whole(row)].remove(found)
            for rows, each in ((extra, row), (missing, found)):
                rows.subtract([each])
    for rows in (extra, missing):
        rows += Counter()  # drops those of which none is left


def whole(row: Row) -> Row:
    """The row without its fractions."""
    return tuple(float if isinstance(cell, float) else cell for cell in row)


def are_alike(row: Row, other: Row) -> bool:
    """Whether rows that are whole alike have the same fractions, to nine digits."""
    fractions = ((a, b) for a, b in zip(row, other, strict=True) if a != b)
    return all(math.isclose(a, b, rel_tol=1e-9) for a, b in fractions)


def main() -> None:
    """Deals; tells each step, and ends with 1 where a model differs."""
    root, seed, steps = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    deal = Deal(root, seed)
    deal.dbt("seed")
    for step in range(1, steps + 1):
        for _ in range(deal.dice.choice((1, 1, 2))):
            chosen = deal.dice.choices(MOVES, k=deal.dice.randint(1, 4))
            if step == 1:
                chosen = [deal_events, deal_songs]
            told = [each for move in chosen if (each := move(deal))]
            told.append(deal.load())
            for _ in range(deal.dice.choice((0, 0, 1, 2))):
                part = deal.dice.choice(PARTS)
                full = ("--full-refresh",) if deal.dice.random() < 0.25 else ()
                if step > 1:  # all models are there by then
                    deal.dbt("run", *full, "--select", *part.split())
                    told.append(" ".join(("built", part, *full)))
            sys.stdout.write(f"step {step}: {'; '.join(told)}\n")
        deal.dbt("run")
        found = deal.rows()
        full = () if deal.dice.random() < 0.7 else ("--full-refresh",)
        wrong = list(differences(found, deal.anew(*full)))
        if wrong:
            sys.exit("\n".join([f"step {step}, built anew {full}:", *wrong]))
    deal.dbt("test", "--vars", "full_tests: true", "--exclude", "test_type:unit")
    plays = sum(deal.rows()["songplays"].values())
    sys.stdout.write(f"{plays} plays\n")


if __name__ == "__main__":
    main()
