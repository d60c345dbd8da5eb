"""Every mistake in a feed.yml is said when it is read: which file, which key, what to do."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from samepicture.feed import FeedError, load_feed, load_feeds

SOUND: dict[str, Any] = {
    "id": "complaint_westbrook",
    "title": "Complaints, Westbrook",
    "record_type": "complaint",
    "publisher": "Westbrook NHS Trust",
    "owner_directorate": "nursing",
    "source_family": "complaints",
    "licence": "Data sharing agreement",
    "reader": {"kind": "delimited"},
    "organisations": ["RZW"],
    "layouts": [
        {
            "name": "export",
            "recognise": ["Ref", "Received"],
            "columns": {
                "case_pseudonym": "Ref",
                "received_date": {"from": "Received", "dates": ["%d/%m/%Y"]},
                "site_name": ["Site", "Ward"],
            },
        }
    ],
}


def written(tmp_path: Path, document: Any, folder: str = "complaint_westbrook") -> Path:
    path = tmp_path / folder
    path.mkdir()
    (path / "feed.yml").write_text(document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False))
    return path


def changed(*path: str | int, to: Any) -> dict[str, Any]:
    """The sound document with one key set; `...` takes it away."""
    document = copy.deepcopy(SOUND)
    at: Any = document
    for key in path[:-1]:
        at = at[key]
    if to is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return document


def column(name: str, spec: Any) -> dict[str, Any]:
    return changed("layouts", 0, "columns", name, to=spec)


def unpivot(**keys: Any) -> dict[str, Any]:
    sound = {"headers": "^Age", "name_to": "site_name", "code_to": "service_code", "value_to": "reopened_count"}
    return changed("layouts", 0, "unpivot", to={**sound, **keys})


MISTAKES: dict[str, tuple[Any, str, str]] = {
    # what is wrong: the document, the key that is named, the fix that is named
    "empty": ("", "the file is None", "write keys and values"),
    "no mapping": ("- a", "the file is ['a']", "write keys and values"),
    "no YAML": ("a: [b", "is not YAML", "line 1"),
    "tabs": ("a:\n\tb: 1", "is not YAML", "line 2"),
    "a key twice": (yaml.safe_dump(SOUND) + "title: again\n", "'title'", "remove one"),
    "a column twice": (
        yaml.safe_dump(SOUND).replace("case_pseudonym: Ref", "case_pseudonym: Ref\n    case_pseudonym: No"),
        "'case_pseudonym'",
        "remove one",
    ),
    "unknown key": (changed("colour", to="red"), "'colour'", "use one of id, title"),
    "missing key": (changed("licence", to=...), "'licence'", "add it"),
    "nothing for a text": (changed("title", to=None), "title is None", "write a text"),
    "a list for a text": (changed("title", to=["a"]), "title is ['a']", "write a text"),
    "true for a text": (changed("publisher", to=True), "publisher", "put it into quotes"),
    "true for a code": (
        column("consent_status_code", {"from": "Consent", "values": {True: "obtained"}}),
        "consent_status_code.values",
        "put it into quotes",
    ),
    "another id": (changed("id", to="complaint_eastbrook"), "id is 'complaint_eastbrook'", "the same name"),
    "record type": (changed("record_type", to="grumble"), "record_type 'grumble'", "use one of complaint,"),
    "directorate": (changed("owner_directorate", to="it"), "owner_directorate is 'it'", "use one of 'nursing', 'comms'"),
    "source family": (changed("source_family", to="x"), "source_family is 'x'", "use one of 'complaints'"),
    "reader": (changed("reader", "kind", to="xml"), "reader.kind is 'xml'", "use one of cqc, delimited"),
    "own reader": (changed("reader", to={"kind": "own"}), "reader.kind", "reader.py is not in the folder: add it"),
    "own connector": (changed("connector", to={"kind": "own"}), "connector.kind", "connector.py is not in the folder: add it"),
    "no source to ask": (changed("connector", to={"schedule": "@daily"}), "connector.schedule", "name it in connector.kind"),
    "unknown connector": (changed("connector", to={"kind": "pigeon"}), "connector.kind", "use one of care_opinion"),
    "news without a source": (
        changed("connector", to={"webhook": {"secret_from": "SECRET", "signed": "qualtrics"}}),
        "connector.webhook.signed",
        "set connector.kind to 'qualtrics'",
    ),
    "schedule": (changed("connector", to={"kind": "care_opinion", "schedule": "each morning"}), "connector.schedule", "five fields"),
    "encoding": (changed("reader", "encodings", to=["utf-99"]), "'utf-99'", "use utf-8-sig"),
    "sheets": (changed("reader", "sheets", to="("), "reader.sheets", "correct it"),
    "members": (changed("reader", "members", to="["), "reader.members", "correct it"),
    "share": (changed("bounds", to={"rejected_share": 5}), "bounds.rejected_share is 5", "from 0 to 1"),
    "share in words": (changed("bounds", to={"rejected_share": "few"}), "bounds.rejected_share is 'few'", "write a number"),
    "usual size": (changed("bounds", to={"rows_vs_usual": 0.5}), "bounds.rows_vs_usual", "1 or more"),
    "least rows": (changed("bounds", to={"rows_min": -1}), "bounds.rows_min", "0 or more"),
    "true for a number": (changed("bounds", to={"rows_min": True}), "bounds.rows_min", "write a whole number"),
    "half a day": (changed("bounds", to={"expected_every_days": 1.5}), "bounds.expected_every_days", "write a whole number"),
    "no day": (changed("bounds", to={"expected_every_days": 0}), "bounds.expected_every_days", "1 or more"),
    "no layouts": (changed("layouts", to=...), "layouts", "declare one"),
    "layouts of one name": (changed("layouts", to=SOUND["layouts"] * 2), "'export'", "give each its own"),
    "layouts that can't be told apart": (
        changed("layouts", to=[SOUND["layouts"][0], {"name": "other", "columns": {}}]),
        "layouts.other lacks the key 'recognise'",
        "name the headers",
    ),
    "layout without name": (changed("layouts", 0, "name", to=...), "layouts[0] lacks the key 'name'", "add it"),
    "unknown key of a layout": (changed("layouts", 0, "unpivit", to={}), "layouts[0] has the unknown key 'unpivit'", "use one of name"),
    "dropped and read": (changed("layouts", 0, "drop", to=["ref "]), "drop has 'ref '", "take it out of one of the two"),
    "unknown column": (column("colour", "Colour"), "columns.colour", "use one of organisation_ods_code"),
    "unknown key of a column": (column("site_name", {"form": "Site"}), "site_name has the unknown key 'form'", "use one of from"),
    "column from nowhere": (column("site_name", {"upper": True}), "columns.site_name", "exactly one of"),
    "column from no header": (column("site_name", []), "columns.site_name", "exactly one of"),
    "column from two": (column("site_name", {"from": "Site", "constant": "Main"}), "columns.site_name", "exactly one of"),
    "nothing to split": (column("subject_codes", {"constant": "a;b", "split": ";"}), "subject_codes.split", "needs 'from'"),
    "a list that is none": (column("site_name", {"each": ["A", "B"]}), "site_name is no list", "without 'each'"),
    "a date as people write it": (
        column("received_date", {"from": "Received", "dates": ["dd/mm/yyyy"]}),
        "received_date.dates",
        "'%d/%m/%Y'",
    ),
    "extract": (column("site_name", {"from": "Site", "extract": "("}), "site_name.extract", "correct it"),
    "extract without group": (column("site_name", {"from": "Site", "extract": "[A-Z]+"}), "site_name.extract", "in brackets"),
    "values": (column("gender_code", {"from": "Sex", "values": ["M"]}), "gender_code.values is ['M']", "write keys and values"),
    "upper": (column("gender_code", {"from": "Sex", "upper": "yes"}), "gender_code.upper is 'yes'", "write true or false"),
    "organisation column": (changed("organisation_column", to="trust"), "organisation_column 'trust'", "use one of organisation_ods_code"),
    "wide headers": (unpivot(headers="("), "unpivot.headers", "correct it"),
    "wide totals": (unpivot(totals="("), "unpivot.totals", "correct it"),
    "wide groups": (unpivot(groups={"(": "a"}), "unpivot.groups", "correct it"),
    "wide target": (unpivot(value_to="counted"), "unpivot.value_to 'counted'", "use one of organisation_ods_code"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_name_file_key_and_fix(tmp_path: Path, mistake: str) -> None:
    document, key, fix = MISTAKES[mistake]
    folder = written(tmp_path, document)
    with pytest.raises(FeedError) as error:
        load_feed(folder)
    assert str(folder / "feed.yml") in str(error.value)
    assert key in str(error.value)
    assert fix in str(error.value)


def test_a_sound_feed_is_read(tmp_path: Path) -> None:
    feed = load_feed(written(tmp_path, SOUND))
    assert feed.layouts[0].columns["case_pseudonym"].from_ == ("Ref",)
    assert feed.layouts[0].columns["site_name"].from_ == ("Site", "Ward")
    assert feed.folder == tmp_path / "complaint_westbrook"
    assert feed.bounds.rejected_share == 0.1


def test_shared_columns_may_be_overruled(tmp_path: Path) -> None:
    """A key that a merge brings in and the layout sets again is no key twice."""
    second = """
  - name: second
    recognise: [Ref, Site]
    columns:
      <<: *shared
      site_name: Other"""
    text = yaml.safe_dump(SOUND, sort_keys=False).replace("columns:", "columns: &shared")
    layouts = load_feed(written(tmp_path, text.rstrip() + second.replace("\n  ", "\n") + "\n")).layouts
    assert layouts[1].columns["site_name"].from_ == ("Other",)
    assert layouts[1].columns["case_pseudonym"].from_ == ("Ref",)


def test_a_folder_without_feed_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="samepicture new-feed"):
        load_feed(tmp_path)


def test_two_feeds_of_one_id(tmp_path: Path) -> None:
    for root in ("a", "b"):
        (tmp_path / root).mkdir()
        written(tmp_path / root, SOUND)
    with pytest.raises(FeedError, match=r"'complaint_westbrook' is taken by .*: choose another"):
        load_feeds([tmp_path / "a", tmp_path / "b"])
