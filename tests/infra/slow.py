"""What only `--slow` tries."""

from typing import Any

import pytest


def seeds(few: int, many: int) -> list[Any]:
    """Seeds of a test: a few that are always tried, and the rest."""
    return [*range(few), *map(slow, range(few, many))]


def slow(*values: object) -> Any:  # noqa: ANN401 - pytest does not name its type
    """Parameters of a test that take their time."""
    return pytest.param(*values, marks=pytest.mark.slow)
