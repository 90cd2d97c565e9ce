"""`invoke load --external`, the part at AWS: Glue learns of the raw files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from infra import console
from infra.aws import cost, engine, faults
from infra.aws import lock as locks
from infra.aws.catalog import Catalog
from infra.aws.cluster import described
from infra.aws.up import applying, hear, waiting
from infra.errors import AwsError

if TYPE_CHECKING:
    from infra.aws.catalog_tables import ExternalTable
    from infra.aws.site import Site
    from infra.console import Bar

TASK = "load --external"


def refuse_without_cluster(site: Site) -> str:
    """The type of the cluster's nodes; raises AwsError where there is no cluster."""
    with faults.translated():
        cluster = described(site.clients.redshift, site.stack, site.clock)
    if cluster is None:
        raise AwsError(
            f"There is no cluster {site.stack.full_name} that could read the raw "
            "files. Run `invoke up --target redshift` first."
        )
    return str(cluster["NodeType"])


def register(site: Site, tables: Sequence[ExternalTable], progress: Bar) -> bool:
    """Makes the stack's database in Glue and its tables; whether anything was missing.

    Raises ForeignError before the first write where something of these names is
    somebody else's.
    """
    catalog = Catalog(site.clients.glue, site.stack, tables)
    catalog.clock = site.clock
    if not engine.plan([catalog]).changes:
        return False
    with locks.holding(site.clients.ssm, site.stack, TASK, site.clock) as lock:
        hear([catalog], waiting(lock, progress))
        engine.apply([catalog], applying(site, lock, progress))
    return True


def say_terms(site: Site, node_type: str) -> None:
    """Says what reading the files costs, and what stands in its way."""
    console.say(f"  price   {cost.scanning(node_type)}")
    if not site.is_public:
        console.warn(
            "aws_access is private: the cluster reaches Glue only by an interface "
            f"endpoint for com.amazonaws.{site.stack.region}.glue in its VPC, which is "
            "yours to make."
        )
