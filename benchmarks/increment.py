"""Times the build of one more day, on a month of 1 million events and a year of 10.

    python benchmarks/increment.py [--days 3] [--large]

`--large` adds the year, which takes some minutes to simulate and load. Each of the last
days is loaded and built by itself, `dbt build --select +star` with its tests, and then
the marts with theirs. Beside it: the same build of a warehouse without rows, which is
what dbt costs, and the least that the day costs in SQL, which appends its rows to the
star and looks at no others.
Prints seconds of wall clock and of the processor; on a busy machine read the latter.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from load import simulated
from main_job import say, scratch_clone

DBT = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet"]
BUILD = [*DBT, "build", "--exclude-resource-type", "unit_test", "--select"]
SIZES = {"1 M": (10_000, 30), "10 M": (40_000, 365)}  # users, days


class Spent(NamedTuple):
    """What a process took."""

    wall: float  # seconds
    cpu: float  # seconds
    peak: float  # MB


def main() -> None:
    """Measures everything and prints a line per figure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--days", type=int, default=3)
    options.add_argument("--large", action="store_true")
    given = options.parse_args()
    with scratch_clone() as clone:
        fixed = Warehouse(clone).empty_builds(given.days)
        show("build without rows", fixed)
        builds = {}
        for size, (users, days) in SIZES.items():
            if size == "1 M" or given.large:
                landing = simulated(clone.parent, size, users, days)
                builds[size] = another_day(Warehouse(clone), landing, given.days, size)
                beyond = middle(builds[size]).cpu - middle(fixed).cpu
                say(f"{'  beyond that of none, CPU':44}{beyond:7.2f} s")
        if given.large:
            times = middle(builds["10 M"]).cpu / middle(builds["1 M"]).cpu
            say(f"{'10 M events in terms of 1 M':44}{times:7.2f} times  (limit 2)")


def another_day(
    warehouse: "Warehouse", landing: Path, count: int, size: str
) -> list[Spent]:
    """Builds all but the last days, then each of these by itself."""
    days = sorted((landing / "log_data").rglob("*.json"))
    warehouse.land(landing / "song_data", days[:-count])
    warehouse.run("-m", "invoke", "load")
    show(f"{size} events: first build", [warehouse.build()])
    warehouse.build("marts")
    floors, builds, marts = [], [], []
    for day in days[-count:]:
        warehouse.add(day)
        warehouse.run("-m", "invoke", "load")
        floors.append(warehouse.run("-c", FLOOR))
        builds.append(warehouse.build())
        marts.append(warehouse.build("marts"))
    show("  one more day: the SQL alone", floors)
    show("  one more day: build and tests", builds)
    show("    then the marts: build and tests", marts)
    show("  nothing new: build and tests", [warehouse.build() for _ in range(count)])
    return builds


class Warehouse:
    """A clone's warehouse and landing, made anew."""

    def __init__(self, clone: Path) -> None:
        self._clone = clone
        self._landing = clone / "data" / "landing"
        for path in clone.glob("sparkify.duckdb*"):
            path.unlink()
        subprocess.run(["rm", "-rf", self._landing], check=True)
        for folder in ("log_data", "song_data"):
            (self._landing / folder).mkdir(parents=True)
        (self._landing / "log_data" / "none.json").touch()
        self.run("-m", "invoke", "up")
        spent([*DBT, "seed"], clone)

    def land(self, songs: Path, days: Sequence[Path]) -> None:
        """Puts a catalogue and days of the log into the landing."""
        (self._landing / "song_data").rmdir()
        (self._landing / "song_data").symlink_to(songs)
        for day in days:
            self.add(day)

    def add(self, day: Path) -> None:
        """Puts one more day there."""
        os.link(day, self._landing / "log_data" / day.name)

    def build(self, part: str = "+star") -> Spent:
        """Builds a part of the models, as dbt selects it, and tests it."""
        return spent([*BUILD, part], self._clone)

    def empty_builds(self, count: int) -> list[Spent]:
        """Builds with nothing in any table, the first one not counted."""
        self.run("-m", "invoke", "load", "--allow-empty")
        return [self.build() for _ in range(count + 1)][1:]

    def run(self, *words: str) -> Spent:
        """Runs Python among the clone's files."""
        return spent([sys.executable, *words], self._clone)


