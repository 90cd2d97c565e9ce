"""Times `invoke load` beside what DuckDB can do at best, each in a process of its own.

    python benchmarks/load.py [--runs 5] [--landing DIR] [--large]

`--landing` names a folder with the published data; without it the rows about that data
are left out. `--large` adds 10 million events, 100,000 songs and a year of days, which
take some minutes to simulate. The floor of a figure is measured in turn with it: plain
`insert … from read_json(explicit columns)` on the same files, or for tiny files one
read of their joined bytes. Seconds are wall clock of whole processes, memory is their
peak.
"""

import argparse
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

from main_job import say, scratch_clone, seconds_and_peak

Run = tuple[float, float]  # seconds, MB
REST = 2.5  # seconds: what changed more lately is read again by the next load


def main() -> None:
    """Measures everything and prints a line per figure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--landing", type=Path)
    options.add_argument("--large", action="store_true")
    given = options.parse_args()
    with scratch_clone() as clone:
        folder = clone.parent
        if given.landing:
            published(Loader(folder), given.landing.resolve(), given.runs)
        events(Loader(folder), simulated(folder, "1 M", 10_000, 30), given.runs, "1 M")
        if given.large:
            year = simulated(folder, "10 M", 40_000, 365)
            events(Loader(folder), year, max(3, given.runs // 2), "10 M")
            tiny_files(Loader(folder), folder, given.runs)
            another_day(Loader(folder), year, given.runs)


# What is measured


def published(loader: "Loader", landing: Path, runs: int) -> None:
    """The published data: all of it, and nothing new."""
    loader.landing = landing
    loads, again = [], []
    for _ in range(runs):
        loader.forget()
        loads.append(loader.load())
        again.append(loader.load())
    show("published data, 30 + 14,896 files", loads, "limit 1.2 s")
    show("the same again", again, "limit 0.6 s")


def events(loader: "Loader", landing: Path, runs: int, name: str) -> None:
    """Events alone, beside plain DuckDB on the same files."""
    loader.landing = alone(loader, landing, "log_data")
    loads, floors = [], []
    for _ in range(runs):
        loader.forget()
        loads.append(loader.load("--allow-empty"))
        floors.append(floor("log_data", loader))
    show(f"{name} events", loads, "limit 2.0 times the floor, 1,000 MB", floors)


def tiny_files(loader: "Loader", folder: Path, runs: int) -> None:
    """100,000 files of one song, beside one read of their joined bytes."""
    loader.landing = folder / "tiny"
    rows = ((folder / "10 M" / "song_data").rglob("*.json"),)
    files = sorted(path for row in rows for path in row)[:100_000]
    (loader.landing / "song_data").mkdir(parents=True)
    for path in files:
        shutil.copyfile(path, loader.landing / "song_data" / path.name)
    loads, floors = [], []
    for _ in range(runs):
        loader.forget()
        loads.append(loader.load("--allow-empty"))
        floors.append(floor("song_data", loader))
    show(f"{len(files):,} one-song files", loads, "limit 1.5 times the floor", floors)


def another_day(loader: "Loader", landing: Path, runs: int) -> None:
    """One more day, on a month and on a year of loaded days: the same days on both."""
    days = sorted((landing / "log_data").rglob("*.json"))
    days, new = days[:-runs], days[-runs:]
    loader.landing = loader.folder / "days"
    shelf = loader.landing / "log_data"
    shelf.mkdir(parents=True)
    taken: dict[int, list[Run]] = {}
    for loaded in (30, len(days)):
        for path in shelf.iterdir():
            path.unlink()
        for path in days[:loaded]:
            os.link(path, shelf / path.name)
        loader.forget()
        time.sleep(REST)
        loader.load("--allow-empty")
        taken[loaded] = []
        for path in new:
            os.link(path, shelf / path.name)
            taken[loaded].append(loader.load("--allow-empty"))
        show(f"one more day on {loaded} days", taken[loaded], "")


# How it is measured


class Loader:
    """`invoke load` in a clone of the last commit, from a landing to be set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clone = folder / "clone"
        self.landing = folder
        self._environment = dict(os.environ)

    def load(self, *words: str) -> Run:
        """Loads; seconds and peak memory of the whole command."""
        return self._invoke("load", *words)

    def forget(self) -> None:
        """Throws the warehouse away and makes an empty one."""
        for path in self.clone.glob("sparkify.duckdb*"):
            path.unlink()
        self._invoke("up")

    def _invoke(self, *words: str) -> Run:
        self._environment["INVOKE_SPARKIFY_LANDING"] = str(self.landing)
        command = [sys.executable, "-m", "invoke", *words]
        return seconds_and_peak(command, self.clone, self._environment)


