"""What a model means: its description, as dbt's yml has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from samepicture.dbt_project import DBT

SECTION = re.compile(r"\*\*(\w+)\.\*\* (.+)")


@dataclass(frozen=True)
class Meaning:
    """What is said of a model and of its columns."""

    sections: Mapping[str, str]
    """Meaning, Grain, Nuance and Key, in this order."""
    columns: Mapping[str, str]

    @property
    def key(self) -> list[str]:
        """The columns that tell its rows apart."""
        return [name.strip() for name in self.sections["Key"].rstrip(".").split(",")]


@cache
def meanings() -> dict[str, Meaning]:
    """Of each model, by its name."""
    return {
        model["name"]: Meaning(
            dict(SECTION.findall(model["description"])), {column["name"]: column["description"].strip() for column in model["columns"]}
        )
        for path in sorted((DBT / "models").glob("*/*.yml"))
        for model in yaml.safe_load(path.read_text()).get("models", [])
    }
