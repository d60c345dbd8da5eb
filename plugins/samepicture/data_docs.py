"""Great Expectations' Data Docs, rendered by its own renderers when the picture is published.

Judging keeps what it counted; rendering that there would cost more than the judging. The index lists
every submission; one that met every rule needs no page. Pages hold counts, never values of rows.
"""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from samepicture.settings import Settings

COUNTS = "validation_counts"
"""Folder of the home, a file a submission."""
INDEX = """<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"><title>Data Docs</title></head>
<body><h1>Data Docs</h1><table><tr><th>Submission</th><th>Rules met</th><th>Of</th></tr>
{rows}
</table></body></html>
"""


def keep_results(settings: Settings, submission_id: str, results: dict[str, Any]) -> None:
    """Keep what judging counted until it is rendered, as `Validator.results` gives it; replaces what was kept earlier."""
    folder = settings.home / COUNTS
    folder.mkdir(parents=True, exist_ok=True)
    kept = {"submission_id": submission_id, "judged_at": datetime.now(UTC).isoformat(), **results}
    (folder / f"{submission_id}.json").write_text(json.dumps(kept))


def render_data_docs(settings: Settings) -> Path:
    """Render what has no page or an older one, and the index; the path of the index."""
    folder = settings.home / "data_docs"
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for source in sorted((settings.home / COUNTS).glob("*.json")):
        kept = json.loads(source.read_text())
        of = len(kept["outcomes"])
        met = sum(_is_met(outcome) for outcome in kept["outcomes"])
        page = folder / f"{source.stem}.html"
        page_is_old = not page.exists() or page.stat().st_mtime < source.stat().st_mtime
        if met < of and page_is_old:
            page.write_text(_page(kept))
        elif met == of:
            page.unlink(missing_ok=True)
        name = html.escape(source.stem)
        shown = f'<a href="{name}.html">{name}</a>' if met < of else name
        rows.append(f"<tr><td>{shown}</td><td>{met}</td><td>{of}</td></tr>")
    index = folder / "index.html"
    index.write_text(INDEX.format(rows="\n".join(rows)))
    return index


def _is_met(outcome: dict[str, Any]) -> bool:
    return not outcome["unexpected_count"]


def _page(kept: dict[str, Any]) -> str:
    """What was kept, as the validation result that Great Expectations would have given, in its own rendering."""
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult, ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    met, of = sum(map(_is_met, kept["outcomes"])), len(kept["outcomes"])
    result = ExpectationSuiteValidationResult(
        success=met == of,
        suite_name=kept["suite_name"],
        results=[
            ExpectationValidationResult(
                success=_is_met(outcome),
                expectation_config=ExpectationConfiguration(outcome["type"], outcome["kwargs"], outcome["meta"]),
                result=_counts(outcome),
            )
            for outcome in kept["outcomes"]
        ],
        statistics={
            "evaluated_expectations": of,
            "successful_expectations": met,
            "unsuccessful_expectations": of - met,
            "success_percent": 100 * met / of,
        },
        meta={
            "run_id": {"run_name": kept["submission_id"], "run_time": kept["judged_at"]},
            "active_batch_definition": {"data_asset_name": kept["submission_id"]},
        },
    )
    return str(DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(result)))


def _counts(outcome: dict[str, Any]) -> dict[str, Any]:
    elements, missing, unexpected = (outcome[name] for name in ("element_count", "missing_count", "unexpected_count"))
    present = elements - missing
    return {
        "element_count": elements,
        "missing_count": missing,
        "missing_percent": _percent(missing, elements),
        "unexpected_count": unexpected,
        "unexpected_percent": _percent(unexpected, present),
        "unexpected_percent_total": _percent(unexpected, elements),
        "unexpected_percent_nonmissing": _percent(unexpected, present),
    }


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
