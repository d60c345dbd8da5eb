"""What a published table means: the description of its model, as dbt's yml has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from samepicture.settings import PROJECT

MODELS = PROJECT / "dbt" / "models"
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
    """Of each published table, by its name. A model is published by its folder, or where its SQL says so."""
    found = {}
    for path in sorted(MODELS.glob("*/*.yml")):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            name = model["name"].removeprefix("published_")
            sql = path.with_name(f"{model['name']}.sql")
            if path.parent.name == "published" or (sql.exists() and "schema='published'" in sql.read_text()):
                columns = {column["name"]: column["description"].strip() for column in model["columns"]}
                found[name] = Meaning(dict(SECTION.findall(model["description"])), columns)
    return found
