"""Stand-ins for AWS on this machine, to rehearse the path to Redshift.

Redshift's SQL: `standin` starts `postgres` behind `server`, which leads a `session` per
client over `wire`. `dialect` rewrites statements with `calls`, `tables` and `qualify`,
as far as `vocabulary` goes; `catalog.sql` has what the rest needs; `copy` loads from
S3.

What cannot be rehearsed: speed, distribution, sorting, compression; serializable
isolation and its error 1023; IAM's policies and the network; how long computed strings
and how precise computed decimals are; implicit casts; what only a leader node runs.
"""
