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
    """All settings found, variables before file. A file that is no YAML is an error."""
    path = root / FILE
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"{path} is missing; get it back with `git checkout {FILE}`."
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"{FILE} cannot be read: {reason}") from error
    section = document.get(SECTION) if isinstance(document, dict) else None
    if not isinstance(section, dict):
        raise SettingsError(f"{FILE}: the key {SECTION} with the settings is missing.")
    from_file = {
        str(key): RawSetting(value, f"{FILE}: {SECTION}.{key}")
        for key, value in section.items()
    }
    return from_file | overrides(environment)
