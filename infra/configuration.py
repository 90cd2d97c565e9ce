"""Reads invoke.yaml and INVOKE_SPARKIFY_ variables as they are, remembering where from.

Light on purpose: `tasks.py` imports it before Invoke reads the same file, so that a
fault is a sentence here and not a traceback there.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from infra.errors import SettingsError

FILE = "invoke.yaml"
SECTION = "sparkify"
PREFIX = "INVOKE_SPARKIFY_"


@dataclass(frozen=True)
class RawSetting:
    """A value as found; `origin` is the file and key, or the variable, it is from."""

    value: object
    origin: str


def overrides(environment: Mapping[str, str] = os.environ) -> dict[str, RawSetting]:
    """The settings that environment variables give, by setting name."""
    return {
        name.removeprefix(PREFIX).lower(): RawSetting(value, name)
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }


def read(
    root: Path, environment: Mapping[str, str] = os.environ
) -> dict[str, RawSetting]:
    """All settings found, variables before file. A file that is no YAML is an error.

    A variable does not hide a list or a mapping, which no setting can be.
    """
    found = {
        str(key): RawSetting(value, f"{FILE}: {SECTION}.{key}")
        for key, value in section(root).items()
    }
    for name, override in overrides(environment).items():
        if name not in found or not isinstance(found[name].value, list | dict):
            found[name] = override
    return found


def section(root: Path) -> dict[object, object]:
    """The settings as they stand in the file."""
    path = root / FILE
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"{path} is missing; get it back with `git checkout {FILE}`."
        ) from None
    except yaml.MarkedYAMLError as error:
        raise SettingsError(f"{FILE} cannot be read: {where(error)}.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"{FILE} cannot be read: {reason}") from error
    found = document.get(SECTION) if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise SettingsError(f"{FILE}: the key {SECTION} with the settings is missing.")
    return found


def where(error: yaml.MarkedYAMLError) -> str:
    """What is wrong in a YAML file, and in which line and column."""
    mark = error.problem_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{place}{error.problem or 'it cannot be read'}"


def is_plain(settings: Mapping[object, object]) -> bool:
    """Whether Invoke can read these: names are text, values text or numbers."""
    return all(
        isinstance(name, str) and isinstance(value, str | int | float)
        for name, value in settings.items()
    )
