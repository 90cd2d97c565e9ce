"""Who may log in to the stand-in of the tests, and the role of its cluster."""

ROLE = "arn:aws:iam::123456789012:role/reads-the-landing"
PASSWORD = "Secret-1"
LOGINS = {
    **dict.fromkeys(("admin", "reader"), PASSWORD),
    **dict.fromkeys(("IAM:admin", "IAMR:analyst"), "token of fifteen minutes"),
}
