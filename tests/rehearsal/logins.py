"""Who may log in to the stand-in of the tests, and the role of its cluster."""

from collections.abc import Callable

ROLE = "arn:aws:iam::123456789012:role/reads-the-landing"
PASSWORD = "Secret-1"
LOGINS = {
    **dict.fromkeys(("admin", "reader"), PASSWORD),
    **dict.fromkeys(("IAM:admin", "IAMR:analyst"), "token of fifteen minutes"),
}
# Accounts at AWS whose log-ins are good, too
ACCOUNTS: list[Callable[[str], list[str]]] = []


def passwords(user: str) -> list[str]:
    """The passwords of a user; none where there is no such user."""
    given = [each for account in ACCOUNTS for each in account(user)]
    return given + ([LOGINS[user]] if user in LOGINS else [])
