"""The corpora that redaction is measured on: what tests/corpus/README.md says of them holds."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from stdnum.gb import nhs

CORPUS = Path(__file__).parents[1] / "corpus"
FILES = {
    "development": CORPUS / "redaction_development.jsonl",
    "development 2": CORPUS / "redaction_development_2.jsonl",
    "held out": CORPUS / "redaction_held_out.jsonl",
}
LINES_AT_LEAST = {"development": 600, "development 2": 320, "held out": 600}
KIND_AT_LEAST = {
    "nhs_number": 25,
    "phone": 25,
    "email": 15,
    "postcode": 20,
    "date_of_birth": 20,
    "ni_number": 6,
    "patient_name": 60,
    "staff_name": 90,
    "relative_name": 30,
    "address": 15,
    "vehicle_plate": 10,
    "handle": 10,
    "url": 8,
}


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in FILES[name].read_text(encoding="utf-8").splitlines()]


def counted(name: str) -> Counter[str]:
    return Counter(span["kind"] for line in lines(name) for span in line["spans"])


@pytest.mark.parametrize("name", FILES)
def test_a_line_is_a_text_its_spans_and_a_note(name: str) -> None:
    for line in lines(name):
        assert set(line) == {"text", "spans", "notes"}
        assert line["text"].strip() == line["text"] != ""
        for span in line["spans"]:
            assert set(span) == {"start", "end", "kind"}, line


@pytest.mark.parametrize("name", FILES)
def test_spans_hold_something_within_the_text_in_order(name: str) -> None:
    for line in lines(name):
        for span in line["spans"]:
            assert 0 <= span["start"] < span["end"] <= len(line["text"]), line
            held = line["text"][span["start"] : span["end"]]
            assert held == held.strip(), line
        for before, after in pairwise(line["spans"]):
            assert before["end"] <= after["start"], line


@pytest.mark.parametrize("name", FILES)
def test_there_is_enough_of_each_kind_and_no_other(name: str) -> None:
    found = counted(name)
    assert set(found) == set(KIND_AT_LEAST)
    assert {kind: n for kind, n in found.items() if n < KIND_AT_LEAST[kind]} == {}
    assert len(lines(name)) >= LINES_AT_LEAST[name]


@pytest.mark.parametrize("name", FILES)
def test_four_lines_in_ten_hold_no_identifier(name: str) -> None:
    spans = [line["spans"] for line in lines(name)]
    assert spans.count([]) >= 0.4 * len(spans)


@pytest.mark.parametrize("name", FILES)
def test_nhs_numbers_in_digits_have_their_check_digit_and_are_nobodys(name: str) -> None:
    held = [line["text"][span["start"] : span["end"]] for line in lines(name) for span in line["spans"] if span["kind"] == "nhs_number"]
    in_digits = [re.sub(r"\D", "", number) for number in held if re.search(r"\d", number)]
    assert [number for number in in_digits if not nhs.is_valid(number) or number[0] not in "589"] == []


def test_no_text_occurs_twice() -> None:
    texts = Counter(" ".join(line["text"].casefold().split()) for name in FILES for line in lines(name))
    assert [text for text, n in texts.items() if n > 1] == []


def test_the_page_counts_what_the_files_hold() -> None:
    page = (CORPUS / "README.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \|", page, re.MULTILINE)
    found = [counted(name) for name in FILES]
    assert {kind: [int(number) for number in numbers] for kind, *numbers in table} == {
        kind: [each[kind] for each in found] for kind in KIND_AT_LEAST
    }
