"""Pages and PDFs that the tests of Healthwatch reports make, and the record that one gives."""

from __future__ import annotations

import io
from typing import Any

from samepicture.feed import Feed, load_feed
from samepicture.readers import read_parts
from samepicture.settings import PROJECT

NATIONAL = load_feed(PROJECT / "dags" / "feeds" / "healthwatch_report_national")
LOCAL = load_feed(PROJECT / "dags" / "feeds" / "healthwatch_report_local")
UTF8 = ("utf-8-sig", "cp1252")


def page(content: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body><nav>2 recommendations</nav><main>{content}</main></body></html>".encode()


def record(content: bytes, file_name: str = "report.zip", feed: Feed = NATIONAL) -> tuple[dict[str, Any], list[str]]:
    """The record of a submission and the codes of its warnings."""
    (part,) = read_parts(feed, io.BytesIO(content), file_name)
    (frame,) = part.frames
    return frame.row(0, named=True), [warning.code for warning in part.warnings]


def pdf(*lines: str) -> bytes:
    """A PDF of these lines; '# ' begins a heading, a form feed a page."""
    from fpdf import FPDF

    made = FPDF()
    made.add_page()
    for line in lines:
        if line == "\f":
            made.add_page()
            continue
        made.set_font("helvetica", "B" if line.startswith("# ") else "", 11)
        made.multi_cell(0, 6, line.removeprefix("# "), new_x="LMARGIN", new_y="NEXT")
    return bytes(made.output())