def spent(command: Sequence[str], folder: Path) -> Spent:
    """What a command took, which has to succeed."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed, see above")
    return Spent(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def middle(runs: Sequence[Spent]) -> Spent:
    """The medians."""
    return Spent(*(statistics.median(values) for values in zip(*runs, strict=True)))


def show(name: str, runs: Sequence[Spent]) -> None:
    """Prints a figure."""
    took = middle(runs)
    say(
        f"{name:44}{took.wall:7.2f} s, CPU {took.cpu:7.2f} s, {took.peak:5.0f} MB"
        f"  ({len(runs)} runs)"
    )


# The last load's rows cleaned, matched and appended, and its users' rows replaced; then
# taken back, so that the build finds the day as it was
FLOOR = """
import duckdb
connection = duckdb.connect("sparkify.duckdb")
connection.execute("use sparkify.sparkify")
connection.execute("begin")
connection.execute('''
create temp table day as
select
    *,
    try_cast(userid as bigint) as user_id,
    epoch_ms(ts) as start_time,
    lower(regexp_replace(song, '[^A-Za-z0-9]', '', 'g')) as title_key,
    lower(regexp_replace(artist, '[^A-Za-z0-9]', '', 'g')) as artist_key
from sparkify.staging.staging_events
where _load_id = (select max(_load_id) from sparkify.staging.staging_events);
create temp table songs_by_key as
select
    *,
    lower(regexp_replace(title, '[^A-Za-z0-9]', '', 'g')) as title_key,
    lower(regexp_replace(artist_name, '[^A-Za-z0-9]', '', 'g')) as artist_key
from sparkify.staging.staging_songs;
insert into sparkify.sparkify.songplays by name
with matched as (
    select day.*, song_id, artist_id, abs(duration - length) as match_duration_diff
    from day
    left join songs_by_key
        on
            day.title_key = songs_by_key.title_key
            and day.artist_key = songs_by_key.artist_key
    where page = 'NextSong'
    qualify
        row_number() over (
            partition by sessionid, iteminsession, ts
            order by abs(duration - length), song_id
        ) = 1
)
select
    md5(sessionid || '|' || iteminsession || '|' || ts) as songplay_id,
    start_time,
    cast(start_time as date) as start_date,
    user_id,
    song_id,
    artist_id,
    sessionid as session_id,
    iteminsession as item_in_session,
    level,
    song as song_title,
    artist as artist_name,
    'none' as match_method,
    'none' as artist_match_method,
    location,
    useragent as user_agent,
    length as duration,
    match_duration_diff,
    _load_id as event_load_id
from matched;
insert into sparkify.sparkify.time by name
select distinct on (start_time)
    start_time,
    cast(start_time as date) as date,
    dayname(start_time) as weekday_name,
    hour(start_time) as hour,
    day(start_time) as day,
    week(start_time) as week,
    month(start_time) as month,
    quarter(start_time) as quarter,
    year(start_time) as year,
    isoyear(start_time) as iso_year,
    isodow(start_time) as weekday,
    isodow(start_time) > 5 as is_weekend,
    _load_id as load_id
from day
where page = 'NextSong';
delete from sparkify.sparkify.users
where user_id in (select user_id from day);
insert into sparkify.sparkify.users by name
select
    user_id,
    arg_max(firstname, ts) as first_name,
    arg_max(lastname, ts) as last_name,
    arg_max(gender, ts) as gender,
    arg_max(level, ts) as level,
    arg_max(location, ts) as location
from day
where user_id is not null
group by user_id;
''')
connection.execute("rollback")
"""


if __name__ == "__main__":
    main()
