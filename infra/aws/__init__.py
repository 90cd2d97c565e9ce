"""The warehouse on AWS: plan, apply, verify, take down. One module per AWS noun."""
