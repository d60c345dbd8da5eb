"""Source records to contract columns, as feed.yml declares it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from samepicture.feed import Feed, load_feed
from samepicture.mapping import WITHHELD, Mapped, Mapping
from samepicture.messages import SubmissionRejected
from samepicture.readers import LINE
from samepicture.values import SHOWN_CHARACTERS

COLUMNS: dict[str, Any] = {
    "organisation_ods_code": {"constant": "RZN"},
    "case_pseudonym": "Ref",
    "case_type_code": {"from": "Type", "values": {"PALS": "pals", "Formal complaint": "complaint", "n/k": ""}, "optional": True},
    "received_date": {"from": "Received", "dates": ["%d/%m/%Y", "%d-%b-%Y", "%Y-%m-%d %H:%M:%S"], "optional": True},
    "reopened_count": {"from": "Reopened", "optional": True},
    "has_learning_disability": {"from": "LD", "empty": ["Not recorded"], "optional": True},
    "subject_codes": {"each": ["S1", "S2", "S3"], "values": {"A": "communications", "B": "transport"}, "optional": True},
    "subject_source_names": {"from": "Subjects", "split": ";", "optional": True},
    "narrative": {"from": "Text", "optional": True},
    "site_name": {"from": ["Site", "Place"], "optional": True},
    "version_at": {"from": "Changed", "dates": ["%d/%m/%Y %H:%M"], "optional": True},
}


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    return declared(tmp_path, [{"name": "export", "recognise": ["Ref"], "columns": COLUMNS, "drop": ["Patient name"]}], mojibake=True)


def declared(folder: Path, layouts: list[dict[str, Any]], record_type: str = "complaint", mojibake: bool = False) -> Feed:
    home = folder / "a_feed"
    home.mkdir()
    document = {"id": "a_feed", "title": "A feed", "record_type": record_type, "publisher": "P", "owner_directorate": "nursing"}
    document |= {"source_family": "complaints", "licence": "L", "reader": {"kind": "delimited", "mojibake": mojibake}, "layouts": layouts}
    if not layouts:  # only a reader of the folder's own gives columns by the names of the contract
        document["reader"] = {"kind": "own"}
        (home / "reader.py").touch()
    (home / "feed.yml").write_text(yaml.safe_dump(document))
    return load_feed(home)


def mapped(feed: Feed, **columns: list[Any]) -> tuple[Mapped, Mapping]:
    """Records with these columns through the feed's mapping; every record has a reference."""
    rows = len(next(iter(columns.values())))
    columns = {"Ref": [f"C{n}" for n in range(rows)]} | columns
    mapping = Mapping(feed, list(columns))
    batch = pl.DataFrame(columns, schema_overrides=dict.fromkeys(columns, pl.String)).with_columns(pl.int_range(2, rows + 2).alias(LINE))
    return mapping.apply(batch), mapping


def test_every_contract_column_comes_back_and_constants_fill_theirs(feed: Feed) -> None:
    result, _ = mapped(feed, Type=["PALS", None])
    assert result.frame["organisation_ods_code"].to_list() == ["RZN", "RZN"]
    assert result.frame["closed_date"].to_list() == [None, None]
    assert result.frame["closed_date"].dtype == pl.Date
    assert result.frame["is_removed"].to_list() == [False, False]


def test_codes_are_looked_up_without_regard_to_case_and_spaces_and_unknown_ones_stay(feed: Feed) -> None:
    result, _ = mapped(feed, Type=[" formal COMPLAINT ", "pals", "Grumble", "n/k", "", None])
    assert result.frame["case_type_code"].to_list() == ["complaint", "pals", "Grumble", None, None, None]


def test_dates_in_any_declared_form(feed: Feed) -> None:
    result, _ = mapped(feed, Received=["05/03/2024", "5/3/2024", "05-Mar-2024", "2024-03-05 00:00:00", None])
    assert [str(day) for day in result.frame["received_date"]] == ["2024-03-05"] * 4 + ["None"]
    assert result.problems.is_empty()


@pytest.mark.parametrize("value", ["31/02/2024", "05/03/24", "2024-13-01", "TBC", "05.03.2024"])
def test_what_is_no_date_is_told_with_line_column_and_forms(feed: Feed, value: str) -> None:
    result, _ = mapped(feed, Received=["05/03/2024", value])
    assert result.frame["received_date"].null_count() == 1
    assert result.problems.rows() == [
        (
            3,
            "unreadable_date",
            "received_date",
            f"'{value}' in column 'Received' is not a date as dd/mm/yyyy or dd-Mon-yyyy or yyyy-mm-dd hh:mm:ss: correct it.",
        )
    ]


@pytest.mark.parametrize("words", ["my husband was left waiting", "5.3. or 6.3. or 7.3. or", "Mr Placeholder"])
def test_words_in_the_place_of_a_date_are_not_quoted(feed: Feed, words: str) -> None:
    result, _ = mapped(feed, Received=[words])
    assert len(words) > SHOWN_CHARACTERS or "Placeholder" in words
    assert words[:8] not in result.problems["sentence"][0]
    assert f"{len(words)} characters" in result.problems["sentence"][0]


