"""The verbs of this project; `invoke` alone lists them.

Every parameter is optional but the query of `sql` and the question of `ask`: a
required one would swallow the next task's name in `invoke up load`. Imports are inside
the tasks, so that the list appears at once.
"""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context
from invoke.exceptions import Exit

from infra.verbs import refuse_bad_settings, verb

if TYPE_CHECKING:
    from infra.project import Project

ROOT = Path(__file__).resolve().parent

refuse_bad_settings(ROOT)


def project() -> "Project":
    """The project these tasks work on."""
    from infra.project import Project

    return Project(ROOT)


@verb(default=True)
def contents(_: Context) -> None:
    """Show this list."""
    subprocess.run([sys.executable, "-m", "invoke", "--list"], cwd=ROOT, check=True)


@verb(
    help={
        "target": "local or redshift (default: the one of profiles.yml, else local)",
        "plan": "redshift: only say what would be done; exit 3 when that is something",
        "yes": "redshift: do not ask",
        "cidr": "redshift: who may come in, as 203.0.113.7/32 (default: you)",
        "accept_unknown_cost": "redshift: go on without a price",
    }
)
def up(
    _: Context,
    target: str = "",
    plan: bool = False,
    yes: bool = False,
    cidr: str = "",
    accept_unknown_cost: bool = False,
) -> None:
    """Make the warehouse, here or on AWS; say the price first."""
    from infra import console, local, profile, steps

    if profile.chosen_target(ROOT, target) == profile.LOCAL:
        local.refuse_options(
            plan=plan, cidr=bool(cidr), accept_unknown_cost=accept_unknown_cost
        )
        with steps.timed(ROOT, "up") as watch, console.bar("making it") as bar:
            readied = local.up(project(), bar)
        console.closing("up", local.announce(readied), watch.seconds, "invoke load")
        return
    from infra.aws import verbs
    from infra.aws.up import Asked

    asked = Asked(cidr, accept_unknown_cost)
    if plan:
        watch = steps.Stopwatch.start()
        if verbs.up_plan(project(), asked):
            told = "nothing was changed"
            console.closing("up", told, watch.seconds, "invoke up --target redshift")
            raise Exit(code=verbs.CHANGES)
        console.closing("up", "nothing to do", watch.seconds, "invoke status")
        return
    with steps.timed(ROOT, "up") as watch:
        told, next_step = verbs.bring_up(project(), asked, yes=yes)
    console.closing("up", told, watch.seconds, next_step)


@verb(
    help={
        "dry_run": "say what would be done with each file, and write nothing",
        "full_refresh": "load every file anew, beside the old tables, and swap",
        "prune": "drop the rows of files that are gone",
        "strict": "tolerate no reject, no link",
        "freeze": "fail on keys that are new or missing",
        "max_rejects": "rows, as 5, or share of rows, as 2%, that may be rejected",
        "duplicates": "`load` loads files of the same content too (default: skip)",
        "allow_empty": "a landing without files is fine",
        "print_sql": "print one-shot COPYs as SQL, or what --external says; do nothing",
        "external": "redshift: load nothing, read the files as external tables",
    }
)
def load(
    _: Context,
    dry_run: bool = False,
    full_refresh: bool = False,
    prune: bool = False,
    strict: bool = False,
    freeze: bool = False,
    max_rejects: str = "",
    duplicates: str = "skip",
    allow_empty: bool = False,
    print_sql: bool = False,
    external: bool = False,
) -> None:
    """Copy new and changed raw files into the staging tables."""
    from infra import console, load_report, profile, steps
    from infra.loading import load as loading
    from infra.loading.options import options

    given = {"full_refresh": full_refresh, "prune": prune, "freeze": freeze}
    asked = options(
        max_rejects, duplicates, strict=strict, allow_empty=allow_empty, **given
    )
    if print_sql or external:
        from infra import external as files

        others = dry_run or asked != options("", "skip", strict=False)
        if print_sql:
            files.print_sql(project(), is_external=external, others=others)
            return
        watch = steps.Stopwatch.start()
        told = files.register(project(), others=others)
        console.closing("load", told, watch.seconds, files.NEXT)
        return
    if dry_run:
        watch = steps.Stopwatch.start()
        with console.bar("looking at raw files") as bar:
            targets = loading.plan(project(), asked, bar)
        told = load_report.decisions(targets)
        console.closing("load", told, watch.seconds, "invoke load")
        return
    with steps.timed(ROOT, "load") as watch, console.bar("loading raw files") as bar:
        loaded = loading.load(project(), bar, asked)
    load_report.warnings(loaded)
    if profile.default_redshift(ROOT) is not None:
        from infra.aws import verbs

        verbs.warn_when_over(project())
    console.closing("load", load_report.told(loaded), watch.seconds, "invoke build")


