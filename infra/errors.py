"""What can go wrong, as people read it.

    SparkifyError            exit 1   the work failed and nothing was changed
    ├── ConfigurationError   exit 2   a setting, argument or profile is wrong
    │   ├── SettingsError             one or more faults in invoke.yaml / environment
    │   └── CredentialsError          AWS login, profile or region
    ├── WarehouseBusy        exit 1   another process holds the DuckDB file
    ├── WarehouseMissing     exit 1   `invoke up` has not run yet
    ├── LandingError         exit 1   the raw files are absent or not ours to touch
    ├── LoadError            exit 1   a raw file cannot be loaded
    ├── DbtError             exit 1   dbt ran and reported failures
    └── AwsError             exit 1   AWS refused; what was made before stays
        ├── AwsDenied                 whoever runs this lacks a permission
        ├── ForeignError              somebody else's thing has our name
        ├── StillWorking     exit 4   AWS takes longer than a task waits
        └── LeftoversError   exit 5   something is left that was to go

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


class CredentialsError(ConfigurationError):
    """AWS credentials, profile or region are missing, wrong or expired."""


class AwsError(SparkifyError):
    """AWS refused or failed. What was made before stays, and the next run finds it."""


class AwsDenied(AwsError):
    """Whoever runs this may not do what the task needs."""


class ForeignError(AwsError):
    """Something that this project did not make has the name that it needs."""


class StillWorking(AwsError):
    """AWS is still at it after the time a task waits; nothing is lost."""

    exit_code = 4


class LeftoversError(AwsError):
    """Something is left on AWS that was to go, or that costs money."""

    exit_code = 5
