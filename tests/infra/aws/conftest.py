import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import fields

import accounts
import pytest
from cloud import Cloud, cloud

from infra.aws import patience

_KEPT_OUT = {
    "region",
    "others",
    "pace",
    "logins",
    "host",
}  # of what the layer remembers of Redshift


class House:
    """One pretended AWS for a module: empty, or with a stack that was made once."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._cloud: Cloud | None = None
        self._put_back: Callable[[], None] | None = None

    def empty(self) -> Cloud:
        """An account without anything."""
        self.close()
        self._cloud = self._open.enter_context(cloud())
        self._cloud.aws.calls.clear()  # of the bucket
        return self._cloud

    def running(self) -> Cloud:
        """An account with the stack of the settings, up for a moment."""
        if self._cloud is None or self._put_back is None:
            made = self.empty()
            made.up()
            gc.freeze()  # boto3's models are many objects to look through
            self._put_back = _remembered(made)
        self._put_back()
        assert self._cloud is not None
        return self._cloud

    def spoil(self) -> None:
        """What there is outside of Redshift is not as it was."""
        self._put_back = None

    def close(self) -> None:
        """Ends it all."""
        self._open.close()
        self._cloud = self._put_back = None


def _remembered(made: Cloud) -> Callable[[], None]:
    """Keeps what there is of Redshift; what it returns puts that back."""
    world, now = made.aws.world, made.clock.now()
    names = [each.name for each in fields(world) if each.name not in _KEPT_OUT]
    kept = deepcopy({name: getattr(world, name) for name in names})

    def put_back() -> None:
        made.aws.calm()
        made.aws.calls.clear()
        made.clock.moment, made.clock.slept = now, 0.0
        made.aws.pace.__init__(clock=made.clock.now)  # type: ignore[misc]
        made.aws.catalogue.__init__()  # type: ignore[misc]
        for name, value in deepcopy(kept).items():
            setattr(world, name, value)

    return put_back


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """Where the accounts of a module's tests are."""
    made = House()
    yield made
    made.close()
    gc.unfreeze()


@pytest.fixture
def account(house: House, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """An empty account."""
    return _quick(house.empty(), monkeypatch)


@pytest.fixture
def running(house: House, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """An account with a stack; a test may change what Redshift has, no more."""
    return _quick(house.running(), monkeypatch)


@pytest.fixture
def doomed(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """An account with a stack, of which a test may change everything."""
    yield _quick(house.running(), monkeypatch)
    house.spoil()


def _quick(made: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Has waits that were given no clock pass as quickly as the others."""
    monkeypatch.setattr(patience, "Clock", lambda: made.clock)
    return made


# Accounts that are put back to a moment of their life, and bare ones


@pytest.fixture(scope="module")
def module() -> Iterator[accounts.Account]:
    with accounts.account() as found:
        yield found


@pytest.fixture
def empty(module: accounts.Account) -> accounts.Account:
    module.put(module.empty)
    return module


@pytest.fixture
def made(module: accounts.Account) -> accounts.Account:
    module.put(module.made)
    return module


@pytest.fixture(scope="module")
def there() -> Iterator[Cloud]:
    with cloud() as found:
        yield found