@verb(
    help={
        "load_id": "the rejects of this load",
        "all": "the whole history, not what is still open",
        "json": "print a JSON list of objects",
    }
)
def rejects(
    _: Context, load_id: str = "", all: bool = False, json: bool = False
) -> None:
    """Show what could not be loaded: file, line, column, reason."""
    from infra import console, steps
    from infra import rejects as rejected

    watch = steps.Stopwatch.start()
    told = rejected.report(project(), load_id, all, json)
    if not json:
        console.closing("rejects", told, watch.seconds, "invoke load")


@verb(
    help={"runs": "how many of the last loads", "json": "print a JSON list of objects"}
)
def load_status(_: Context, runs: str = "10", json: bool = False) -> None:
    """Show the last loads and what they left open."""
    from infra import console, steps
    from infra import load_status as loads

    watch = steps.Stopwatch.start()
    told = loads.report(project(), runs, json)
    if not json:
        console.closing("load-status", told, watch.seconds, "invoke rejects")


@verb(help={"select": "dbt's node selection, as in `star` or `+songplays`"})
def build(_: Context, select: str = "") -> None:
    """Build the star and test it: dbt build."""
    from infra import console, dbt, steps
    from infra import status as state

    with steps.timed(ROOT, "build") as watch:
        told = dbt.build(project(), select).told() + state.headline(project())
    console.closing("build", told, watch.seconds, "invoke docs, invoke verify")


@verb(
    help={
        "serve": "open the site in a browser and serve it until Ctrl-C",
        "port": "where to serve it, on 127.0.0.1",
    }
)
def docs(_: Context, serve: bool = False, port: str = "8080") -> None:
    """Write the docs site as one file; --serve opens it."""
    from infra import console, steps
    from infra import docs as site

    if serve:
        site.refuse_port(port)
    with steps.timed(ROOT, "docs") as watch:
        page = site.write(project())
    shown = project().shown(page)
    console.closing(
        "docs", f"wrote {shown}", watch.seconds, f"open {shown} in a browser"
    )
    if serve:
        site.serve(page, port)


@verb(help={"png": "a folder: write each chart there as a picture, too"})
def report(_: Context, png: str = "") -> None:
    """Write the listening report as one HTML file."""
    from infra import console, steps
    from infra.report import write

    with steps.timed(ROOT, "report") as watch, console.bar("reporting") as bar:
        page, told = write.write(project(), png, bar)
    shown = project().shown(page)
    console.closing("report", told, watch.seconds, f"open {shown} in a browser")


@verb(help={"json": "print a JSON object"})
def verify(_: Context, json: bool = False) -> None:
    """Compare counts with the classic project's, and say why."""
    from infra import console, steps
    from infra import verify as verification

    with steps.timed(ROOT, "verify") as watch:
        verdict = verification.verify(project())
        verification.report(project(), verdict, as_json=json)
        verification.refuse_broken_truths(verdict)
    if not json:
        told = verdict.told()
        console.closing("verify", told, watch.seconds, "invoke questions")


@verb(
    help={
        "target": "local or redshift (default: the one of profiles.yml)",
        "json": "print a JSON object",
    }
)
def status(_: Context, target: str = "", json: bool = False) -> None:
    """Show files, rows and last runs; on AWS state and cost."""
    from infra import console, profile, steps
    from infra import status as state

    watch = steps.Stopwatch.start()
    if profile.chosen_target(ROOT, target) == profile.REDSHIFT:
        from infra.aws import verbs

        told, next_step = verbs.show_status(project(), as_json=json)
        if not json:
            console.closing("status", told, watch.seconds, next_step)
        return
    if json:
        state.print_status(project())
        return
    told, next_step = state.status(project())
    console.closing("status", told, watch.seconds, next_step)


