import fcntl
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from checkout import Built, Checkout, Completed, Shared, succeeds
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# The same examples in each run: what fails in CI fails here
settings.register_profile("fixed", derandomize=True)
settings.load_profile("fixed")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """Makes a folder once for all of xdist's workers, by name."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent

    def folder(name: str, make: Callable[[Path], None]) -> Path:
        path, done = base / name, base / f"{name}.done"
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                path.mkdir()  # fails where an earlier attempt failed
                make(path)
                done.touch()
        return path

    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A fresh checkout: no profile, no data, nothing made."""
    return Checkout.make(tmp_path / "checkout")


@pytest.fixture(scope="session")
def built(shared: Shared) -> Built:
    """A checkout after `invoke up load build docs`, to be read only."""

    def make(folder: Path) -> None:
        fresh = Checkout.make(folder / "checkout")
        completed = fresh.invoke("up", "load", "build", "docs")
        told = [completed.returncode, completed.stdout, completed.stderr]
        (folder / "told.json").write_text(json.dumps(told))

    folder = shared("built", make)
    code, stdout, stderr = json.loads((folder / "told.json").read_text())
    completed = Completed([], code, stdout, stderr)
    succeeds(completed)
    return Built(Checkout(folder / "checkout"), completed)


@pytest.fixture
def own_built(built: Built, tmp_path: Path) -> Checkout:
    """A copy of the built checkout, to be changed at will."""
    return built.checkout.copied_to(tmp_path / "checkout")


@pytest.fixture(scope="session")
def reported(built: Built, shared: Shared) -> Checkout:
    """The built checkout after `invoke report`, to be read only."""

    def make(folder: Path) -> None:
        copy = built.checkout.copied_to(folder / "checkout")
        told = succeeds(copy.invoke("report", "--png", "pictures"))
        (folder / "told.txt").write_text(told)

    return Checkout(shared("reported", make) / "checkout")


@pytest.fixture(scope="session")
def real(shared: Shared) -> Checkout:
    """A checkout whose star was built from the published data."""
    archive = os.environ.get("SPARKIFY_REAL_DATA")
    if not archive:
        pytest.skip(
            "SPARKIFY_REAL_DATA does not name the archive of the published data"
        )

    def make(folder: Path) -> None:
        fresh = Checkout.make(folder / "checkout")
        with tarfile.open(archive) as tar:
            tar.extraction_filter = getattr(tarfile, "data_filter", None)  # 3.11.4
            tar.extractall(fresh.root / "data" / "landing")
        succeeds(fresh.invoke("up", "load"))
        succeeds(fresh.dbt("build", "--exclude-resource-type", "test", "unit_test"))

    return Checkout(shared("real", make) / "checkout")


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """A browser, where the machine has one; else the test is skipped and says so."""
    from browser import launched  # noqa: PLC0415 - slow to import

    with launched() as browser:
        yield browser


@pytest.fixture
def manifest(built: Built) -> dict[str, Any]:
    """What dbt wrote of the project when it was built."""
    found = json.loads((built.checkout.root / "target" / "manifest.json").read_text())
    assert isinstance(found, dict)
    return found
