"""Stand-ins for AWS on this machine, to rehearse the path to Redshift.

Redshift's SQL: `standin` starts `postgres` behind `server`, which leads a `session` per
client over `wire`. `dialect` rewrites statements with `calls`, `tables` and `qualify`,
as far as `vocabulary` goes; `catalog.sql` has what the rest needs; `copy` loads from
S3. The rest of AWS is in `aws`.

`invoke rehearse` is `rehearse`: it takes a `scratch` copy of the project, puts the two
stand-ins together (`rehearsal`, with `leader` between them) and runs the tasks there as
`children`, which see nothing that could lead them elsewhere (`isolation`). `remains`
looks for what `down` has forgotten, `handout` lets a person in.

What cannot be rehearsed: speed, distribution, sorting, compression; serializable
isolation and its error 1023; IAM's policies, the network and its reach, and how long
AWS takes; quotas and capacity; what a snapshot holds; how long computed strings and how
precise computed decimals are; implicit casts; what only a leader node runs.
"""
