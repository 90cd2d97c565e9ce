"""A stand-in for AWS: moto, made as strict as AWS where this project would notice.

    account = Account(in_process, Place("localhost", 5439))
    with served(account) as url:       # what AWS_ENDPOINT_URL must be
        …

`account` answers for Redshift from memory, a module per noun: `clusters` and what
`changes` them, `groups`, `parameters`, `snapshots`, `schedules`, `limits`, `tagging`,
`logins`, `managed_secrets`. A cluster goes from state to state as it is looked at
(`walk`); `inputs` refuses what AWS refuses. Prices, quotas and what can be ordered are
in `catalogue`. EC2 and IAM stay moto's, behind `guards` that know what a cluster uses.
`server` puts all of it behind HTTP, with `objects` for S3's many small reads.

What it does not know of Redshift it refuses with the code NotImplemented. It does not
look at policies, and a scheduled pause never comes.
"""
