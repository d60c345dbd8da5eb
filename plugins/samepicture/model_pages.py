"""dbt's own page of every model, column, test and what depends on what, as one file that needs no server."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from samepicture.settings import PROJECT

DBT = PROJECT / "dbt"


def write_model_pages(folder: Path) -> Path:
    """Write models.html into a folder; its path. Asks no warehouse. Raises RuntimeError with what dbt says."""
    from dbt.cli.main import dbtRunner

    with tempfile.TemporaryDirectory() as target:
        variables = {"SAMEPICTURE_DUCKDB": ":memory:", "DBT_TARGET_PATH": target, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        command = ["docs", "generate", "--static", "--empty-catalog", "--quiet"]
        places = ["--project-dir", str(DBT), "--profiles-dir", str(DBT), "--log-path", target]
        before = dict(os.environ)
        os.environ.update(variables)
        try:
            result = dbtRunner().invoke([*command, *places])
        finally:
            os.environ.clear()
            os.environ.update(before)
        if not result.success:
            raise RuntimeError(f"dbt could not describe the models: {result.exception}")
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copyfile(Path(target) / "static_index.html", folder / "models.html"))
