"""Who may log in to the stand-in of the tests, and the role of its cluster."""

ROLE = "arn:aws:iam::123456789012:role/reads-the-landing"
PASSWORD = "Secret-1"
LOGINS = {
    **dict.fromkeys(("admin", "reader"), PASSWORD),
    **dict.fromkeys(("IAM:admin", "IAMR:analyst"), "token of fifteen minutes"),
}
ISSUED: dict[str, str] = {}  # passwords that moto's AWS made, by user


def password(user: str) -> str | None:
    """The password of a user; None where there is no such user."""
    return ISSUED.get(user) or LOGINS.get(user)
