"""dbt in this process: makes the whole warehouse, and leaves behind what it compiled.

Used when there is something to compile: the first build, and the first of a changed
project. Every other build runs what is left here (`compiled.py`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from samepicture.compiled import EACH_ROW, BuildFailed, Compiled, Done, Node, Reference
from samepicture.settings import PROJECT, Settings
from samepicture.warehouse import DbtTarget, open_warehouse

DBT = PROJECT / "dbt"


def project_sha256() -> str:
    """Hash of everything that says how models are made: SQL, seeds, macros, settings."""
    digest = hashlib.sha256()
    for path in sorted(path for path in DBT.rglob("*") if path.suffix in (".sql", ".csv", ".yml") and "target" not in path.parts):
        digest.update(path.relative_to(DBT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def make_everything(settings: Settings) -> tuple[Done, Compiled, int]:
    """Run seeds, models and data tests; what was done, what dbt compiled for it, and the last load that it found. Raises BuildFailed."""
    results, target = _invoke(settings)
    failed = [f"{r.node.name}: {(r.message or '').strip().splitlines()[0]}" for r in results if str(r.status) in ("error", "fail")]
    if failed:
        raise BuildFailed("dbt could not build everything, so analysts keep what they have: " + "; ".join(failed[:5]))
    done = Done(
        models=tuple(r.node.name for r in results if str(r.node.resource_type) == "model" and str(r.status) == "success"),
        tests=sum(1 for r in results if str(r.node.resource_type) == "test" and str(r.status) == "pass"),
        warnings=tuple(f"{r.node.name}: {r.message}" for r in results if str(r.status) == "warn"),
    )
    nodes = [r.node for r in results if str(r.node.resource_type) in ("model", "test")]
    look_back = {node.unique_id for node in nodes if node.config.meta.get("looks_back", False)}
    compiled = Compiled([_node(node, target, not look_back.isdisjoint({node.unique_id, *node.depends_on.nodes})) for node in nodes])
    return done, compiled, target.load_number


def _node(node: Any, target: DbtTarget, looks_back: bool) -> Node:
    is_test = str(node.resource_type) == "test"
    return Node(
        unique_id=node.unique_id,
        name=node.name,
        relation=None if is_test else target.shown(node.relation_name),
        sql=target.shown(node.compiled_code),
        parents=tuple(node.depends_on.nodes),
        failures=node.config.fail_calc if is_test else "",
        is_error=is_test and str(node.config.severity).lower() == "error",
        keyed_by=_looks_at(node) if is_test else tuple(node.config.meta.get("keyed_by", ())),
        reference=_reference(node) if is_test else None,
        looks_back=looks_back,
        summed=not is_test and bool(node.config.meta.get("summed", False)),
        compared=not is_test and bool(node.config.meta.get("compared", False)),
    )


def _looks_at(test: Any) -> tuple[str, ...]:
    """The columns of rows that a test looks at together. A test of our own says so itself, in its config."""
    kind = getattr(test, "test_metadata", None)
    if kind is None:
        return tuple(test.config.meta.get("keyed_by", ()))
    if kind.name in ("not_null", "accepted_values", "relationships"):
        return EACH_ROW
    if kind.name == "unique":
        return (kind.kwargs["column_name"],)
    return tuple(kind.kwargs["columns"]) if kind.name == "unique_key" else ()


def _reference(test: Any) -> Reference | None:
    """What a test looks up, where it is one of references."""
    kind = getattr(test, "test_metadata", None)
    if kind is None or kind.name != "relationships":
        return None
    target = next((parent for parent in test.depends_on.nodes if parent != test.attached_node), test.attached_node)
    return Reference(kind.kwargs["column_name"], target, kind.kwargs["field"])


def _invoke(settings: Settings) -> tuple[Sequence[Any], DbtTarget]:
    from dbt.cli.main import dbtRunner

    command = ["build", "--project-dir", str(DBT), "--profiles-dir", str(DBT), "--log-path", str(settings.home / "logs" / "dbt"), "--quiet"]
    # Unit tests prove the rules on invented rows; `make test` runs them. Here only the data is tested.
    command += ["--exclude-resource-type", "unit_test"]
    # A line a statement and JSON that nobody reads are an eighth of dbt's time: its log keeps what went wrong.
    command += ["--log-level-file", "warn", "--no-write-json"]
    with open_warehouse(settings).dbt() as target, _environment(settings, target):
        result = dbtRunner().invoke([*command, "--target", target.name])
    if result.exception is not None:
        raise BuildFailed(f"dbt could not start: {result.exception}")
    return list(getattr(result.result, "results", [])), target


@contextmanager
def _environment(settings: Settings, target: DbtTarget) -> Iterator[None]:
    """dbt reads its paths from the environment; put back what was there."""
    values = {**target.environment, "DBT_TARGET_PATH": str(settings.home / "dbt"), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
