"""PDFs of invented Healthwatch reports."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samepicture.demo.healthwatch import Report


def report_pdf(report: Report) -> bytes:
    """The report as a PDF; as pictures of pages, without text, where it was scanned."""
    from fpdf import FPDF

    pdf = FPDF()
    pdf.set_creation_date(datetime.combine(report.published, time(), UTC))
    pdf.add_page()
    if report.scanned:
        for line in range(40):
            pdf.rect(20, 20 + 6 * line, 160, 2, style="F")
        return bytes(pdf.output())

    def write(text: str, size: int = 11, bold: bool = False) -> None:
        pdf.set_font("helvetica", "B" if bold else "", size)
        pdf.multi_cell(0, size * 0.6, text, new_x="LMARGIN", new_y="NEXT")

    write(report.title, 18, bold=True)
    write(f"{report.healthwatch}, {report.published:%B %Y}")
    write("What we did", 14, bold=True)
    for paragraph in report.prose():
        write(paragraph)
    write("What people told us", 14, bold=True)
    write(
        "People said that they were treated kindly, and that they often had to tell their story again to somebody new, at the surgery as at the hospital."
    )
    write("Recommendations", 14, bold=True)
    for place, (text, to) in enumerate(report.asks(), 1):
        write(f"{place}. {text.rstrip('.')} (for: {to})" if report.worded else f"{place}. To {to}: {text}")
    write("Next steps", 14, bold=True)
    write(f"This report was sent to {report.provider} on {report.sent.day} {report.sent:%B %Y}. Providers have 20 working days to answer.")
    if report.response == "inside":
        write(f"Response from {report.provider}", 14, bold=True)
        write(f"We thank {report.healthwatch} and have begun.")
    write("Thank you", 14, bold=True)
    write("To everybody who took the time to speak to us.")
    return bytes(pdf.output())