def test_numbers_with_thousands_and_what_is_none(feed: Feed) -> None:
    result, _ = mapped(feed, Reopened=["1,200", " 3 ", "1.5", "many", None])
    assert result.frame["reopened_count"].to_list() == [1200, 3, None, None, None]
    assert result.problems["code"].to_list() == ["unreadable_number"] * 2
    assert result.problems[LINE].to_list() == [4, 5]


def test_booleans_keep_not_recorded_apart_from_no(feed: Feed) -> None:
    result, mapping = mapped(
        feed, LD=["Yes", "y", "No", "Not recorded", None, "FALSE", "1", "Not known", "not for me to say, ask Ms Quillfeather", "Not known"]
    )
    assert result.frame["has_learning_disability"].to_list() == [True, True, False, None, None, False, True, None, None, None]
    told = {(warning.code, warning.value, warning.count) for warning in mapping.warnings}
    assert ("unknown_code", "Not known", 2) in told
    assert "Quillfeather" not in str(told)


def test_lists_of_several_headers_keep_their_places_and_tell_the_unknown(feed: Feed) -> None:
    result, mapping = mapped(feed, S1=["A", "B", None, None, "zz"], S2=[None, "zz", "a", None, None], S3=[None, "A", None, None, None])
    assert [json.loads(text) if text else text for text in result.frame["subject_codes"]] == [
        ["communications"],
        ["transport", None, "communications"],
        [None, "communications"],
        None,
        [None],
    ]
    assert [(w.code, w.column_name, w.value, w.count) for w in mapping.warnings] == [("unknown_code", "subject_codes", "zz", 2)]


def test_lists_split_from_one_cell(feed: Feed) -> None:
    result, _ = mapped(feed, Subjects=['Say "no"; Leaving ;', ";", None, "One"])
    assert [json.loads(text) if text else text for text in result.frame["subject_source_names"]] == [
        ['Say "no"', "Leaving"],
        None,
        None,
        ["One"],
    ]


def test_the_first_header_with_a_value_is_used(feed: Feed) -> None:
    result, _ = mapped(feed, Site=["Here", "", None], Place=["There", "There", None])
    assert result.frame["site_name"].to_list() == ["Here", "There", None]


def test_double_encoding_is_repaired_and_nothing_else(feed: Feed) -> None:
    texts = ["don’t go to the café – £5", "plain", "Â", "naïve Ã", None]
    broken = [text.encode().decode("cp1252") if text == texts[0] else text for text in texts if text] + [None]
    result, _ = mapped(feed, Text=broken)
    assert result.frame["narrative"].to_list() == texts


def test_formulas_are_kept_and_told_without_their_text(feed: Feed) -> None:
    result, mapping = mapped(
        feed,
        Site=['=HYPERLINK("x")', "@SUM(A1)", "+cmd|x", "-cmd", "- a note", "-97", "+44 1632", "Ward = 3"],
        Text=["=1+1", "- staff were kind", "@the desk", "+ they listened", None, None, None, None],
    )
    assert result.frame["site_name"][0] == '=HYPERLINK("x")'
    assert [(w.code, w.column_name, w.value, w.count) for w in mapping.warnings] == [
        ("formula_in_cell", "site_name", None, 4),
        ("formula_in_cell", "narrative", None, 1),
    ]


def test_unknown_columns_are_kept_and_told_and_those_that_name_people_withheld(feed: Feed) -> None:
    columns: dict[str, list[Any]] = {
        "Theatre list": ["Late", None],
        "Complaint handler": ["Ann Invented", None],
        "Patient name": ["Bob Invented", "x"],
    }
    result, mapping = mapped(feed, **columns)
    assert json.loads(result.frame["unmapped"][0]) == {"Theatre list": "Late", "Complaint handler": WITHHELD}
    assert result.frame["unmapped"][1] is None
    assert [(w.code, w.column_name) for w in mapping.warnings] == [
        ("unknown_column", "Theatre list"),
        ("unknown_column", "Complaint handler"),
    ]
    assert "Bob" not in result.frame.write_csv()


def test_the_sources_own_time_of_change_makes_the_version(feed: Feed) -> None:
    result, _ = mapped(feed, Changed=["05/03/2024 09:30", None, "yesterday"])
    assert [str(at) for at in result.frame["version_at"]] == ["2024-03-05 09:30:00+00:00", "None", "None"]
    assert result.problems[LINE].to_list() == [4]


def test_a_renamed_column_is_named(tmp_path: Path) -> None:
    columns = {"case_pseudonym": "Ref", "received_date": {"from": ["Received", "Date received"]}}
    feed = declared(tmp_path, [{"name": "export", "recognise": ["Ref"], "columns": columns}])
    with pytest.raises(SubmissionRejected, match=r"'Received' or 'Date received' is not in the file.*'Rcvd'") as refusal:
        Mapping(feed, ["Ref", "Rcvd"])
    assert refusal.value.code == "missing_column"


