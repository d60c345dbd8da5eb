"""The fixtures of the tests of roles, which are several modules."""

from tests.warehouse.roles import owner, session, url

__all__ = ["owner", "session", "url"]
