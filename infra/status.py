"""`invoke status`: what there is, how large, and how old."""

from infra import steps
from infra.console import say, table
from infra.local import count_files
from infra.project import Project
from infra.warehouse import ALIAS, reader


def status(project: Project) -> str:
    """Prints files, relations and steps; returns the step that comes next."""
    profile = project.profile
    size = profile.path.stat().st_size if profile.path.exists() else 0
    files = count_files(project)
    say(
        f"target {profile.target} ({profile.type}): {project.shown(profile.path)}, "
        f"{size / 1e6:,.1f} MB"
    )
    counted = ", ".join(f"{count:,} files in {name}" for name, count in files.items())
    say(f"landing {project.shown(project.settings.landing)}: {counted}")
    relations = _relations(project)
    table(
        ("schema", "relation", "rows"),
        [(schema, name, f"{rows:,}") for schema, name, rows in relations],
    )
    done = steps.read(project.root)
    if done:
        table(
            ("step", "last run, UTC", "seconds"),
            [
                (
                    step.name,
                    step.finished_at[:19].replace("T", " "),
                    f"{step.seconds:.1f}",
                )
                for step in done
            ],
        )
    return _next_step({name for _, name, rows in relations if rows})


def _relations(project: Project) -> list[tuple[str, str, int]]:
    """Schema, name and rows of every table, counted in one statement."""
    with reader(project.profile) as connection:
        names = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_catalog = ? order by 1, 2",
            [ALIAS],
        ).fetchall()
        counts = connection.execute(
            " union all ".join(
                f"select '{schema}', '{name}', count(*) "
                f'from {ALIAS}."{schema}"."{name}"'
                for schema, name in names
            )
            or "select '', '', 0 where false"
        ).fetchall()
    return sorted((str(schema), str(name), int(rows)) for schema, name, rows in counts)


def _next_step(filled: set[str]) -> str:
    if "staging_events" not in filled:
        return "invoke load"
    if "songplays" not in filled:
        return "invoke build"
    return "invoke verify"
