"""The fixtures that several modules use: of the tests of roles, and of the answers."""

from __future__ import annotations

import pytest

from tests.warehouse.answers_rows import fill
from tests.warehouse.invented_rows import Warehouse
from tests.warehouse.roles import owner, session, url

__all__ = ["answers", "owner", "session", "url"]


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A warehouse in which every saved question has an answer, one a process; read it and leave it as it is."""
    warehouse = Warehouse(tmp_path_factory.mktemp("answers"))
    fill(warehouse)
    statuses = warehouse.dbt("build", "--exclude-resource-types", "test", "unit_test")
    assert set(statuses.values()) == {"success"}
    return warehouse
