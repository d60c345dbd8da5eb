"""Healthwatch reports: what is read out of pages and PDFs, and what stays NULL (domain: A9)."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samepicture.demo.healthwatch import reports
from samepicture.demo.healthwatch_pdf import report_pdf
from samepicture.messages import SubmissionRejected
from samepicture.readers import report_pdf as pdf_reader
from samepicture.readers.report_blocks import Recommendation, recommendations, response
from samepicture.readers.report_package import Package, ReportFile, pack, unpack
from samepicture.readers.report_page import list_items, read_page
from samepicture.readers.report_pdf import read_pdf
from tests.unit.healthwatch_files import LOCAL, UTF8, page, pdf, record

# -- the form-like block ------------------------------------------------------------------

VALUES = {
    "local_healthwatch": (("Local Healthwatch", "Name of Local Healthwatch", "Healthwatch"), ["Healthwatch Eastvale"]),
    "published_date": (("Date of publication", "Publication date", "Date published"), ["Tuesday, 2 April 2024"]),
    "report_type": (("Type of report", "Report type"), ["Enter and view report"]),
    "topics": (("Key themes", "Key topics", "Themes"), ["Access to services", "Cleanliness, hygiene and infection control"]),
    "methods": (("Primary research method used", "How was the information collected?"), ["Survey"]),
    "people": (("How many people shared their views?", "Number of people who took part"), ["313"]),
    "services": (("Services included in the report", "Primary care services"), ["GP practice"]),
    "provider_names": (("Name of provider", "Provider names"), ["Harbour View Surgery"]),
    "response": (("Does the information contain a response from a provider?", "Response from provider included"), ["Yes"]),
}
UNREAD = (
    ("Date evidence capture began", ["1 January 2024"]),
    ("Healthwatch reference number (if applicable)", ["Rep-1"]),
    ("Age group", ["All ages"]),
)
LAYOUTS = (
    lambda label, values: (
        f"<div class='field'><div class='field__label'>{label}</div>{''.join(f'<div class=field__item>{v}</div>' for v in values)}</div>"
    ),
    lambda label, values: f"<dl><dt>{label}</dt>{''.join(f'<dd>{v}</dd>' for v in values)}</dl>",
    lambda label, values: f"<table><tr><th>{label}:</th><td><ul>{''.join(f'<li>{v}</li>' for v in values)}</ul></td></tr></table>",
    lambda label, values: f"<h4>{label}</h4><ul>{''.join(f'<li>{v}</li>' for v in values)}</ul>",
    lambda label, values: f"<p><strong>{label.rstrip('?')}:</strong> {'; '.join(values)}</p>",
)


@settings(deadline=None, max_examples=60)
@given(
    data=st.data(), layout=st.sampled_from(LAYOUTS), names=st.permutations(sorted(VALUES)), missing=st.sets(st.sampled_from(sorted(VALUES)))
)
def test_labels_in_any_order_wording_and_layout(data: st.DataObject, layout: Any, names: list[str], missing: set[str]) -> None:
    kept = [name for name in names if name not in missing]
    entries = [(data.draw(st.sampled_from(VALUES[name][0])), VALUES[name][1]) for name in kept]
    for unread in UNREAD:
        entries.insert(data.draw(st.integers(0, len(entries))), unread)
    read = read_page(
        page("<h1>A report</h1><p>Its prose.</p><h3>General details</h3>" + "".join(layout(*entry) for entry in entries)), UTF8
    )
    assert {name: list_items(values) if name == "topics" else values for name, values in read.fields.items()} == {
        name: VALUES[name][1] for name in kept
    }
    assert read.summary == "Its prose."
    assert read.published_date == (date(2024, 4, 2) if "published_date" in kept else None)


def test_what_a_page_does_not_say_is_null() -> None:
    row, warnings = record(page("<h1>A report</h1><p>People were kind.</p>"), "page.html")
    empty = {name for name, value in row.items() if value is None}
    assert empty == set(row) - {"line_number", "report_id", "library_code", "title", "summary", "response_status_code"}
    assert (row["response_status_code"], warnings) == ("unknown", [])


def test_a_heading_with_the_words_of_a_label_above_prose_is_no_field() -> None:
    read = read_page(page("<h1>A report</h1><h2>Key themes</h2><p>People told us that they waited for weeks.</p>"), UTF8)
    assert read.fields == {}
    assert "waited for weeks" in (read.summary or "")


@pytest.mark.parametrize(
    ("content", "listing", "expected"),
    [
        ("<h1>R</h1><p>Published on 5 May 2024</p><p>x</p>", "2024-05-07", ("page", date(2024, 5, 5))),
        ("<h1>R</h1><p><time datetime='2024-05-05T10:00:00Z'>May 2024</time></p><p>x</p>", "2024-05-07", ("page", date(2024, 5, 5))),
        ("<h1>R</h1><p>The visit was on 1 March 2024.</p>", "2024-05-07", ("listing", date(2024, 5, 7))),
        ("<h1>R</h1><p>x</p>", None, ("address", date(2024, 5, 9))),
    ],
)
def test_where_the_date_was_found(content: str, listing: str | None, expected: tuple[str, date]) -> None:
    row, _ = record(pack(Package(page(content), "https://hw.example/report/2024-05-09/r?x=1", listing)))
    assert (row["published_date_source_code"], row["published_date"]) == expected
    assert row["report_id"] == "hw.example/report/2024-05-09/r"


def test_the_page_of_another_encoding_and_what_is_about_other_pages() -> None:
    content = (
        "<h1>Café visits</h1><p>We spoke to 12 people.</p><h2>You might also be interested in</h2><p>We heard from 900 people in total.</p>"
    )
    row, _ = record(page(content).decode().encode("cp1252"), "page.html")
    assert (row["title"], row["people_reached_count"]) == ("Café visits", 12)


def test_a_field_inside_another_and_furniture_inside_furniture() -> None:
    inner = LAYOUTS[0]("Key themes", ["Access"]) + LAYOUTS[0]("Type of report", ["Report"])
    content = (
        f"<footer><nav><form>x</form></nav></footer><h1>R</h1><div class='field'><div class='field__item'><p>Prose.</p>{inner}</div></div>"
    )
    read = read_page(page(content), UTF8)
    assert (read.fields, read.summary) == ({"topics": ["Access"], "report_type": ["Report"]}, "Prose.")


def test_many_unclosed_paragraphs_are_no_nesting() -> None:
    assert read_page(page("<h1>R</h1>" + "<div><p>One.<br><img src=x></div>" * 700), UTF8).summary


def test_a_number_from_the_form_needs_no_sentence_one_from_prose_has_it() -> None:
    form, _ = record(
        page("<h1>R</h1><p>We spoke to 12 people.</p><dl><dt>How many people shared their views?</dt><dd>1,312</dd></dl>"), "page.html"
    )
    assert (form["people_reached_count"], form["people_reached_sentence"]) == (1312, None)
    unknown, _ = record(
        page("<h1>R</h1><p>We spoke to 12 people.</p><dl><dt>How many people shared their views?</dt><dd>Not known</dd></dl>"), "page.html"
    )
    assert (unknown["people_reached_count"], unknown["people_reached_sentence"]) == (12, "We spoke to 12 people.")


# -- recommendations ----------------------------------------------------------------------


def listed(content: str) -> list[Recommendation]:
    return recommendations(read_page(page(f"<h1>R</h1>{content}"), UTF8).blocks)


def test_recommendations_under_a_heading_end_with_the_list() -> None:
    found = listed("<h2>Our recommendations</h2><p>We ask:</p><ol><li>One.</li><li>Two.</li></ol><h2>Thanks</h2><ul><li>Three</li></ul>")
    assert [item.text for item in found] == ["One.", "Two."]


def test_recommendations_below_a_sentence() -> None:
    found = listed("<p>The report makes 2 recommendations</p><ol><li>One</li><li>Two</li></ol><p>Then</p><ul><li>Three</li></ul>")
    assert [item.text for item in found] == ["One", "Two"]


@pytest.mark.parametrize(
    "content",
    [
        "<h2>Recommendations</h2><p>To Northmoor Hospitals NHS Trust:</p><ol><li>One.</li></ol><p>For commissioners:</p><ol><li>Two.</li></ol>",
        "<h2>Recommendations</h2><h3>Northmoor Hospitals NHS Trust</h3><ul><li>One.</li></ul><h3>For commissioners</h3><ul><li>Two.</li></ul>",
        "<h2>Recommendations</h2><ul><li>One. (for: Northmoor Hospitals NHS Trust)</li><li>Two. (Responsible: commissioners)</li></ul>",
        "<h2>Recommendations</h2><ul><li>To Northmoor Hospitals NHS Trust: One.</li><li>Two. [addressed to commissioners]</li></ul>",
        "<h2>Recommendations</h2><table><tr><th>Recommendation</th><th>For whom</th></tr><tr><td>One.</td><td>Northmoor Hospitals NHS Trust</td></tr>"
        "<tr><td>Two.</td><td>commissioners</td></tr></table>",
    ],
)
def test_addressees(content: str) -> None:
    assert listed(content) == [Recommendation("One.", "Northmoor Hospitals NHS Trust"), Recommendation("Two.", "commissioners")]


def test_a_theme_above_recommendations_is_no_addressee() -> None:
    found = listed("<h2>Recommendations</h2><h3>To Eastvale Trust</h3><ul><li>One.</li></ul><h3>Communication</h3><ul><li>Two.</li></ul>")
    assert [item.addressee for item in found] == ["Eastvale Trust", None]
    assert listed("<h2>Recommendations to improve access</h2><ul><li>One.</li></ul>") == [Recommendation("One.")]


def test_single_headings_are_a_list() -> None:
    found = listed("<h2>Recommendation 1</h2><p>One.</p><h2>Recommendation 2: Two.</h2><p>Because.</p>")
    assert [item.text for item in found] == ["One.", "Two."]


def test_recommendations_of_a_pdf() -> None:
    made = read_pdf(
        pdf(
            "# Contents",
            "Recommendations .................... 2",
            "\f",
            "# 3. Recommendations",
            "To Eastvale Hospitals NHS Trust:",
            "1. Write to everybody on the list once a month, in plain words, with the name of somebody whom they can ring when nothing has been heard. Do it soon.",
            "2. Open the side door",
            "To NHS Northshire Integrated Care Board:",
            "1. Pay for the interpreter.",
            "# 4. Provider response",
            "No response was received from the trust.",
        ),
        "r.pdf",
    )
    found = recommendations(made.blocks)
    assert [(item.text.split()[-1], item.addressee) for item in found] == [
        ("soon.", "Eastvale Hospitals NHS Trust"),
        ("door", "Eastvale Hospitals NHS Trust"),
        ("interpreter.", "NHS Northshire Integrated Care Board"),
    ]
    said = response(made.blocks)
    assert said is not None
    assert said.status_code == "no_response"


def test_the_list_that_agrees_with_the_stated_number_is_taken() -> None:
    content = page("<h1>R</h1><p>The report makes 3 recommendations. The main recommendations:</p><ul><li>One</li></ul>")
    both = pack(Package(content, files=[ReportFile("report-1.pdf", pdf("# Recommendations", "1. One", "2. Two", "3. Three"))]))
    row, warnings = record(both)
    assert [item["text"] for item in json.loads(row["recommendations"])] == ["One", "Two", "Three"]
    assert warnings == []
    assert record(content, "page.html")[1] == ["recommendations_differ"]


# -- days: sent and due -------------------------------------------------------------------

ASKS = "<h2>Recommendations</h2><ul><li>One. (for: Eastvale Trust)</li><li>Two. (for: Northmoor Trust)</li></ul>"


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("The report was sent to the providers on 25 March 2024.", ["2024-03-25", "2024-03-25"]),
        ("The report was sent to Eastvale Trust on 25 March 2024.", ["2024-03-25", None]),
        (
            "The report was sent to Eastvale Trust on 25 March 2024. We sent our recommendations to Northmoor Trust on 26/03/2024.",
            ["2024-03-25", "2024-03-26"],
        ),
        ("The report was sent on 25 March 2024. A second report was sent on 2 April 2024.", [None, None]),
        ("The survey was sent with the last report on 25 March 2024.", [None, None]),
        ("The report was published on 25 March 2024.", [None, None]),
    ],
)
def test_days_sent_are_read_never_invented(said: str, sent: list[str | None]) -> None:
    row, _ = record(page(f"<h1>R</h1><p>{said}</p>{ASKS}"), "page.html")
    items = json.loads(row["recommendations"])
    assert [item["sent_date"] for item in items] == sent
    assert {item["due_date"] for item in items} == {None}, "the warehouse counts, and says that it did"


def test_a_day_sent_in_a_table() -> None:
    table = "<table><tr><th>Recommendation</th><th>Provider</th><th>Date sent</th></tr><tr><td>One.</td><td>Eastvale Trust</td><td>25/03/2024</td></tr></table>"
    row, _ = record(page(f"<h1>R</h1><p>x</p><h2>Recommendations</h2>{table}"), "page.html")
    assert json.loads(row["recommendations"]) == [
        {"number": 1, "text": "One.", "addressee": "Eastvale Trust", "sent_date": "2024-03-25", "due_date": None}
    ]


# -- responses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            "<h2>Response from Eastvale Trust</h2><p>Received on 3 April 2024. We agree.</p>",
            ("responded", "Received on 3 April 2024. We agree.", date(2024, 4, 3)),
        ),
        ("<h2>Provider response</h2><p>We have not yet received a response.</p>", ("no_response", None, None)),
        ("<p>The trust did not respond.</p>", ("no_response", None, None)),
        ("<p>Most people did not respond. No response was received to question 5.</p>", ("unknown", None, None)),
        ("<h2>Survey responses from residents</h2><p>166 came.</p>", ("unknown", None, None)),
        (
            "<dl><dt>Does the information contain a response from a provider?</dt><dd>No</dd></dl>",
            ("unknown", None, None),
        ),  # only this report holds none
        ("<dl><dt>Does the information contain a response from a provider?</dt><dd>Yes</dd></dl>", ("responded", None, None)),
        ("<p>See the <a href='/response/2024-04-02/r'>reply</a>.</p>", ("responded", None, None)),
    ],
)
def test_responses(content: str, expected: tuple[str, str | None, date | None]) -> None:
    row, _ = record(page(f"<h1>R</h1><p>x</p>{content}"), "page.html")
    assert (row["response_status_code"], row["response_text"], row["response_date"]) == expected


def test_a_response_on_a_page_or_in_a_pdf_of_its_own() -> None:
    own = Package(
        page("<h1>R</h1><p>x</p>"),
        response=page("<h1>Response: R</h1><p>We agree.</p>"),
        response_url="https://hw.example/response/2024-04-02/r",
    )
    row, _ = record(pack(own))
    assert (row["response_status_code"], row["response_text"], row["response_date"]) == ("responded", "We agree.", date(2024, 4, 2))
    row, _ = record(
        pack(
            Package(page("<h1>R</h1><p>x</p>"), files=[ReportFile("response-1.pdf", pdf("We agree, dated 5 April 2024."), kind="response")])
        )
    )
    assert (row["response_status_code"], row["response_text"], row["response_date"]) == (
        "responded",
        "We agree, dated 5 April 2024.",
        date(2024, 4, 5),
    )
    assert row["file_sha256"] is None


# -- PDFs and packages --------------------------------------------------------------------

SCANNED = report_pdf(replace(reports()[0], scanned=True))


def encrypted(password: str) -> bytes:
    writer = pypdf.PdfWriter(io.BytesIO(pdf("Secret words.")))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (SCANNED, "pdf_without_text"),
        (pdf("Text.")[:400], "pdf_unreadable"),
        (b"%PDF-1.7\ngarbage", "pdf_unreadable"),
        (encrypted("word"), "pdf_encrypted"),
    ],
)
def test_a_pdf_that_gives_no_text_warns_beside_a_page_and_rejects_alone(content: bytes, code: str) -> None:
    row, warnings = record(pack(Package(page("<h1>R</h1><p>x</p>"), files=[ReportFile("report-1.pdf", content)])))
    assert (row["full_text"], warnings) == (None, [code])
    assert len(row["file_sha256"]) == 64
    with pytest.raises(SubmissionRejected) as refused:
        record(content, "alone.pdf")
    assert refused.value.code == code
    assert "alone.pdf" in refused.value.sentence


def test_a_pdf_that_only_forbids_changes_is_read() -> None:
    assert read_pdf(encrypted(""), "r.pdf").text == "Secret words."


def test_bounds_of_a_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_reader, "MAX_PAGES", 2)
    read = read_pdf(pdf("One.", "\f", "Two.", "\f", "Three."), "r.pdf")
    assert (read.text, read.code) == ("One.\nTwo.", "pdf_too_long")
    monkeypatch.setattr(pdf_reader, "MAX_BYTES", 100)
    assert read_pdf(pdf("One."), "r.pdf").code == "pdf_too_large"


def test_running_headers_page_numbers_and_contents_are_left_out() -> None:
    pages = [line for n in range(1, 4) for line in ("Healthwatch Eastvale | 2024", f"Words of page {n}.", f"Page {n} of 3", "\f")]
    assert read_pdf(pdf(*pages), "r.pdf").text == "Words of page 1.\nWords of page 2.\nWords of page 3."


def test_a_pdf_alone_is_a_report_with_its_hash_for_an_address() -> None:
    row, warnings = record(pdf("# Leaving hospital", "We spoke to forty people."), "by_hand.pdf", LOCAL)
    assert (row["title"], row["people_reached_count"], row["report_url"], row["library_code"]) == ("Leaving hospital", 40, None, "local")
    assert row["report_id"] == f"sha256:{row['file_sha256']}"
    assert warnings == []


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "r.zip", "empty_file"),
        (b"name,date\n", "r.csv", "unknown_format"),
        (b"PK\x03\x04rest", "r.zip", "broken_archive"),
        (page("<h1>Page not found</h1><p>Sorry.</p>"), "r.html", "not_a_report_page"),
        (page("<form><input></form>"), "r.html", "not_a_report_page"),
        (b"<html>" + b" " * (8 << 20), "r.html", "page_too_large"),
        (page("<h1>R</h1>" + "<div>" * 600 + "x" + "</div>" * 600), "r.html", "damaged_page"),
    ],
)
def test_what_is_no_report_is_refused(content: bytes, name: str, code: str) -> None:
    with pytest.raises(SubmissionRejected) as refused:
        record(content, name)
    assert refused.value.code == code


def test_a_package_is_the_same_bytes_and_comes_back_whole() -> None:
    package = Package(
        page("<h1>R</h1>"),
        "https://hw.example/r",
        "2024-05-07",
        page("x"),
        "https://hw.example/response/r",
        [ReportFile("report-1.pdf", SCANNED, "https://hw.example/r.pdf")],
    )
    assert pack(package) == pack(package)
    assert unpack(io.BytesIO(pack(package)), "r.zip") == package


def test_a_page_that_offers_a_pdf_that_did_not_come() -> None:
    _, warnings = record(page("<h1>R</h1><p>x</p><a href='/a.pdf'>Download (PDF 1 MB)</a>"), "page.html")
    assert warnings == ["pdf_missing"]
