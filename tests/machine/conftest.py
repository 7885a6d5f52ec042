"""Drivers for tests of the machine."""

import pytest

from fake_nvml.driver import FakeDriver


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    """A driver that a child can be given."""
    return FakeDriver(tmp_path_factory.mktemp("driver"))


@pytest.fixture(scope="session")
def ancient_driver(tmp_path_factory):
    """One that lacks what NVML has had since 2017."""
    return FakeDriver(tmp_path_factory.mktemp("ancient"), ancient=True)
