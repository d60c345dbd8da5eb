"""Runs what dbt has compiled, without dbt: the models that depend on what changed, and their tests.

dbt's own work for each of some 180 models and tests costs many times what their SQL
does. It compiles and makes everything once; until the project changes, a build is
this: the same SQL, in the order of the same graph, in one transaction. So it is done
whole, or the marts keep their last state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection

from samepicture import delta
from samepicture.delta import BY_RECORD, Changed, Source
from samepicture.errors import Explained

EACH_ROW = ("*",)
"""What a test looks at together, where that is one row."""


class BuildFailed(Explained):
    """The models could not be built; the message names the models or tests and why."""


class Reference(NamedTuple):
    """What a test of references looks up."""

    referring: str
    """The column that refers."""
    model: str
    """Unique id of the model in which what it refers to must stand."""
    column: str
    """Of that model."""


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
    keyed_by: tuple[str, ...] = ()
    """For a model that is made record by record: the columns that tell its rows apart by record (see delta.py).

    For a test: the columns of rows that it looks at together, EACH_ROW where it looks at
    each row by itself, none where it may look at any.
    """
    reference: Reference | None = None
    """For a test of references."""

    looks_back: bool = False
    """A model that nobody waits for, and so is made now and then; or a test of one."""

    summed: bool = False
    """A model of counts by its `keyed_by`, kept by differences (see delta.py)."""

    compared: bool = False
    """A model of records that is compared with what it was where it has to be made whole (see delta.py).
    Nothing that looks back record by record depends on it.
    """

    @property
    def table(self) -> str:
        """Name of a model's table in our warehouse: published.narrative, which the model published_narrative makes."""
        assert self.relation is not None
        return self.relation.replace('"', "").split(".", 1)[1]


@dataclass(frozen=True)
class Done:
    """What a build did."""

    models: tuple[str, ...]
    """Tables that changed, those made record by record with BY_RECORD; or the models of dbt, which makes everything."""
    tests: int
    """That passed."""
    warnings: tuple[str, ...]

    def __add__(self, other: Done) -> Done:
        """What both did, one after the other."""
        return Done(self.models + other.models, self.tests + other.tests, self.warnings + other.warnings)


@dataclass(frozen=True)
class Since:
    """Tables that other builds have made since the models of this one were made last."""

    whole: frozenset[str] = frozenset()
    by_record: frozenset[str] = frozenset()
    """Of which only rows of changed records were made, each time."""

    @classmethod
    def of(cls, models: Iterable[str]) -> Since:
        """Out of names as they stand in Done."""
        names = set(models)
        whole = frozenset(name for name in names if not name.endswith(BY_RECORD))
        return cls(whole, frozenset(name.removesuffix(BY_RECORD) for name in names) - whole)


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
        """What was kept; None where nothing was, or that of another state of the project, or of another version of this module."""
        try:
            document = json.loads(path.read_text())
            nodes = [_node(node) for node in document["nodes"]]
        except (FileNotFoundError, KeyError, TypeError, ValueError):
            return None
        return cls(nodes) if document["project_sha256"] == project_sha256 else None

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
            elif node.relation is None and (
                single.intersection(node.parents) or all(_short(parent).startswith("ops.") for parent in node.parents)
            ):
                chosen.add(unique_id)  # a test that names no table of records finds those that it tests by itself: it is run each time
        return [self.nodes[unique_id] for unique_id in order if unique_id in chosen]

    def tables(self) -> dict[str, Node]:
        """The models, by the names of their tables."""
        return {node.table: node for node in self.nodes.values() if node.relation is not None}

    def sources_of(self, table: str) -> set[str]:
        """The raw and ops tables that a model's table is made of, directly or not. Raises KeyError for a table that no model makes."""
        waiting = [self.tables()[table].unique_id]
        seen: set[str] = set()
        while waiting:
            unique_id = waiting.pop()
            if unique_id not in seen:
                seen.add(unique_id)
                waiting.extend(self.nodes[unique_id].parents if unique_id in self.nodes else ())
        return {_short(unique_id) for unique_id in seen if unique_id.startswith("source.")}

    def _everything(self) -> set[str]:
        return set(self.nodes).union(*(node.parents for node in self.nodes.values()))

    def _order(self) -> list[str]:
        return list(TopologicalSorter({node.unique_id: node.parents for node in self.nodes.values()}).static_order())

    def run(
        self,
        connection: Connection,
        nodes: Sequence[Node],
        sources: Mapping[str, Source] | None = None,
        build_id: str = "",
        progress: Callable[[str], None] = lambda _: None,
        since: Since = Since(),
    ) -> Done:
        """Make models and test them, in this order, inside the caller's transaction. Raises BuildFailed at the first failed test.

        `sources` are raw tables by name (raw.complaint) to which little was added: models
        that are made record by record then get the changed rows alone. `since` is what else
        has changed of what they are made of, since they were made themselves.
        """
        work = _Run(self, connection, sources or {}, build_id, since)
        for place, node in enumerate(nodes, 1):
            progress(f"{place} of {len(nodes)}: {node.name}")
            if node.relation is None:
                work.test(node)
            else:
                work.make(node)
        return Done(tuple(work.models), work.passed, tuple(work.warnings))


