"""A test's hand on the clusters: their pace, their states, and what others do."""

from math import inf

from infra.rehearsal.aws.answers import Params
from infra.rehearsal.aws.appearance import shown
from infra.rehearsal.aws.walk import Step, availability
from infra.rehearsal.aws.world import World


class Clusters:
    """Changes clusters behind the back of whoever uses the clients."""

    def __init__(self, world: World) -> None:
        self._world = world

    def names(self) -> list[str]:
        """All that there are."""
        return sorted(self._world.clusters)

    def get(self, name: str) -> Params:
        """A cluster as DescribeClusters would show it, without counting as a poll."""
        return shown(self._world, self._world.clusters[name])

    def speed(self, **polls: float) -> None:
        """Sets how many polls see a state: `speed(creating=5, final_snapshot=0)`."""
        for status, count in polls.items():
            self._world.pace.polls[status.replace("_", "-")] = count

    def at_once(self) -> None:
        """Nothing takes any polls any more."""
        for status in self._world.pace.polls:
            self._world.pace.polls[status] = 0

    def hold(self, name: str, status: str = "", *, polls: float = inf) -> None:
        """Keeps a cluster in a state for so many polls, or until `release`.

        Without a status it is the present one. Then it goes on where it was.
        """
        cluster = self._world.clusters[name]
        status = status or cluster.status
        cluster.hold(Step(status, polls, availability(status)))

    def release(self, name: str) -> None:
        """Lets a held cluster go on with the next poll."""
        self._world.clusters[name].step.polls = 0

    def put(self, name: str, status: str, availability_status: str = "") -> None:
        """A cluster is in this state and stays there: it forgets what it was doing."""
        self._world.clusters[name].walk(Step(status, inf, availability_status))

    def settle(self, name: str = "") -> None:
        """Lets a cluster, or all of them, arrive without polls where they go."""
        names = [name] if name else list(self._world.clusters)
        for found in names:
            self._world.clusters[found].settle()

    def drift(self, name: str, **attributes: object) -> None:
        """Somebody else has changed attributes of a cluster, as Describe shows them."""
        self._world.clusters[name].shown.update(attributes)

    def retag(self, name: str, **tags: str) -> None:
        """Somebody else has given a cluster these tags and no others."""
        self._world.tags[self._world.arn("cluster", name)] = tags

    def drift_roles(self, name: str, roles: dict[str, str]) -> None:
        """Somebody else has changed the roles: their ARNs, and their ApplyStatus."""
        self._world.clusters[name].roles = dict(roles)

    def drift_logging(self, name: str, **status: object) -> None:
        """Somebody else has changed the logging."""
        self._world.clusters[name].logging = status

    def drift_parameter(self, group: str, name: str, value: str) -> None:
        """Somebody else has set a parameter, and rebooted the clusters since."""
        self._world.values[group][name] = value
        for cluster in self._world.clusters.values():
            if cluster.group == group:
                cluster.values[name] = value

    def vanish(self, name: str) -> None:
        """Somebody else has deleted a cluster, and it is gone."""
        cluster = self._world.clusters[name]
        cluster.walk(Step("deleting", 0))
        del self._world.clusters[name]
        del self._world.tags[self._world.arn("cluster", name)]
        self._world.interfaces[:] = [
            found for found in self._world.interfaces if found["cluster"] != name
        ]
