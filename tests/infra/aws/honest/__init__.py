"""The rehearsal's AWS behind a session's own clients, with faults to order.

    with mock_aws():
        session = boto3.Session(region_name="us-west-2")
        aws = Honest(session)               # before the session makes clients
        redshift = session.client("redshift")

Redshift is answered from memory (infra/rehearsal/aws): its states go on with
DescribeClusters, not time. `aws.clusters` holds them, speeds and drifts them,
`aws.pace` says how long things take and in which pages they are told, `aws.catalogue`
what prices and quotas there are. EC2 and IAM stay moto's, behind AWS's guards.
`aws.calls` and `aws.writes` tell what was called. `aws.fail`, `throttle`, `lose_reply`,
`deny`, `expire_after`, `kill_before`, `kill_after`, `delay` and `on` order faults;
`aws.calm` ends them. `aws.inventory()` is equal for equal ends, and knows duplicates.
`aws.reset()` empties Redshift, and clients stay good; `aws.attach(other)` shows another
session the same account. It works with moto's server too; then only clients of these
sessions see the clusters.
"""

from honest.inventory import Inventory
from honest.layer import Honest
from honest.replies import Killed
from infra.rehearsal.aws.answers import Refused
from infra.rehearsal.aws.calls import Call
from infra.rehearsal.aws.catalogue import product

__all__ = ["Call", "Honest", "Inventory", "Killed", "Refused", "product"]
