"""Great Expectations' Data Docs, rendered by its own renderers when the picture is published.

Judging keeps the validation results; rendering them there would cost more than the
judging. The index lists every submission; one that met every rule needs no page.
Pages hold counts, never values of rows.
"""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from samepicture.settings import Settings

INDEX = """<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"><title>Data Docs</title></head>
<body><h1>Data Docs</h1><table><tr><th>Submission</th><th>Rules met</th><th>Of</th></tr>
{rows}
</table></body></html>
"""


def keep_results(settings: Settings, submission_id: str, results: list[dict[str, Any]]) -> None:
    """Keep a submission's validation results until they are rendered; replaces earlier ones."""
    folder = settings.home / "validations"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{submission_id}.json").write_text(json.dumps(results))


def render_data_docs(settings: Settings) -> Path:
    """Render what has no page or an older one, and the index; the path of the index."""
    folder = settings.home / "data_docs"
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for source in sorted((settings.home / "validations").glob("*.json")):
        results = json.loads(source.read_text())
        met = sum(result["statistics"]["successful_expectations"] for result in results)
        of = sum(result["statistics"]["evaluated_expectations"] for result in results)
        page = folder / f"{source.stem}.html"
        page_is_old = not page.exists() or page.stat().st_mtime < source.stat().st_mtime
        if met < of and page_is_old:
            page.write_text("\n".join(_page(result) for result in results))
        elif met == of:
            page.unlink(missing_ok=True)
        name = html.escape(source.stem)
        shown = f'<a href="{name}.html">{name}</a>' if met < of else name
        rows.append(f"<tr><td>{shown}</td><td>{met}</td><td>{of}</td></tr>")
    index = folder / "index.html"
    index.write_text(INDEX.format(rows="\n".join(rows)))
    return index


def _page(result: dict[str, Any]) -> str:
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        expectationSuiteValidationResultSchema,
    )
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    loaded = expectationSuiteValidationResultSchema.load(result)
    suite_result = loaded if isinstance(loaded, ExpectationSuiteValidationResult) else ExpectationSuiteValidationResult(**loaded)
    return str(DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(suite_result)))
