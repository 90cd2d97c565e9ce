"""README's recorded session, held against what the commands print."""

import importlib.util
from types import ModuleType

import pytest
from checkout import REPOSITORY, Built, Checkout, succeeds


@pytest.fixture(scope="module")
def session() -> ModuleType:
    """The script that makes it."""
    spec = importlib.util.spec_from_file_location(
        "recorded_session", REPOSITORY / "docs" / "session.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readme_s_session_is_what_the_commands_print(
    session: ModuleType, built: Built, own_built: Checkout
) -> None:
    """`python docs/session.py` records it anew."""

    def typed(words: list[str]) -> str:
        if words[:4] == ["up", "load", "build", "docs"]:
            rest = words[4:]
            more = succeeds(own_built.invoke(*rest)) if rest else ""
            return built.completed.stdout + more
        return succeeds(own_built.invoke(*words))

    assert session.steady(session.kept()) == session.steady(session.recorded(typed))


def test_the_session_is_short_and_begins_with_nothing(session: ModuleType) -> None:
    lines = session.kept().splitlines()
    assert 20 < len(lines) <= 42
    assert lines[1].startswith("$ invoke up load build docs")
    assert lines[2] == "  made  profiles.yml"


def test_only_seconds_and_megabytes_may_differ(session: ModuleType) -> None:
    told = "load  8,055 events from 30 files (0.4 s), 11.0 MB of 24.4 %"
    assert (
        session.steady(told) == "load  8,055 events from 30 files (… s), … MB of 24.4 %"
    )


def test_progress_and_next_steps_in_between_are_left_out(session: ModuleType) -> None:
    progress = "  loading …\n  loading: 1 of 2,000\n"
    told = f"{progress}load  done\nnext: a\nbuild  done\nnext: b\n"
    shown = session.recorded(lambda _: told)
    first = shown.split("\n\n")[0]
    assert first.splitlines()[2:] == ["load  done", "build  done", "next: b"]