def _node(values: Mapping[str, Any]) -> Node:
    """A node as it was kept; JSON has lists for tuples."""
    known: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return Node(**{**known, "reference": Reference(*known["reference"]) if known["reference"] else None})


class _Run:
    def __init__(self, compiled: Compiled, connection: Connection, sources: Mapping[str, Source], build_id: str, since: Since) -> None:
        self.compiled = compiled
        self.connection = connection
        self.sources = sources
        self.build_id = build_id
        self.since = since
        self.models: list[str] = []
        self.passed = 0
        self.warnings: list[str] = []
        self.changed: dict[str, Changed] = {}
        self.nothing: dict[str, Changed] = {}
        self.made: set[str] = set()

    def make(self, node: Node) -> None:
        """Make a model: the changed rows alone where that is right, else all of it."""
        assert node.relation is not None
        if self._is_by_record(node):
            renew = delta.add_up if node.summed else delta.apply
            changed = delta.rerun(self.connection, node.table, node.sql, self._records(node))
            self.changed[node.unique_id] = renew(self.connection, node.relation, node.table, changed, node.keyed_by, self.build_id)
            self.models.append(node.table + BY_RECORD)
        elif node.compared:
            found = delta.compare(self.connection, node.relation, node.table, node.sql, node.keyed_by, self.build_id)
            if found is None:
                return
            self.changed[node.unique_id] = found
            self.models.append(node.table + BY_RECORD)
        elif delta.refill(self.connection, node.relation, node.table, node.sql):
            self.models.append(node.table)
        else:
            return  # it is as it was: nothing below it is made for its sake, and it need not be published
        self.made.add(node.unique_id)

    def test(self, node: Node) -> None:
        """Run a test: over the changed rows alone where the others can't fail that did not before, else over all."""
        sql = delta.reading(node.sql, self._changed_alone(node))
        failures: int = self.connection.exec_driver_sql(f"select {node.failures} from ({sql}) as failed").scalar_one()  # noqa: S608 - dbt's own SQL
        if not failures:
            self.passed += 1
        elif node.is_error:
            raise BuildFailed(f"The marts keep their last state: {node.name} found {failures} rows that should not be.")
        else:
            self.warnings.append(f"{node.name}: {failures} rows")

    def _changed_alone(self, test: Node) -> dict[str, str]:
        """Tables of which a test needs to see the changed rows alone, with the names of these.

        A warning counts all rows, so it looks at all. A reference that was right stays
        right unless what it refers to has gone: only new ones are looked up, and most of
        them are to what came with them.
        """
        if not test.is_error or any(self._has_changed(parent) and parent not in self.changed for parent in test.parents):
            return {}
        found, reference = {}, test.reference
        for parent in test.parents:
            if parent not in self.changed:
                continue
            model, changed = self.compiled.nodes[parent], self.changed[parent]
            assert model.relation is not None
            if reference and parent == reference.model:
                if (reference.column,) != model.keyed_by or delta.has_lost(self.connection, changed, model.keyed_by):
                    return {}
            elif reference:
                referred = self.changed.get(reference.model)
                found[model.relation] = delta.new_references(self.connection, changed, reference.referring, referred, reference.column)
            elif test.keyed_by == EACH_ROW or set(model.keyed_by) <= set(test.keyed_by):
                found[model.relation] = changed.after
        return found

    def _is_by_record(self, node: Node) -> bool:
        """Whether we know of all that changed above it which records did."""
        above = [parent for parent in node.parents if self._has_changed(parent)]
        return bool(node.keyed_by and above) and all(self._is_known(parent) for parent in above)

    def _has_changed(self, unique_id: str) -> bool:
        return (
            unique_id in self.made or _short(unique_id) in self.sources or self._table(unique_id) in self.since.whole | self.since.by_record
        )

    def _is_known(self, unique_id: str) -> bool:
        if unique_id in self.made:
            return unique_id in self.changed
        return _short(unique_id) in self.sources or self._table(unique_id) in self.since.by_record

    def _table(self, unique_id: str) -> str | None:
        """Name of the model's table; None for what is no model."""
        node = self.compiled.nodes.get(unique_id)
        return node.table if node is not None and node.relation is not None else None

    def _records(self, node: Node) -> dict[str, Changed]:
        """The relations with records that a model reads, and what changed in each."""
        found: dict[str, Changed] = {}
        for parent in node.parents:
            above = self.compiled.nodes.get(parent)
            if _short(parent) in self.sources:
                source = self.sources[_short(parent)]
                found[source.relation] = delta.of_source(self.connection, source, node.keyed_by, _short(parent))
            elif above is not None and above.relation is not None and above.keyed_by:
                if parent not in self.changed and above.table in self.since.by_record:
                    self.changed[parent] = delta.rerun(self.connection, above.table, above.sql, self._records(above))
                if parent not in self.changed and parent not in self.nothing:
                    self.nothing[parent] = delta.nothing_of(self.connection, above.relation, above.table)
                found[above.relation] = self.changed.get(parent) or self.nothing[parent]
        return found


def _short(unique_id: str) -> str:
    """source.samepicture.raw.complaint -> raw.complaint; model.samepicture.spc -> spc."""
    return unique_id.split(".", 2)[2]
