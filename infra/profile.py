"""profiles.yml: the one connection definition, shared with dbt.

dbt finds the file beside dbt_project.yml. `invoke up` makes it from
profiles.yml.example; whoever needs a connection reads it here.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.errors import ConfigurationError, WarehouseMissing

FILE = "profiles.yml"
EXAMPLE = "profiles.yml.example"
NAME = "sparkify"
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")  # YAML reads it as it stands
_ELSEWHERE = re.compile(r":memory:|[a-z0-9_]+:\S*")  # what DuckDB takes for no file
_EXAMPLE_PATH = "path: sparkify.duckdb"


@dataclass(frozen=True)
class Profile:
    """The default target of profiles.yml. `path` is where DuckDB's file is."""

    target: str
    type: str
    schema: str
    path: Path
    settings: dict[str, Any]
    config_options: dict[str, Any]


def read(root: Path) -> Profile:
    """Reads the default target; whatever dbt would refuse is an error here too."""
    try:
        profile = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))[NAME]
        target = os.environ.get("DBT_TARGET") or _rendered(profile["target"])
        if profile["outputs"] and target not in profile["outputs"]:
            raise ConfigurationError(
                f"{FILE} has no target {target!r}, only "
                f"{', '.join(profile['outputs'])}. `target` there, or the variable "
                "DBT_TARGET, names it."
            )
        output = _rendered(profile["outputs"][target])
        if output["type"] != "duckdb":
            raise ConfigurationError(
                f"{FILE}: target {target} is of type {output['type']}; only duckdb is "
                "supported so far."
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
        raise ConfigurationError(
            f"{FILE} is not a profile for this project ({error!r}). Mend it, or delete "
            f"it and run `invoke up`, which makes it anew from {EXAMPLE}."
        ) from error


def text_for(root: Path, warehouse: Path) -> str:
    """The example's text with the warehouse file of the settings."""
    example = (root / EXAMPLE).read_text(encoding="utf-8")
    if _EXAMPLE_PATH not in example:
        raise ConfigurationError(f"{EXAMPLE} no longer holds `{_EXAMPLE_PATH}`.")
    path = warehouse.relative_to(root) if warehouse.is_relative_to(root) else warehouse
    text = path.as_posix()
    plain = text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
    return example.replace(_EXAMPLE_PATH, f"path: {plain}")


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
