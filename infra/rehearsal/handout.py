"""How a person gets at a rehearsal that is kept running."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from infra.console import say

if TYPE_CHECKING:
    from infra.rehearsal.rehearsal import Rehearsal

# For sh, bash and zsh: what is set already may lead elsewhere
_UNSET = r"""
for name in $(env | sed -n 's/^\([A-Za-z0-9_]*\)=.*/\1/p'); do
  case $name in
    AWS_* | BOTO* | DBT_* | INVOKE_* | PG* | *_PROXY | *_proxy) unset "$name" ;;
  esac
done
""".strip()


def hand_out(running: Rehearsal) -> None:
    """Writes a file of variables to source, and says what can be done with it."""
    file = write(running)
    standin, folder = running.standin, running.scratch.project
    say("")
    say("It is all there, until you press Ctrl-C here. In another terminal:")
    say(f"  cd {shlex.quote(str(folder))} && . {shlex.quote(str(file))}")
    say('  dbt build        invoke sql "select count(*) from songplays"        psql')
    say(
        f"or any other client: host {standin.host}, port {standin.port}, database "
        f"{standin.database}, user {standin.admin}, password {running.password}, "
        f"TLS trusted by {running.ca_file}. Nothing of it is good for anything else."
    )


def write(running: Rehearsal) -> Path:
    """Writes the variables as a shell takes them; the file is for its owner alone."""
    standin = running.standin
    psql = {
        "PGHOST": standin.host,
        "PGPORT": str(standin.port),
        "PGDATABASE": standin.database,
        "PGUSER": standin.admin,
        "PGPASSWORD": running.password,
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(running.ca_file),
    }
    lines = [
        "# Leads this shell to the rehearsal and to nothing else. The key and the",
        "# password end with it.",
        _UNSET,
        *(
            f"export {name}={shlex.quote(value)}"
            for name, value in {**running.variables, **psql}.items()
        ),
    ]
    file = running.scratch.folder / "environment.sh"
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file
