"""What feed.yml names (`key_from`, `secret_from` …), out of the environment or, where it is not there, out of Airflow.

In Airflow it is a variable of the same name, which Airflow looks for in its secrets
backend (Vault, Azure Key Vault, AWS) first and then, encrypted, in its own database.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from airflow.sdk import Variable
from airflow.sdk.exceptions import AirflowRuntimeError

from samepicture.connectors.base import ConnectorError
from samepicture.feed import Feed


class Environment(Mapping[str, str]):
    """The variables of this process, and behind them those of Airflow.

    Raises ConnectorError where Airflow can't say whether it has one.
    """

    def __getitem__(self, name: str) -> str:
        if name in os.environ:
            return os.environ[name]
        try:
            value: str | None = Variable.get(name, default=None) if name else None
        except AirflowRuntimeError as error:
            raise ConnectorError(f"Airflow can't look up its variable {name} ({error.error.error.value}): try again later.") from None
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        """Those of the process: a secrets backend does not say what it holds."""
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)


def named_by(feed: Feed) -> dict[str, str]:
    """What the options of a feed's connector name, looked up once; not to be called where an event loop runs."""
    environment = Environment()
    names = {str(value) for option, value in feed.connector.options.items() if option.endswith("_from")}
    return {name: environment[name] for name in names if name in environment}
