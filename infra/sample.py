"""The simulated sample, as the settings or the options of `invoke generate` say."""

from collections.abc import Mapping
from pathlib import Path

from infra import configuration, settings
from infra.configuration import RawSetting
from infra.console import Bar
from infra.errors import ConfigurationError
from infra.landing import simulator
from infra.project import Project
from infra.settings import Settings


def plan(chosen: Settings, events: int | None = None) -> simulator.Plan:
    """The simulator's plan for these settings."""
    return simulator.Plan(
        users=chosen.sample_users,
        songs=chosen.sample_songs,
        days=chosen.sample_days,
        seed=chosen.sample_seed,
        match_rate=chosen.sample_match_rate,
        events=events,
    )


def simulate(landing: Path, chosen: simulator.Plan, bar: Bar, *, replace: bool) -> str:
    """Writes the sample and says how large it is."""
    truth = simulator.generate(
        landing,
        chosen,
        replace=replace,
        progress=lambda label, done, total: bar.update(done, total, label),
    )
    counts = truth["counts"]
    return (
        f"{counts['staging_events']:,} events, {counts['users']:,} users, "
        f"{chosen.days:,} days, {counts['staging_songs']:,} songs"
    )


def generate(
    project: Project,
    given: Mapping[str, str],
    into: str,
    bar: Bar,
    *,
    replace: bool,
) -> str:
    """Simulates with the given options in place of the settings; returns what it made.

    Options are held to the rules of the settings they stand for.
    """
    chosen = settings.validated(
        configuration.read(project.root)
        | {
            f"sample_{name}": RawSetting(value, f"--{name.replace('_', '-')}")
            for name, value in given.items()
            if value and name != "events"
        }
    )
    landing = Path(into).expanduser().resolve() if into else project.landing_folder
    told = simulate(landing, plan(chosen, _events(given)), bar, replace=replace)
    return f"{told}, in {project.shown(landing)}"


def _events(given: Mapping[str, str]) -> int | None:
    text = given.get("events", "")
    if text and not (text.isascii() and text.isdigit() and int(text) > 0):
        raise ConfigurationError(
            f"--events = {text!r}: must be a whole number from 1 on."
        )
    return int(text) if text else None
