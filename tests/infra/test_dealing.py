"""However raw files arrive and go, a build equals one from nothing, to the row.

`SPARKIFY_DEALS=20 invoke test --only "-k dealing"` deals twenty times instead of once.
"""

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


def dealt(table: Checkout, seed: int, steps: int) -> str:
    """What was dealt, once it is sure that every model was right after each step."""
    program = str(REPOSITORY / "tests" / "infra" / "dealing.py")
    command = [sys.executable, program, str(table.root), str(seed), str(steps)]
    return succeeds(table.run(command, {"PYTHONPATH": str(table.root)}))


@pytest.mark.parametrize("seed", range(1, DEALS + 1))
def test_simulated_files_in_any_order_give_what_a_build_from_nothing_gives(
    table: Checkout, seed: int
) -> None:
    simulator.generate(table.root / "pool", SAMPLE)
    told = dealt(table, seed, steps=6 if DEALS == 1 else 12)
    assert told.count("step ") >= 6, told
    assert not told.endswith("\n0 plays\n"), told


@pytest.mark.parametrize("seed", range(1, DEALS + 1))
def test_published_files_in_any_order_give_what_a_build_from_nothing_gives(
    table: Checkout, seed: int
) -> None:
    archive = os.environ.get("SPARKIFY_REAL_DATA")
    if not archive:
        pytest.skip(
            "SPARKIFY_REAL_DATA does not name the archive of the published data"
        )
    with tarfile.open(archive) as tar:
        tar.extractall(table.root / "pool", filter="data")
    assert "step 3: " in dealt(table, seed, steps=3 if DEALS == 1 else 8)
