"""However raw files arrive and go, a build equals one from nothing, to the row.

`SPARKIFY_DEALS=20 invoke test --only "-k dealing"` deals twenty times instead of once.
"""

import json
import os
import shutil
import sys
import tarfile
from pathlib import Path

import pytest
from checkout import REPOSITORY, Checkout, succeeds

from infra.landing import simulator

DEALS = int(os.environ.get("SPARKIFY_DEALS", "1"))
SAMPLE = simulator.Plan(users=12, songs=40, days=6, seed=3, match_rate=0.4)


@pytest.fixture
def table(tmp_path: Path) -> Checkout:
    """A checkout with a profile, and a landing where nothing lies yet."""
    fresh = Checkout.make(tmp_path / "checkout")
    shutil.copyfile(fresh.root / "profiles.yml.example", fresh.root / "profiles.yml")
    for folder in ("log_data", "song_data"):
        (fresh.root / "data" / "landing" / folder).mkdir(parents=True)
    return fresh


def dealt(table: Checkout, seed: int, steps: int) -> None:
    """Deals, and makes sure that every model is right after each step.

    Plays are left at the end, or the last steps would have compared nothing.
    """
    program = str(REPOSITORY / "tests" / "infra" / "dealing.py")
    command = [sys.executable, program, str(table.root), str(seed), str(steps)]
    told = succeeds(table.run(command, {"PYTHONPATH": str(table.root)}))
    assert f"\nstep {steps}: " in told
    assert not told.endswith("\n0 plays\n"), told


def fill_from(archive: str, pool: Path) -> None:
    """Extracts a few days of the published log, and songs by artists played in them."""
    with tarfile.open(archive) as tar:
        files = {
            member.name: file.read()
            for member in tar
            if member.name.endswith(".json") and (file := tar.extractfile(member))
        }
    logs = sorted(name for name in files if name.startswith("log_data/"))
    days = sorted(logs, key=lambda name: len(files[name]))[:6]
    events = (json.loads(line) for name in days for line in files[name].splitlines())
    played = {event["artist"] for event in events} - {None}
    songs = [
        name
        for name in sorted(files.keys() - set(logs))
        if json.loads(files[name])["artist_name"] in played
    ]
    for name in (*days, *songs[:300]):
        (pool / name).parent.mkdir(parents=True, exist_ok=True)
        (pool / name).write_bytes(files[name])


@pytest.mark.parametrize("seed", range(1, DEALS + 1))
def test_simulated_files_in_any_order_give_what_a_build_from_nothing_gives(
    table: Checkout, seed: int
) -> None:
    simulator.generate(table.root / "pool", SAMPLE)
    dealt(table, seed, steps=3 if DEALS == 1 else 12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, DEALS + 1))
def test_published_files_in_any_order_give_what_a_build_from_nothing_gives(
    table: Checkout, seed: int
) -> None:
    archive = os.environ.get("SPARKIFY_REAL_DATA")
    if not archive:
        pytest.skip(
            "SPARKIFY_REAL_DATA does not name the archive of the published data"
        )
    fill_from(archive, table.root / "pool")
    dealt(table, seed, steps=2 if DEALS == 1 else 8)