@verb(help={"json": "print a JSON list of objects"})
def tables(_: Context, json: bool = False) -> None:
    """Show rows and size of each table; on Redshift skew too."""
    from infra import console, steps
    from infra import tables as relations

    watch = steps.Stopwatch.start()
    told = relations.report(project(), json)
    if not json:
        console.closing("tables", told, watch.seconds, 'invoke sql "select …"')


@verb(
    positional=["query"],
    help={
        "query": "one SQL statement; bare table names work",
        "csv": "print CSV",
        "json": "print a JSON list of objects",
    },
)
def sql(_: Context, query: str, csv: bool = False, json: bool = False) -> None:
    """Run a query: invoke sql "select count(*) from songplays"."""
    from infra import query as queries

    queries.run(project(), query, queries.form(csv=csv, json=json))


@verb()
def questions(_: Context) -> None:
    """List the questions that people ask first, for `ask`."""
    from infra import console, steps
    from infra import questions as asked

    watch = steps.Stopwatch.start()
    told = asked.report(ROOT)
    console.closing("questions", told, watch.seconds, "invoke ask NAME")


@verb(
    positional=["question"],
    help={
        "question": "a name that `invoke questions` lists",
        "csv": "print CSV",
        "json": "print a JSON list of objects",
    },
)
def ask(_: Context, question: str, csv: bool = False, json: bool = False) -> None:
    """Answer one of them: invoke ask when_do_people_listen."""
    from infra import query, questions

    questions.ask(project(), question, query.form(csv=csv, json=json))


@verb(
    help={
        "users": "how many people (default: the setting sample_users)",
        "songs": "how many songs the catalogue holds (sample_songs)",
        "days": "how many days the log covers (sample_days)",
        "seed": "same seed, same bytes (sample_seed)",
        "match_rate": "share of plays whose song the catalogue has (sample_match_rate)",
        "events": "about how many events; as many as the users make when left out",
        "into": "folder to write to (default: the setting landing)",
        "replace": "replace an earlier sample there",
    }
)
def generate(
    _: Context,
    users: str = "",
    songs: str = "",
    days: str = "",
    seed: str = "",
    match_rate: str = "",
    events: str = "",
    into: str = "",
    replace: bool = False,
) -> None:
    """Simulate raw files, and the truth about them."""
    from infra import console, sample, steps

    given = {"users": users, "songs": songs, "days": days, "seed": seed}
    given |= {"match_rate": match_rate, "events": events}
    with steps.timed(ROOT, "generate") as watch, console.bar("simulating") as bar:
        told = sample.generate(project(), given, into, bar, replace=replace)
    console.closing("generate", told, watch.seconds, "invoke load build")


@verb(
    help={
        "target": "redshift looks at AWS too (default: the one of profiles.yml)",
        "cidr": "redshift: who is to come in, as 203.0.113.7/32 (default: you)",
    }
)
def check(_: Context, target: str = "", cidr: str = "") -> None:
    """Look for what is missing, here and on AWS, before it is missed."""
    from infra import check as checks
    from infra import console, local, profile, steps

    watch = steps.Stopwatch.start()
    if profile.chosen_target(ROOT, target) == profile.REDSHIFT:
        from infra.aws import verbs

        found = [*checks.machine("redshift"), *verbs.findings(project(), cidr)]
        next_step = "invoke up --target redshift --plan"
    else:
        local.refuse_options(cidr=bool(cidr))
        found = checks.findings(project())
        next_step = "invoke up load build"
    count = checks.report(found)
    console.closing("check", f"all {count} are well", watch.seconds, next_step)


@verb(
    help={
        "landing": "folder with song_data/ and log_data/ (default: a simulated sample)",
        "keep": "leave it running until Ctrl-C, for dbt, psql and the like",
    }
)
def rehearse(_: Context, landing: str = "", keep: bool = False) -> None:
    """Go to Redshift and back without AWS: on stand-ins, here."""
    from infra import console, steps
    from infra.rehearsal import rehearse as rehearsal

    watch = steps.Stopwatch.start()
    told = rehearsal.rehearse(project(), landing, keep=keep)
    next_step = "invoke up --target redshift --plan"
    console.closing("rehearse", told, watch.seconds, next_step)


