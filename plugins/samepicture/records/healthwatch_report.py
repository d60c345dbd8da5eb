"""Reports of local Healthwatch, with their recommendations (domain: A9)."""

from __future__ import annotations

from samepicture.records.contract import Column, Contract, Kind

CONTRACT = Contract(
    record_type="healthwatch_report",
    title="Healthwatch reports and recommendations",
    grain="one report of one local Healthwatch, with its recommendations nested",
    key=("report_id",),
    event_date="published_date",
    nuance=(
        "What a page does not say stays empty. Numbers read from prose carry the sentence that they came from. "
        "The same report may stand in the national library and on the local site under two ids; file_sha256 tells."
    ),
    columns=(
        Column("report_id", Kind.REFERENCE, "The page's address without scheme and query: the report's identity."),
        Column("report_url", Kind.REFERENCE, "The page."),
        Column("library_code", Kind.CODE, "national or local: whose page it is."),
        Column("local_healthwatch_name", Kind.TEXT, "Who wrote it."),
        Column("title", Kind.TEXT, "Its title."),
        Column("published_date", Kind.DATE, "Day of publication; empty where neither page, listing nor address says."),
        Column("published_date_source_code", Kind.CODE, "page, listing or address: where the date was found."),
        Column("report_type_name", Kind.TEXT, "Type of report, as the page says."),
        Column("summary", Kind.NARRATIVE, "Summary of the report's content; redacted."),
        Column("full_text", Kind.NARRATIVE, "Text of its PDF; redacted; empty where the PDF has no text."),
        Column("topics", Kind.LIST, "Key themes, as the page lists them."),
        Column("methods", Kind.LIST, "How evidence was collected, as the page lists it."),
        Column("people_reached_count", Kind.INTEGER, "How many people took part."),
        Column("people_reached_sentence", Kind.NARRATIVE, "The sentence that the number was read from."),
        Column("services", Kind.LIST, "Services that the report is about, as the page lists them."),
        Column("provider_names", Kind.LIST, "Providers that it names, as the page lists them."),
        Column("recommendations_stated_count", Kind.INTEGER, "How many recommendations the page says it makes."),
        Column("recommendations_stated_sentence", Kind.NARRATIVE, "The sentence that says so."),
        Column(
            "recommendations",
            Kind.JSON,
            'Recommendations: [{"number": n, "text": text, "addressee": text|null, "sent_date": date|null, "due_date": date|null}]; due_date only where the source states one: the warehouse counts 20 working days from sending.',
        ),
        Column("response_status_code", Kind.CODE, "responded, no_response or unknown, as the page says."),
        Column("response_date", Kind.DATE, "Day of the provider's response."),
        Column("response_text", Kind.NARRATIVE, "The provider's response; redacted."),
        Column("file_url", Kind.REFERENCE, "The PDF."),
        Column("file_sha256", Kind.REFERENCE, "SHA-256 of the PDF."),
    ),
)
