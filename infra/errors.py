"""What can go wrong, as people read it.

    SparkifyError            exit 1   the work failed and nothing was changed
    ├── ConfigurationError   exit 2   a setting, argument or profile is wrong
    │   └── SettingsError             one or more faults in invoke.yaml / environment
    ├── WarehouseBusy        exit 1   another process holds the DuckDB file
    ├── WarehouseMissing     exit 1   `invoke up` has not run yet
    ├── LandingError         exit 1   the raw files are absent or not ours to touch
    ├── LoadError            exit 1   a raw file cannot be loaded
    └── DbtError             exit 1   dbt ran and reported failures

Each message is one sentence or two: what happened, and what to do. `tasks.py` prints
it and leaves with `exit_code`; only `--debug` shows a traceback.
"""


class SparkifyError(Exception):
    """The work failed and nothing was changed."""

    exit_code = 1


class ConfigurationError(SparkifyError):
    """A setting, an argument or a profile is wrong."""

    exit_code = 2


class SettingsError(ConfigurationError):
    """invoke.yaml or an INVOKE_SPARKIFY_ variable breaks one or more rules."""


class WarehouseBusy(SparkifyError):
    """Another process holds the warehouse file."""


class WarehouseMissing(SparkifyError):
    """The warehouse, its profile or a table in it does not exist yet."""


class LandingError(SparkifyError):
    """The landing folder lacks raw files, or holds files that are not ours."""


class LoadError(SparkifyError):
    """A raw file cannot be loaded; the staging tables are as they were."""


class DbtError(SparkifyError):
    """Dbt ran and reported failures, which are already printed."""
