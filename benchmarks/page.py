"""The page of nursing and comms: what making it costs, and how soon it opens.

    make bench-page     or   python benchmarks/page.py [organisations] [complaints]

Twice: of what a system of many organisations publishes (24 months, 8 quarters, 18 themes and 6 charts each), and of a
warehouse into which so many complaints came by the usual way. Opened as a file by Chromium on a phone's screen, with
nothing in its cache.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402
from benchmarks.installation import installation, with_history  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402
from sqlalchemy import insert  # noqa: E402
from tests.browser.conftest import FLAGS  # noqa: E402
from tests.page.material import Row, frame  # noqa: E402

from samepicture import ledger  # noqa: E402
from samepicture.page.content import content  # noqa: E402
from samepicture.page.edition import current, make  # noqa: E402
from samepicture.page.reading import COLUMNS, read  # noqa: E402
from samepicture.settings import PROJECT, Settings  # noqa: E402
from samepicture.warehouse import open_warehouse  # noqa: E402

QUARTERS = [date(2024 + (2 + place) // 4, (2 + place) % 4 * 3 + 1, 1) for place in range(8)]
MONTHS = [date(2024 + (6 + place) // 12, (6 + place) % 12 + 1, 1) for place in range(24)]
FAMILIES = (("nursing", "complaints"), ("nursing", "surveys"), ("comms", "stories"), ("comms", "engagement"))
CHARTS = ("inpatient", "outpatient", "ae", "community", "mental_health", "maternity_birth")
OPENINGS = 5


def rows(organisations: int) -> dict[str, list[Row]]:
    """Of each published table."""
    codes = [f"R{number:04}" for number in range(organisations)]
    of = {code: {"organisation_ods_code": code, "current_ods_code": code, "organisation_name": f"TRUST NUMBER {code}"} for code in codes}
    themes = [f"T{number:02}" for number in range(18)]
    return {
        "theme_evidence": [
            {**of[code], "theme_code": theme, "theme_name": f"Theme {theme}", "quarter_start_date": quarter, "source_family_code": family, "owner_directorate_code": function, "feedback_count": 5 + place}
            for code in codes for quarter in QUARTERS for theme in themes for place, (function, family) in enumerate(FAMILIES)
        ],
        "complaint_timeliness": [{**of[code], "quarter_start_date": quarter} for code in codes for quarter in QUARTERS],
        "complaint_outcome": [{**of[code], "quarter_start_date": quarter} for code in codes for quarter in QUARTERS],
        "spc": [
            {**of[code], "setting_code": setting, "month_start_date": month, "point_count": 24, "value": 0.6 + hash((code, setting, month)) % 300 / 1000, "is_latest": month == MONTHS[-1]}
            for code in codes for setting in CHARTS for month in MONTHS
        ],
        "consented_story": [
            {"feedback_id": f"{code}{quarter}{place}", "published_date": quarter, "organisation_ods_codes": f'["{code}"]', "body": "I waited for hours. " * 30}
            for code in codes for quarter in QUARTERS for place in range(20)
        ],
        "recommendations": [{"recommendation_id": f"{code}{place}", "addressee_name": f"Trust Number {code}"} for code in codes for place in range(4)],
        "loop_closure": [{**of[code], "action_key": f"{code}{place}"} for code in codes for place in range(20)],
        "ombudsman_findings": [{**of[code], "feedback_id": f"{code}{place}"} for code in codes for place in range(4)],
        "feed_health": [{"feed_id": str(number), "feed_name": f"Feed {number}"} for number in range(60)],
        "answer_coverage": [{"question_number": number} for number in range(1, 21)],
        "known_already": [{**{key: of[code][key] for key in ("organisation_ods_code", "organisation_name")}, "theme_code": theme, "theme_name": f"Theme {theme}"} for code in codes for theme in themes],
        "representativeness": [{"group_code": str(number), "group_name": f"Group {number}"} for number in range(60)],
        "engagement_outcome": [{**of[code], "feedback_id": f"{code}{place}"} for code in codes for place in range(30)],
    }  # fmt: skip


def published(folder: Path, organisations: int) -> tuple[Settings, int]:
    """A warehouse with these tables, and how many rows they have."""
    settings = Settings(folder, f"duckdb:///{folder / 'warehouse.duckdb'}", str(folder / "landing"), (PROJECT / "dags/feeds",), None)
    warehouse = open_warehouse(settings)
    warehouse.create()
    now = datetime.now(UTC)
    with warehouse.writer() as connection:
        row = {"build_id": "1" * 32, "record_types": "", "load_number": 1, "models_sha256": "", "model_count": 0}
        connection.execute(insert(ledger.build), {**row, "started_at": now, "finished_at": now})
    total = 0
    found = rows(organisations)
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute("create schema published")
        for table in COLUMNS:
            content_of = frame(table, found[table])
            assert content_of is not None
            total += content_of.height
            connection.execute(f"create table published.{table} as select * from content_of")
    return settings, total


def seconds(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


def measured(step: Callable[[], object]) -> tuple[str, str]:
    """Seconds by the clock, and of a processor: on a busy machine the second alone says what it costs."""
    busy = time.process_time()
    clock = seconds(step)
    return f"{clock:.2f}", f"{time.process_time() - busy:.2f}"


def openings(edition: Path) -> dict[str, list[float]]:
    """Seconds until everything is loaded, of the page of the whole system and of one organisation."""
    first = next((edition / "organisations").iterdir()).name
    found: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        for path in ("index.html", f"organisations/{first}"):
            for _ in range(OPENINGS):
                context = browser.new_context(viewport={"width": 375, "height": 812})
                page = context.new_page()
                found.setdefault(path, []).append(
                    seconds(lambda page=page, path=path: page.goto(f"file://{edition}/{path}", wait_until="load"))
                )  # type: ignore[misc]
                context.close()
        browser.close()
    return found


def main(organisations: int, complaints: int) -> None:
    with tempfile.TemporaryDirectory(prefix="samepicture_") as name:
        settings, total = published(Path(name), organisations)
        show(settings, f"{organisations} organisations, {total:,} published rows, {len(CHARTS) * organisations} charts")
    with tempfile.TemporaryDirectory(prefix="samepicture_") as name:
        settings = installation(Path(name))
        with_history(settings, complaints)
        show(settings, f"{complaints:,} complaints behind it")


def show(settings: Settings, title: str) -> None:
    """Make the page, open it, and print what it took."""
    table = Table("", "seconds", "of a processor", title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    material = read(open_warehouse(settings))
    table.add_row("read what is published", *measured(lambda: read(open_warehouse(settings))))
    table.add_row("find what to say", *measured(lambda: content(material)))
    table.add_row("make all of it, first time: every chart is drawn", *measured(lambda: make(settings)))
    table.add_row("make all of it again: no chart has changed", *measured(lambda: make(settings)))
    table.add_row("see that there is nothing to make", *measured(lambda: make(settings, if_new=True)))
    edition = current(settings)
    assert edition is not None
    for path, times in openings(edition).items():
        size = (edition / path).stat().st_size / 1024
        table.add_row(
            f"open {path.split('/')[0]}, {size:.0f} KB: median and slowest of {OPENINGS}",
            f"{sorted(times)[OPENINGS // 2]:.2f}, {max(times):.2f}",
        )
    files = [path for path in edition.rglob("*") if path.is_file()]
    Console(width=120).print(table, f"{len(files)} files, {sum(path.stat().st_size for path in files) / 2**20:.0f} MB", sep="\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