@verb(help={"only": "pytest's arguments, as in `-k simulator`"})
def test(_: Context, only: str = "") -> None:
    """Run the project's own tests."""
    from infra import console, quality, steps

    with steps.timed(ROOT, "test") as watch:
        quality.test(ROOT, only.split())
    console.closing("test", "all tests passed", watch.seconds, "invoke lint")


@verb()
def lint(_: Context) -> None:
    """Check the style of Python, SQL, YAML and the dbt project."""
    from infra import console, local, quality, steps

    with steps.timed(ROOT, "lint") as watch:
        local.ensure_profile(project())
        count = quality.lint(ROOT)
    console.closing(
        "lint", f"{count} linters are content", watch.seconds, "invoke test"
    )


@verb()
def pause(_: Context) -> None:
    """AWS: stop the cluster and its price; its data stay."""
    from infra import console, steps
    from infra.aws import verbs

    with steps.timed(ROOT, "pause") as watch:
        told = verbs.pause(project())
    console.closing("pause", told, watch.seconds, "invoke resume")


@verb()
def resume(_: Context) -> None:
    """AWS: start the paused cluster, with a new lifetime."""
    from infra import console, steps
    from infra.aws import verbs

    with steps.timed(ROOT, "resume") as watch:
        told = verbs.resume(project())
    console.closing("resume", told, watch.seconds, "invoke status")


@verb(help={"hours": "from now on (default: the setting lifetime_hours)"})
def extend(_: Context, hours: str = "") -> None:
    """AWS: move the moment at which the cluster is paused."""
    from infra import console, steps
    from infra.aws import verbs

    watch = steps.Stopwatch.start()
    told = verbs.extend(project(), hours)
    console.closing("extend", told, watch.seconds, "invoke status")


@verb(help={"cidr": "who may come in, as 203.0.113.7/32 (default: you)"})
def allow_me(_: Context, cidr: str = "") -> None:
    """AWS: let in the address you have now, in place of the old one."""
    from infra import console, steps
    from infra.aws import verbs

    watch = steps.Stopwatch.start()
    told = verbs.allow_me(project(), cidr)
    console.closing("allow-me", told, watch.seconds, "invoke status")


@verb()
def leftovers(_: Context) -> None:
    """AWS: list what there is of the stack and what it costs."""
    from infra import console, steps
    from infra.aws import verbs

    watch = steps.Stopwatch.start()
    told = verbs.list_leftovers(project())
    console.closing("leftovers", told, watch.seconds, "invoke up --target redshift")


@verb()
def unlock(_: Context) -> None:
    """AWS: take away the lock of a run that was killed."""
    from infra import console, steps
    from infra.aws import verbs

    watch = steps.Stopwatch.start()
    console.closing(
        "unlock", verbs.unlock(project()), watch.seconds, "invoke up --target redshift"
    )


@verb()
def policy(_: Context) -> None:
    """AWS: print the IAM policy that whoever runs this needs."""
    from infra.aws import verbs

    verbs.print_policy(project())


@verb(
    help={
        "target": "local or redshift (default: the one of profiles.yml, else local)",
        "yes": "do not ask",
        "no_final_snapshot": "redshift: keep nothing of the cluster's data",
        "purge": "redshift: delete earlier snapshots and the audit log too",
    }
)
def down(
    _: Context,
    target: str = "",
    yes: bool = False,
    no_final_snapshot: bool = False,
    purge: bool = False,
) -> None:
    """Remove what `up` and `load` made, here or on AWS; asks first."""
    from infra import console, local, profile, removal, steps

    watch = steps.Stopwatch.start()
    if profile.chosen_target(ROOT, target) == profile.REDSHIFT:
        from infra.aws import verbs

        keep = not no_final_snapshot
        told = verbs.take_down(project(), yes=yes, final_snapshot=keep, purge=purge)
        console.closing("down", told, watch.seconds, "invoke leftovers")
        return
    local.refuse_options(no_final_snapshot=no_final_snapshot, purge=purge)
    plan = removal.plan(project())
    removal.announce(project(), plan)
    told = removal.carry_out(project(), plan, yes=yes)
    console.closing("down", told, watch.seconds, "invoke up")
