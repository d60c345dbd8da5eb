"""Runs what dbt has compiled, without dbt: the models that depend on what changed, and their tests.

dbt's own work for each of some 180 models and tests costs many times what their SQL
does. It compiles and makes everything once; until the project changes, a build is
this: the same SQL, in the order of the same graph, in one transaction. So it is done
whole, or the marts keep their last state.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from sqlalchemy import Connection


class BuildFailed(Exception):
    """The models could not be built; the message names the models or tests and why."""


@dataclass(frozen=True)
class Node:
    """A model or a data test."""

    unique_id: str
    """dbt's: model.samepicture.fct_complaint."""
    name: str
    relation: str | None
    """Quoted name of the model's table; None for a test."""
    sql: str
    parents: tuple[str, ...]
    """Unique ids of models, seeds and sources."""
    failures: str
    """For a test: the SQL expression that counts failures over its rows."""
    is_error: bool
    """A test whose failure stops the build; else it warns."""


@dataclass(frozen=True)
class Done:
    """What a build did."""

    models: tuple[str, ...]
    tests: int
    """That passed."""
    warnings: tuple[str, ...]


class Compiled:
    """The nodes of a dbt project, compiled."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = {node.unique_id: node for node in nodes}

    def write(self, path: Path, project_sha256: str) -> None:
        """Keep it, with the hash of the project that it was compiled from."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({"project_sha256": project_sha256, "nodes": [asdict(node) for node in self.nodes.values()]}))
        fresh.replace(path)

    @classmethod
    def read(cls, path: Path, project_sha256: str) -> Compiled | None:
        """What was kept; None where nothing was, or that of another state of the project."""
        try:
            document = json.loads(path.read_text())
        except (FileNotFoundError, ValueError):
            return None
        if document["project_sha256"] != project_sha256:
            return None
        return cls(Node(**{**node, "parents": tuple(node["parents"])}) for node in document["nodes"])

    def downstream(self, changed: Collection[str], alone: Collection[str] = ()) -> list[Node]:
        """Nodes that depend on what changed, directly or not, and models named `alone` with their tests; in the order of building.

        `changed` and `alone` are names without a kind: raw.complaint, dim_organisation.
        """
        chosen: set[str] = set()
        affected = {unique_id for unique_id in self._everything() if _short(unique_id) in changed}
        single = {unique_id for unique_id in self.nodes if _short(unique_id) in alone}
        chosen |= single | (affected & self.nodes.keys())
        order = [unique_id for unique_id in self._order() if unique_id in self.nodes]
        for unique_id in order:
            node = self.nodes[unique_id]
            if affected.intersection(node.parents):
                affected.add(unique_id)
                chosen.add(unique_id)
            elif node.relation is None and single.intersection(node.parents):
                chosen.add(unique_id)
        return [self.nodes[unique_id] for unique_id in order if unique_id in chosen]

    def _everything(self) -> set[str]:
        return set(self.nodes).union(*(node.parents for node in self.nodes.values()))

    def _order(self) -> list[str]:
        return list(TopologicalSorter({node.unique_id: node.parents for node in self.nodes.values()}).static_order())


def run(connection: Connection, nodes: Iterable[Node]) -> Done:
    """Make models and test them, in this order, inside the caller's transaction. Raises BuildFailed at the first failed test."""
    models, passed, warnings = [], 0, []
    for node in nodes:
        if node.relation is not None:
            connection.exec_driver_sql(f"create or replace table {node.relation} as {node.sql}")
            models.append(node.name)
            continue
        failures: int = connection.exec_driver_sql(f"select {node.failures} from ({node.sql}) as failed").scalar_one()  # noqa: S608 - dbt's own SQL
        if not failures:
            passed += 1
        elif node.is_error:
            raise BuildFailed(f"The marts keep their last state: {node.name} found {failures} rows that should not be.")
        else:
            warnings.append(f"{node.name}: {failures} rows")
    return Done(tuple(models), passed, tuple(warnings))


def _short(unique_id: str) -> str:
    """source.samepicture.raw.complaint -> raw.complaint; model.samepicture.spc -> spc."""
    return unique_id.split(".", 2)[2]
