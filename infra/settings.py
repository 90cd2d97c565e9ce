"""The settings: typed, validated, read once."""

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from infra import configuration
from infra.aws import rules
from infra.configuration import RawSetting
from infra.errors import SettingsError
from infra.landing.s3 import Bucket

_WAREHOUSE = re.compile(r"[a-z_][a-z0-9_]*\.duckdb")
_RESERVED = {"main.duckdb", "memory.duckdb", "system.duckdb", "temp.duckdb"}


def _some_path(value: object) -> object:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("not a path")
    return Path(value).expanduser()


def _landing_place(value: object) -> object:
    return (
        Bucket.parse(str(value)) if str(value).startswith("s3:") else _some_path(value)
    )


def _warehouse_path(value: object) -> object:
    path = Path(str(value))
    odd = set(str(value)) & set("?\\{}")  # DuckDB or dbt read these their own way
    if odd or not _WAREHOUSE.fullmatch(path.name) or path.name in _RESERVED:
        raise ValueError("not a warehouse file")
    return _some_path(value)


def _bucket(value: object) -> object:
    return value if isinstance(value, Bucket) else Bucket.parse(str(value))


Landing = Annotated[Path | Bucket, BeforeValidator(_landing_place)]
WarehouseFile = Annotated[Path, BeforeValidator(_warehouse_path)]
Whole = Annotated[int, BeforeValidator(rules.whole)]
Share = Annotated[float, BeforeValidator(rules.number)]
S3 = Annotated[Bucket, BeforeValidator(_bucket)]

# Rules that two settings share
_MANY = "a whole number from 1 to 1000000"
_NODE_TYPE = "a node type such as rg.large or ra3.large (AWS has retired dc2)"
_NAME = (
    "lower-case letters, digits and _, a letter first, at most 64, no word of SQL, and "
    "not "
)


class Settings(BaseModel):
    """What a person can set. Each description is the rule that an error quotes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    landing: Landing = Field(description="the path of a folder, or s3://BUCKET/PREFIX")
    warehouse: WarehouseFile = Field(
        description="a path that ends in NAME.duckdb; NAME has lower-case letters, "
        "digits and _ and is not main, memory, system or temp; no ? \\ { } in it"
    )
    sample_users: Whole = Field(ge=1, le=1_000_000, description=_MANY)
    sample_songs: Whole = Field(ge=1, le=1_000_000, description=_MANY)
    sample_days: Whole = Field(
        ge=1, le=3660, description="a whole number from 1 to 3660"
    )
    sample_seed: Whole = Field(ge=0, description="a whole number from 0 on")
    sample_match_rate: Share = Field(ge=0, le=1, description="a number from 0 to 1")

    stack: rules.StackName = Field(
        description="1 to 24 lower-case letters, digits and single hyphens; a letter "
        "comes first, no hyphen last"
    )
    aws_account: rules.Account = Field(description="12 digits in quotes, or empty")
    aws_region: rules.Region = Field(description="an AWS region such as us-west-2")
    aws_access: Literal["my-address", "private"] = Field(
        description="my-address or private"
    )
    aws_cidr: rules.Cidr = Field(
        description="an IPv4 address, or a range from /24 to /32, such as "
        "203.0.113.7/32, but not one that is reserved; or empty"
    )
    aws_network: rules.Network = Field(
        description="a private range from /16 to /24, such as 10.42.0.0/16"
    )
    copy_from: S3 = Field(description="s3://BUCKET or s3://BUCKET/PREFIX")
    copy_directly_from_mb: Whole = Field(
        ge=1, le=5_000_000, description="megabytes, a whole number from 1 to 5000000"
    )
    node_type: rules.NodeType = Field(description=_NODE_TYPE)
    node_fallback: rules.NodeType = Field(description=_NODE_TYPE)
    nodes: Whole = Field(ge=1, le=32, description="a whole number from 1 to 32")
    database: rules.Database = Field(description=f"{_NAME}dev or another of Redshift's")
    admin_user: rules.User = Field(
        description=f"{_NAME}awsuser, admin or another well-known name"
    )
    port: rules.Port = Field(
        description="a port from 5431 to 5455 or from 8191 to 8215"
    )
    login: Literal["iam", "iam_role"] = Field(description="iam or iam_role")
    snapshot_days: Whole = Field(ge=1, le=35, description="a whole number from 1 to 35")
    maintenance_window: rules.Window = Field(
        description="half an hour to a day in UTC, as sun:09:00-sun:10:00"
    )
    log_days: rules.LogDays = Field(
        description="1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180 or 365"
    )
    external_tables: rules.Flag = Field(description="true or false")
    max_hourly_usd: Share = Field(gt=0, le=1000, description="US dollars, up to 1000")
    lifetime_hours: Share = Field(
        ge=1, le=720, description="hours, a number from 1 to 720"
    )


def load(root: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Reads and validates; all faults come in one SettingsError. Paths are absolute."""
    settings = validated(configuration.read(root, environment))
    _refuse_what_invoke_cannot_cast(root, environment)
    landing = settings.landing
    return settings.model_copy(
        update={
            "landing": root / landing if isinstance(landing, Path) else landing,
            "warehouse": root / settings.warehouse,
        }
    )


def _refuse_what_invoke_cannot_cast(root: Path, environment: Mapping[str, str]) -> None:
    """Raises for a fraction in a variable where the file has a whole number.

    Invoke makes of a variable what the file's value is, and fails with a traceback.
    """
    present = configuration.section(root)
    for name, raw in configuration.overrides(environment).items():
        if type(present.get(name)) is int:
            try:
                int(str(raw.value))
            except ValueError:
                raise SettingsError(
                    f"{raw.origin} = {raw.value!r}: Invoke takes whole numbers only, "
                    f"because {configuration.FILE} has one there; write "
                    f"{present[name]}.0 there."
                ) from None


def validated(found: Mapping[str, RawSetting]) -> Settings:
    """Settings of raw values, or an error that lists every fault with its origin."""
    try:
        return Settings.model_validate({name: raw.value for name, raw in found.items()})
    except ValidationError as error:
        faults = [_fault(detail, found) for detail in error.errors()]
        count = "1 setting is" if len(faults) == 1 else f"{len(faults)} settings are"
        raise SettingsError("\n  ".join([f"{count} wrong:", *faults])) from None


def _fault(detail: ErrorDetails, found: Mapping[str, RawSetting]) -> str:
    name = str(detail["loc"][0])
    if detail["type"] == "missing":
        origin = f"{configuration.FILE}: {configuration.SECTION}.{name}"
        return f"{origin} is missing: {_rule(name)}."
    raw = found[name]
    if detail["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, Settings.model_fields, n=1)
        hint = f"did you mean {near[0]}?" if near else "remove it."
        return f"{raw.origin} = {raw.value!r}: there is no such setting; {hint}"
    return f"{raw.origin} = {raw.value!r}: must be {_rule(name)}."


def _rule(name: str) -> str:
    return str(Settings.model_fields[name].description)
