"""Faults put into the loader: the rehearsal stops them, or the comparison does."""

from collections.abc import Callable, Sequence

import pytest
from landing_files import EVENT, SONG
from two_engines import ENGINES, Lab, differences

from infra.loading.redshift_faults import RedshiftError
from infra.loading.redshift_stage import Stage


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes the loader write its JSONPaths of other columns than it names to COPY."""
    whole = Stage.put_paths

    def put(change: Callable[[list[str]], Sequence[str]]) -> None:
        def paths(self: Stage, name: str, columns: Sequence[str]) -> str:
            return whole(self, name, change(list(columns)))

        monkeypatch.setattr(Stage, "put_paths", paths)

    return put


def test_a_column_that_jsonpaths_lack_stops_the_load(
    lab: Lab, faulty: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.good()
    faulty(lambda columns: columns[:-1])
    with pytest.raises(RedshiftError, match="JSONPath size"):
        lab.load()
    monkeypatch.undo()
    assert not lab.load().is_nothing


def test_jsonpaths_in_another_order_are_found_by_the_comparison(
    lab: Lab, faulty: Callable[..., None]
) -> None:
    """COPY itself is content: each value fits the column that it comes to."""
    lab.put("log_data/a.json", EVENT | {"song": "a title", "artist": "a name"})
    lab.put("song_data/a.json", SONG)
    other = {"artist": "song", "song": "artist"}
    faulty(lambda columns: [other.get(each, each) for each in columns])
    for engine in ENGINES:
        lab.load(engine)
    told = differences(*(lab.contents(engine) for engine in ENGINES))
    assert [each.partition(" of ")[0] for each in told] == [
        "staging_events.artist",
        "staging_events.song",
    ]
