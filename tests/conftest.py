"""What all tests have in common.

`--slow` adds the tests marked `slow`: more seeds and more combinations of what the
others try already. CI runs them once a week.
"""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from parsed import Shelf

# What runs this in the background may have it ignore Ctrl-C, and children inherit that
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow", action="store_true", help="run the tests marked slow as well"
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    if config.getoption("--slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in set(slow)]


@pytest.fixture(scope="session", autouse=True)
def shelf(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Lets all runs of dbt share what they understood of the files."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    Shelf.folder = base / "parsed"
    Shelf.folder.mkdir(exist_ok=True)


@pytest.fixture(scope="session", autouse=True)
def service_models() -> Iterator[None]:
    """Lets all of boto3's sessions share what they read about the services.

    Each session parses megabytes of JSON, and each test makes sessions of its own.
    """
    from botocore.loaders import Loader  # noqa: PLC0415 - slow to import

    with pytest.MonkeyPatch.context() as patch:
        known: dict[tuple[str, ...], Any] = {}
        made: Any = Loader.__init__

        def sharing(self: Any, *given: Any, **named: Any) -> None:  # noqa: ANN401
            made(self, *given, **named)
            self._cache = known

        patch.setattr(Loader, "__init__", sharing)
        yield
