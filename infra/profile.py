"""profiles.yml: the one connection definition, shared with dbt.

dbt finds the file beside dbt_project.yml. `invoke up` makes it from
profiles.yml.example; whoever needs a connection reads it here.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from infra import configuration
from infra.errors import ConfigurationError, WarehouseMissing

FILE = "profiles.yml"
EXAMPLE = "profiles.yml.example"
NAME = "sparkify"
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")  # YAML reads it as it stands
_ELSEWHERE = re.compile(r":memory:|[a-z0-9_]+:\S*")  # what DuckDB takes for no file
_EXAMPLE_PATH = "path: sparkify.duckdb"
_EXAMPLE_TARGET = "target: local"
LOCAL, REDSHIFT = "local", "redshift"
TARGETS = (LOCAL, REDSHIFT)
SCHEMA = "sparkify"  # of the star on Redshift; what dbt builds beside it begins so
VARIABLE = "DBT_TARGET"  # chooses the target before the file does, for dbt as well


@dataclass(frozen=True)
class Profile:
    """The default target of profiles.yml. `path` is where DuckDB's file is."""

    target: str
    type: str
    schema: str
    path: Path
    settings: dict[str, Any]
    config_options: dict[str, Any]


@dataclass(frozen=True)
class Redshift:
    """How dbt reaches a cluster. Nothing of it is secret: AWS is asked for the login.

    `user` is a database user, or None where AWS says who logs in.
    """

    host: str
    port: int
    cluster: str
    region: str
    database: str
    method: str
    user: str | None = None

    def text(self) -> str:
        """The output as YAML, below `outputs`."""
        user = f"      user: {_plain(self.user)}\n" if self.user else ""
        return (
            f"    {REDSHIFT}:\n"
            "      type: redshift\n"
            f"      method: {self.method} # the login comes from AWS, for 15 minutes\n"
            f"      host: {self.host}\n"
            f"      port: {self.port}\n"
            f"      cluster_id: {self.cluster}\n"
            f"      region: {self.region}\n"
            f"      dbname: {_plain(self.database)}\n"
            f"{user}"
            f"      schema: {SCHEMA}\n"
            "      sslmode: verify-full\n"
            "      connect_timeout: 900 # s; no answer may take longer\n"
            "      retries: 3\n"
            "      query_group: dbt # the label of its statements, and WLM's handle\n"
            "      threads: 4\n"
        )

    @classmethod
    def parse(cls, output: Any) -> Self | None:  # noqa: ANN401 - YAML holds anything
        """An output of this form, or None."""
        try:
            if output["type"] != "redshift":
                return None
            return cls(
                host=str(output["host"]),
                port=int(output["port"]),
                cluster=str(output["cluster_id"]),
                region=str(output["region"]),
                database=str(output["dbname"]),
                method=str(output["method"]),
                user=output.get("user"),
            )
        except (KeyError, TypeError, ValueError):
            return None


def _plain(text: str) -> str:
    """A text as YAML reads it back; it takes `yes` for something else."""
    return text if yaml.safe_load(text) == text else json.dumps(text)


def written(root: Path) -> tuple[str, Redshift | None]:
    """The default target and the cluster of profiles.yml as it stands, if any."""
    try:
        profile = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))[NAME]
        target = str(_rendered(profile["target"]))
        return target, Redshift.parse(profile["outputs"].get(REDSHIFT))
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError):
        return LOCAL, None


def default_redshift(root: Path) -> Redshift | None:
    """The cluster that the default target leads to; None where it is another engine.

    What is wrong with the file otherwise, `read` says.
    """
    try:
        profile = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))[NAME]
        target = os.environ.get(VARIABLE) or _rendered(profile["target"])
        output = _rendered(profile["outputs"][target])
        if output["type"] != REDSHIFT:
            return None
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError):
        return None
    if (found := Redshift.parse(output)) is None:
        raise ConfigurationError(
            f"{FILE}: target {target} lacks something the tasks need. `invoke up "
            f"--target {REDSHIFT}` writes it."
        )
    return found


