"""A layer over moto that refuses, waits and fails where AWS does and moto does not.

    with mock_aws():
        session = boto3.Session(region_name="us-west-2")
        aws = Honest(session)               # before the session makes clients
        redshift = session.client("redshift")

Redshift is answered from memory here: its states go on with DescribeClusters, not time.
`aws.clusters` holds them, speeds and drifts them, `aws.pace` says how long things
take and in which pages they are told, `aws.catalogue` what prices and quotas there are.
EC2 and IAM stay moto's, behind AWS's guards. `aws.calls` and `aws.writes` tell what was
called. `aws.fail`, `throttle`, `lose_reply`, `deny`, `expire_after`, `kill_before`,
`kill_after`, `delay` and `on` order faults; `aws.calm` ends them. `aws.inventory()` is
equal for equal ends, and knows duplicates. `aws.reset()` empties Redshift, and clients
stay good; `aws.attach(other)` shows another session the same account. It works with
moto's server too; then only clients of these sessions see the clusters.
"""

from honest.answers import Killed, Refused
from honest.calls import Call
from honest.catalogue import product
from honest.inventory import Inventory
from honest.layer import Honest

__all__ = ["Call", "Honest", "Inventory", "Killed", "Refused", "product"]
