import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--live", action="store_true", help="make a real cluster on AWS, and pay for it"
    )


@pytest.fixture(autouse=True)
def asked_for(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--live"):
        pytest.skip("costs money on a real AWS account: say --live to run it")
