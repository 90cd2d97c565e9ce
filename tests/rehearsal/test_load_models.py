"""Every model has the same rows on both engines after both have loaded one landing."""

import datetime as dt
import json
import math
import shutil
import subprocess
import sysconfig
from decimal import Decimal
from pathlib import Path
from typing import Any

from test_scenarios import event, song
from two_engines import DUCKDB, ENGINES, REDSHIFT, REPOSITORY, Lab

from infra.landing import simulator

SAMPLE = simulator.Plan(users=20, songs=60, days=3, seed=7, match_rate=0.5)
PARTS = ("dbt_project.yml", "models", "macros", "seeds", "tests/data")
# What the loader takes and the models have to part from the rest, or to mend;
# tests complain of some of it, as they should, so the models are only made
ODD_EVENTS = [
    *(event(ts=ts, sessionId=1) for ts in (None, 0, -1, 1541106106, 10**14, 2**63 - 1)),
    *(event(userId=user, sessionId=2) for user in ("", None, "x", "8.0", " 8 ", "008")),
    *(event(song=song, sessionId=3) for song in ("", " ", "Ã©", "😀", "a\\b", '"')),
    *(event(length=each, sessionId=4) for each in (None, 0, -1.5, 1e308, 5e-324)),
    *(event(page=page, sessionId=5) for page in (None, "", "nextsong", "Nirvana")),
    *(event(level=level, sessionId=6) for level in (None, "", "PAID")),
    *(event(registration=each, sessionId=7) for each in (None, -1.0, 1e300)),
    *(event(location=each, sessionId=8) for each in (None, "", "Oslo", "A-B, NY-NJ")),
    event(sessionId=9),
    event(sessionId=9),
]
ODD_SONGS = [
    *(song(song_id=each) for each in ("", " ", "x", None)),
    *(song(song_id=f"SO{year}", year=year) for year in (None, -1, 2**31 - 1)),
    *(song(song_id=f"SOTW{title}", title=title) for title in (None, "", "😀", "Ã©")),
    *(song(song_id=f"SOAR{each}", artist_id=each) for each in (None, "")),
    *(song(song_id=f"SOD{each}", duration=each) for each in (None, -1.0, 0, 1e308)),
    song(
        song_id="SOL",
        artist_id="ARJIE2Y1187B994AB8",
        artist_latitude=-0.0,
        artist_longitude=0.0,
    ),
    *(song(song_id="SOTWICE", title=title) for title in ("a", "b")),
]
CLOSE = 1e-9  # that a computed number may differ by, of itself


def test_every_model_has_the_same_rows(lab: Lab, tmp_path: Path) -> None:
    simulator.generate(tmp_path / "landing", SAMPLE)
    for path in sorted((tmp_path / "landing").rglob("*.json")):
        name = path.relative_to(tmp_path / "landing").as_posix()
        if name.startswith(("log_data/", "song_data/")):
            lab.put(name, path.read_bytes())
    lab.put("log_data/odd.json", b"\n".join(ODD_EVENTS))
    lab.put("song_data/odd.json", b"\n".join(ODD_SONGS))
    lab.both(max_rejects="100")
    builds = [_build(lab, engine) for engine in ENGINES]
    for build in builds:
        told, _ = build.communicate()
        assert build.returncode == 0, told[-6000:]
    models = _models(lab)
    assert len(models) > 5
    with lab.asking(DUCKDB) as here, lab.asking(REDSHIFT) as there:
        found = {
            model: (here(f"select * from {model}"), there(f"select * from {model}"))
            for model in models
        }
    assert {model for model, (rows, _) in found.items() if not rows} == set()
    wrong = {model: _unlike(*rows) for model, rows in found.items()}
    assert {model: told for model, told in wrong.items() if told} == {}


def _build(lab: Lab, engine: str) -> subprocess.Popen[str]:
    root = lab.projects[engine].root
    for part in PARTS:
        source, copy = REPOSITORY / part, root / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, dirs_exist_ok=True)
        elif source.exists():
            shutil.copyfile(source, copy)
    dbt = Path(sysconfig.get_path("scripts")) / "dbt"
    return subprocess.Popen(
        [dbt, "--no-use-colors", "run"],
        cwd=root,
        env=lab.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _models(lab: Lab) -> list[str]:
    """All that dbt has built, as both engines name it."""
    built = []
    for engine in ENGINES:
        path = lab.projects[engine].root / "target" / "manifest.json"
        nodes = json.loads(path.read_text())["nodes"].values()
        built.append(
            sorted(
                f"{node['schema']}.{node['alias']}"
                for node in nodes
                if node["resource_type"] in {"model", "seed"}
                and node["config"]["materialized"] != "ephemeral"
            )
        )
    assert built[0] == built[1]
    return built[0]


def _unlike(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> list[str]:
    """Where the rows of a model differ, in whatever order they come; the first few."""
    if len(first) != len(second):
        return [f"{len(first)} rows, and {len(second)}"]
    told = []
    for one, other in zip(*(sorted(each, key=_rough) for each in (first, second))):  # noqa: B905
        if list(one) != list(other):
            return [f"the columns {list(one)}, and {list(other)}"]
        told += [
            f"{name}: {one[name]!r}, and {other[name]!r} in {other}"
            for name in one
            if not _alike(one[name], other[name])
        ]
    return told[:3]


def _alike(one: Any, other: Any) -> bool:  # noqa: ANN401 - cells hold anything
    numbers = (int, float, Decimal)
    if isinstance(one, bool) or isinstance(other, bool) or one is None:
        return one is other
    if isinstance(one, numbers) and isinstance(other, numbers):
        is_whole = isinstance(one, int) and isinstance(other, int)
        if is_whole:
            return one == other
        return math.isclose(one, other, rel_tol=CLOSE)
    return type(one) is type(other) and one == other


def _rough(row: dict[str, Any]) -> str:
    """What to sort by: numbers that differ little must not change the order."""
    return repr([_rounded(value) for value in row.values()])


def _rounded(value: Any) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, float | Decimal):
        return f"{float(value):.6g}"
    return value.isoformat() if isinstance(value, dt.date) else value
