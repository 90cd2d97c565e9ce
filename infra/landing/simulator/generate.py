"""Makes a sample."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.landing.simulator.catalogue import Catalogue, catalogue
from infra.landing.simulator.encode import jsonpaths_file, log_file, song_file
from infra.landing.simulator.folder import (
    FORMAT,
    TRUTH,
    Files,
    check_vacant,
    faults_named,
    in_place_of,
)
from infra.landing.simulator.listening import days
from infra.landing.simulator.plan import Plan
from infra.landing.simulator.tracks import Jukebox
from infra.landing.simulator.truth import Tally

Progress = Callable[[str, int, int], None]  # what, how many are done, of how many
SONGS_PER_REPORT = 200


def generate(
    landing: Path,
    plan: Plan,
    *,
    replace: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write a sample into the landing folder and return its truth.

    The folder is complete or as it was before. Raises LandingError if it holds
    anything but an unchanged earlier sample that `replace` gives up.
    """
    landing = landing.resolve()
    with faults_named(landing, "read"):
        check_vacant(landing, replace=replace)
    report = progress or _nothing
    shelf = catalogue(plan.songs, plan.dice("catalogue"))
    with (
        faults_named(landing, "written"),
        in_place_of(landing, replace=replace) as folder,
    ):
        files = Files(folder)
        _write_songs(files, shelf, report)
        tally = _write_log(files, plan, shelf, report)
        files.write("log_json_path.json", [jsonpaths_file()])
        truth = {"format": FORMAT, "files": files.as_json()}
        truth |= tally.document(plan, shelf)
        encoded = json.dumps(truth, indent=2, sort_keys=True, ensure_ascii=False)
        (folder / TRUTH).write_text(f"{encoded}\n", encoding="utf-8")
    return truth


def _write_songs(files: Files, shelf: Catalogue, report: Progress) -> None:
    for number, song in enumerate(shelf.songs, start=1):
        folders = "/".join(song.track_id[2:5])
        files.write(f"song_data/{folders}/{song.track_id}.json", [song_file(song)])
        if number % SONGS_PER_REPORT == 0 or number == len(shelf.songs):
            report("songs", number, len(shelf.songs))


def _write_log(files: Files, plan: Plan, shelf: Catalogue, report: Progress) -> Tally:
    tally = Tally()
    jukebox = Jukebox(shelf, plan.match_rate, plan.dice("jukebox"))
    for number, (day, events) in enumerate(
        days(plan, jukebox, plan.dice("listening")), start=1
    ):
        if events:
            name = f"log_data/{day:%Y/%m}/{day}-events.json"
            files.write(name, log_file(events))
        tally.add(day, events)
        report("days", number, plan.days)
    return tally


def _nothing(_what: str, _done: int, _of: int) -> None:
    pass