def test_the_layout_is_chosen_by_its_headers(tmp_path: Path) -> None:
    columns = {"case_pseudonym": {"from": ["Ref", "No"]}}
    feed = declared(
        tmp_path,
        [
            {"name": "old", "recognise": ["Ref"], "without": ["Portal"], "columns": columns},
            {"name": "new", "recognise": ["Ref", "Portal"], "columns": columns},
        ],
    )
    assert Mapping(feed, ["ref ", "Other"]).layout.name == "old"
    assert Mapping(feed, ["Ref", "Portal"]).layout.name == "new"
    with pytest.raises(SubmissionRejected) as other:
        Mapping(feed, ["Ward", "Score"])
    assert other.value.code == "wrong_feed"
    with pytest.raises(SubmissionRejected, match="lacks 'Ref'") as lacking:
        Mapping(feed, ["Portal", "Score"])
    assert lacking.value.code == "missing_column"


def test_an_own_readers_columns_pass_by_name_with_lists_as_json(tmp_path: Path) -> None:
    feed = declared(tmp_path, [])
    result, _ = mapped(feed, case_pseudonym=["C1"], subject_codes=['["transport",null]'], received_date=["2024-03-05"], is_removed=["true"])
    assert result.frame.select("case_pseudonym", "subject_codes", "is_removed").row(0) == ("C1", '["transport",null]', True)
    assert str(result.frame["received_date"][0]) == "2024-03-05"


def test_a_sender_can_neither_take_records_away_nor_date_them(feed: Feed) -> None:
    """A tombstone is not judged: a column of that name in an export must not open this door."""
    result, mapping = mapped(feed, is_removed=["true", None], version_at=["2999-01-01", None])
    assert result.frame.select("is_removed", "version_at").rows() == [(False, None), (False, None)]
    assert [(w.code, w.column_name) for w in mapping.warnings] == [("unknown_column", "is_removed"), ("unknown_column", "version_at")]


def test_of_two_headers_that_differ_in_case_alone_the_first_is_used(tmp_path: Path) -> None:
    feed = declared(tmp_path, [{"name": "export", "recognise": ["Ref"], "columns": {"case_pseudonym": "Ref"}}])
    mapping = Mapping(feed, ["Ref", "REF"])
    result = mapping.apply(pl.DataFrame({"Ref": ["C1"], "REF": ["x"], LINE: [2]}))
    assert result.frame["case_pseudonym"].to_list() == ["C1"]
    assert [w.column_name for w in mapping.warnings] == ["REF"]


def test_a_file_without_header_row_is_not_quoted(tmp_path: Path) -> None:
    """Its first line is somebody's case."""
    feed = declared(tmp_path, [{"name": "export", "recognise": ["Ref", "Received"], "columns": {"case_pseudonym": "Ref"}}])
    with pytest.raises(SubmissionRejected, match="'Ref', 'Received'") as refusal:
        Mapping(feed, ["NM1", "I waited nine hours"])
    assert "waited" not in refusal.value.sentence
    assert "NM1" not in refusal.value.sentence


def test_wide_files_become_long_and_withheld_is_not_zero(tmp_path: Path) -> None:
    layout = {
        "name": "wide",
        "recognise": ["Year", "Code"],
        "year": "Year",
        "columns": {"organisation_ods_code": "Code"},
        "unpivot": {
            "headers": "^Age_",
            "name_to": "measure_name",
            "code_to": "measure_code",
            "value_to": "complaints_count",
            "group_to": "measure_group_code",
            "groups": {"^age_": "age"},
            "totals": "_total$",
            "suppressed": ["*"],
        },
    }
    feed = declared(tmp_path, [layout], record_type="complaint_return")
    columns = {"Year": ["2024-25", "24/25"], "Code": ["RZN", "RZE"], "Age_0_5": ["3", "*"], "Age_Total": ["7", "x"]}
    mapping = Mapping(feed, list(columns))
    result = mapping.apply(pl.DataFrame(columns).with_columns(pl.Series(LINE, [2, 3])))
    long = result.frame.select(LINE, "measure_code", "measure_group_code", "complaints_count", "is_suppressed", "is_total").rows()
    assert long == [
        (2, "age_0_5", "age", 3, False, False),
        (3, "age_0_5", "age", None, True, False),
        (2, "age_total", "age", 7, False, True),
        (3, "age_total", "age", None, False, True),
    ]
    assert sorted(result.problems["code"]) == ["unreadable_number", "unreadable_year"]
    assert result.frame.select(pl.col("year_name", "period_start_date", "period_end_date").cast(pl.String)).row(0) == (
        "2024-25",
        "2024-04-01",
        "2025-03-31",
    )