def chosen_target(root: Path, given: str) -> str:
    """The target a task works on: the one given, or the one that dbt would take.

    A target of a person's own on DuckDB is a warehouse here, as `local` is.
    """
    if given and given not in TARGETS:
        raise ConfigurationError(f"--target {given}: must be {LOCAL} or {REDSHIFT}.")
    target = given or os.environ.get(VARIABLE) or written(root)[0]
    if target in TARGETS:
        return target
    if _is_duckdb(root, target):
        return LOCAL
    where = VARIABLE if os.environ.get(VARIABLE) else FILE
    raise ConfigurationError(
        f"{where} has the default target {target}, which is none of the project's own; "
        f"say --target {LOCAL} or --target {REDSHIFT}."
    )


def _is_duckdb(root: Path, target: str) -> bool:
    try:
        profile = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))[NAME]
        return bool(_rendered(profile["outputs"][target]["type"]) == "duckdb")
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError):
        return False


def read(root: Path) -> Profile:
    """Reads the default target; whatever dbt would refuse is an error here too."""
    try:
        profile = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))[NAME]
        target = os.environ.get(VARIABLE) or _rendered(profile["target"])
        if profile["outputs"] and target not in profile["outputs"]:
            raise ConfigurationError(
                f"{FILE} has no target {target!r}, only "
                f"{', '.join(profile['outputs'])}. `target` there, or the variable "
                f"{VARIABLE}, names it."
            )
        output = _rendered(profile["outputs"][target])
        if output["type"] != "duckdb":
            instead = (
                f"Unset {VARIABLE}, which chooses that target."
                if os.environ.get(VARIABLE)
                else f"`invoke up --target {LOCAL}` makes DuckDB the default again."
            )
            raise ConfigurationError(
                f"{FILE}: target {target} is of type {output['type']}; this task works "
                f"on duckdb so far (dbt itself works on both). {instead}"
            )
        if _ELSEWHERE.fullmatch(output["path"]):
            raise ConfigurationError(
                f"{FILE}: path {output['path']} is no file on this machine; name one."
            )
        return Profile(
            target=target,
            type=output["type"],
            schema=output["schema"],
            path=root / output["path"],
            settings=output.get("settings") or {},
            config_options=output.get("config_options") or {},
        )
    except FileNotFoundError:
        raise WarehouseMissing(
            f"There is no {FILE} yet; run `invoke up` first."
        ) from None
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        reason = (
            configuration.where(error)
            if isinstance(error, yaml.MarkedYAMLError)
            else repr(error)
        )
        raise ConfigurationError(
            f"{FILE} is not a profile for this project ({reason}). Mend it, or delete "
            f"it and run `invoke up`, which makes it anew from {EXAMPLE}."
        ) from error


def text_for(
    root: Path,
    warehouse: Path,
    redshift: Redshift | None = None,
    target: str = LOCAL,
) -> str:
    """The example's text with the settings' warehouse file, and with a cluster."""
    example = (root / EXAMPLE).read_text(encoding="utf-8")
    for needed in (_EXAMPLE_PATH, _EXAMPLE_TARGET):
        if needed not in example:
            raise ConfigurationError(f"{EXAMPLE} no longer holds `{needed}`.")
    path = warehouse.relative_to(root) if warehouse.is_relative_to(root) else warehouse
    text = path.as_posix()
    plain = text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
    example = example.replace(_EXAMPLE_PATH, f"path: {plain}")
    example = example.replace(_EXAMPLE_TARGET, f"target: {target}")
    return f"{example.rstrip()}\n{redshift.text()}" if redshift else example


def _rendered(value: Any) -> Any:  # noqa: ANN401 - YAML holds anything
    """A value with dbt's `{{ env_var('NAME', 'default') }}` filled in, at any depth."""
    if isinstance(value, dict):
        return {key: _rendered(inner) for key, inner in value.items()}
    if not isinstance(value, str) or "{{" not in value:
        return value
    import jinja2  # noqa: PLC0415 - a tenth of a second that few profiles need

    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - makes no HTML
    # dbt's filters turn text into other types; what is read here is text
    for name in ("as_text", "as_bool", "as_number", "as_native"):
        environment.filters[name] = str
    try:
        return environment.from_string(value).render(env_var=_env_var)
    except jinja2.TemplateError as error:
        raise ConfigurationError(f"{FILE}: {value} cannot be read: {error}") from error


def _env_var(name: str, default: str | None = None) -> str:
    if (found := os.environ.get(name, default)) is None:
        raise ConfigurationError(
            f"{FILE} needs the environment variable {name}; set it."
        )
    return found