def floor(name: str, loader: Loader) -> Run:
    """The quickest way known to have the files' rows in a table, unchecked."""
    program = READ_JSON if name == "log_data" else JOIN_AND_READ
    warehouse = loader.folder / "floor.duckdb"
    warehouse.unlink(missing_ok=True)
    command = [sys.executable, "-c", PRELUDE + program]
    arguments = [str(warehouse), str(loader.landing / name), name]
    return seconds_and_peak([*command, *arguments], loader.clone)


PRELUDE = """
import os, sys
from pathlib import Path
import duckdb
from infra.loading.raw_schema import raw_tables
warehouse, landing, name = sys.argv[1:]
table = next(each for each in raw_tables(Path.cwd()) if each.landing == name)
columns = ", ".join(f"{each.name} {each.type}" for each in table.raw_columns)
keys = ", ".join(f"'{each.json}': '{each.type}'" for each in table.raw_columns)
connection = duckdb.connect(warehouse)
connection.execute(f"create table raw ({columns})")
def insert(files):
    connection.execute(
        f"insert into raw from read_json({files!r}, format = 'newline_delimited', "
        f"hive_partitioning = false, columns = {{{keys}}})"
    )
"""
READ_JSON = """
insert(sorted(str(path) for path in Path(landing).rglob("*.json")))
connection.close()
"""
JOIN_AND_READ = """
found, folders = [], [landing]
while folders:
    for entry in os.scandir(folders.pop()):
        (folders if entry.is_dir() else found).append(entry.path)
joined = warehouse + ".ndjson"
with open(joined, "wb") as target:
    for path in found:
        with open(path, "rb", buffering=0) as source:
            target.write(source.read().rstrip() + b"\\n")
insert([joined])
connection.close()
"""


def show(
    name: str, runs: list[Run], limit: str, floors: list[Run] | None = None
) -> None:
    """Prints a figure: medians, and how often the floor goes into it."""
    middle = statistics.median(seconds for seconds, _ in runs)
    memory = max(megabytes for _, megabytes in runs)
    told = f"{name:36}{middle:7.2f} s {memory:6.0f} MB"
    if floors:
        least = statistics.median(seconds for seconds, _ in floors)
        told += f"  floor {least:6.2f} s, {middle / least:.2f} times"
    say(told + (f"  ({limit})" if limit else ""))


# What it is measured on


def simulated(folder: Path, name: str, users: int, days: int) -> Path:
    """A simulated landing of that many events and a hundredth as many songs."""
    millions = int(name.partition(" ")[0])
    words = ["generate", "--into", str(folder / name), "--users", str(users)]
    words += ["--days", str(days), "--songs", str(10_000 * millions)]
    words += ["--events", str(1_000_000 * millions)]
    seconds_and_peak([sys.executable, "-m", "invoke", *words], folder / "clone")
    return folder / name


def alone(loader: Loader, landing: Path, name: str) -> Path:
    """A landing with one folder of another."""
    place = loader.folder / f"{landing.name} {name}"
    place.mkdir()
    (landing / name).rename(place / name)
    (landing / name).symlink_to(place / name)
    return place


if __name__ == "__main__":
    main()
