"""Nobody is named outside the landing store, whatever column the words slipped into."""

from __future__ import annotations

import json

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from samepicture.deidentify import UNRECOGNISED, deidentified, redact_json
from samepicture.privacy.redaction import redact
from samepicture.records import CONTRACTS

WORDS = "Ring 07700 900123 or ada@example.org"
DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(["born 12/03/1956", 'see "www.nhs.uk"', "Home:\nSW1A 1AA\nAB123456C"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(DOCUMENTS)
def test_redacted_json_is_json_of_the_same_shape(document: object) -> None:
    def shape(value: object) -> object:
        if isinstance(value, list):
            return [shape(item) for item in value]
        if isinstance(value, dict):
            return {key: shape(item) for key, item in value.items()}
        return type(value)

    (redacted,) = redact_json(pl.Series([json.dumps(document)]), redact)
    assert shape(json.loads(redacted)) == shape(document)


def test_identifiers_beside_escaped_line_breaks_are_found() -> None:
    (redacted,) = redact_json(pl.Series([json.dumps({"note": "Home:\nSW1A 1AA\nAB123456C\nborn 12/03/1956"})]), redact)
    assert not [word for word in ("SW1A", "AB123456C", "1956") if word in redacted]


def test_every_kind_that_can_hold_words_is_redacted() -> None:
    contract = CONTRACTS["complaint"]
    texts = {
        column.name: pl.Series([WORDS if column.polars_type == pl.String else None], dtype=column.polars_type)
        for column in contract.columns
    }
    lists = {name: pl.Series([json.dumps([WORDS])]) for name in ("subject_codes", "subject_source_names")}
    frame = pl.DataFrame({**texts, **lists, "unmapped": pl.Series([json.dumps({"note": WORDS})])})
    row = deidentified(frame, contract, (b"k" * 32,)).row(0, named=True)
    assert not [name for name, value in row.items() if isinstance(value, str) and ("900123" in value or "ada@" in value)]
    assert row["gender_code"] == UNRECOGNISED


def test_references_stay_and_words_in_their_place_do_not() -> None:
    contract = CONTRACTS["improvement_action"]
    columns = {column.name: pl.Series([None], dtype=column.polars_type) for column in contract.columns}
    given = ["https://www.healthwatch.example/report/1#2", "see Mrs Jones", "E001", None, "x" * 401]
    frame = pl.DataFrame({**columns, "recommendation_ids": [json.dumps(given)], "unmapped": pl.Series([None], dtype=pl.String)})
    row = deidentified(frame, contract, (b"k" * 32,)).row(0, named=True)
    assert json.loads(row["recommendation_ids"]) == [given[0], UNRECOGNISED, "E001", None, UNRECOGNISED]
    assert row["activity_ids"] is None


def test_names_go_from_words_and_stay_in_labels() -> None:
    contract = CONTRACTS["complaint"]
    columns = {column.name: pl.Series([None], dtype=column.polars_type) for column in contract.columns}
    words = {
        "narrative": "Agnieszka was kind.",
        "site_name": "Nightingale Clinic, Dr Patel",
        "unmapped": json.dumps({"note": "ask Dr Patel"}),
    }
    frame = pl.DataFrame({**columns, **{name: pl.Series([text]) for name, text in words.items()}})
    row = deidentified(frame, contract, (b"k" * 32,)).row(0, named=True)
    assert row["narrative"] == "[name] was kind."
    assert row["site_name"] == words["site_name"]
    assert json.loads(row["unmapped"]) == {"note": "ask Dr [name]"}
