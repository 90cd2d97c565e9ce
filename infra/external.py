"""`invoke load --print-sql` and `--external`: joins settings, AWS and the cluster."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from infra import console
from infra import profile as profiles
from infra.aws import registration, verbs
from infra.aws.catalog_tables import ExternalTable
from infra.aws.names import Stack
from infra.errors import ConfigurationError
from infra.loading import external, external_session, printed

if TYPE_CHECKING:
    from infra.profile import Redshift
    from infra.project import Project

NEXT = f"dbt build {external.CHOICE}".replace("'", '"')
_LACKS = (
    "no ledger, no rejects, no line numbers: every query reads every file; a line that "
    "is no JSON or a text too long fails it, a number that is none may be null; files "
    "of the same content count twice, and thousands of small ones are slow"
)


def print_sql(project: Project, *, is_external: bool, others: bool) -> None:
    """Prints a script to standard output and nothing else; asks nobody for anything."""
    if others:
        raise ConfigurationError(
            "--print-sql prints a load by hand, which knows none of the other options "
            "but --external."
        )
    settings, tables = project.settings, project.raw_tables
    if is_external:
        stack = Stack(settings.stack, settings.aws_account, settings.aws_region)
        text = external.script(tables, stack.catalog)
    else:
        text = printed.script(
            tables,
            project.ledger_tables.values(),
            settings.copy_from,
            settings.aws_region,
        )
    sys.stdout.write(text)


def register(project: Project, *, others: bool) -> str:
    """Has Redshift read the raw files where they lie; what the closing line says."""
    redshift = _cluster(project, others=others)
    here = verbs.opened(project)
    if redshift.cluster != here.stack.full_name:
        raise ConfigurationError(
            f"{profiles.FILE} leads to the cluster {redshift.cluster}, the settings to "
            f"{here.stack.full_name}. `invoke up --target redshift` writes it anew."
        )
    with console.bar("looking at AWS"):
        node_type = registration.refuse_without_cluster(here)
    console.say(f"  reads   {project.settings.copy_from}, each time a query asks")
    registration.say_terms(here, node_type)
    console.say(f"  lacks   {_LACKS}")
    with console.bar("registering the raw files with Glue") as bar:
        is_new = registration.register(here, _tables(project), bar)
    with console.bar("making views on the cluster, and reading a row of each"):
        external_session.register(project, redshift, here.stack.catalog)
    glue = f"Glue's database {here.stack.catalog}"
    done = f"registered in {glue}" if is_new else f"in {glue} as they should be"
    names = " and ".join(table.name for table in project.raw_tables)
    return f"{names} {done}, views on them in {external.VIEWS}"


def _cluster(project: Project, *, others: bool) -> Redshift:
    """The cluster to make views on; raises where there is none, or not to be."""
    if others:
        raise ConfigurationError(
            "--external loads nothing, so none of the other options goes with it but "
            "--print-sql."
        )
    redshift = profiles.default_redshift(project.root)
    if redshift is None:
        raise ConfigurationError(
            "--external is for Redshift, and the default target is another: DuckDB has "
            "no external tables here, plain `invoke load` fills it."
        )
    if not project.settings.external_tables:
        raise ConfigurationError(
            "The setting external_tables is false: the cluster may neither reach Glue "
            "nor read its tables. Set it to true in invoke.yaml, run `invoke up "
            "--target redshift`, and then this again."
        )
    return redshift


def _tables(project: Project) -> list[ExternalTable]:
    """The raw tables over the folders of their files."""
    source = project.settings.copy_from
    return [
        ExternalTable(
            table.name,
            source.uri(source.below(table.landing)),
            tuple((column.name, column.type) for column in table.raw_columns),
        )
        for table in project.raw_tables
    ]
