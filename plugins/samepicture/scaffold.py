"""Makes a new feed's folder: it passes the feed test as it is, and is then changed to the supplier's layout."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from pathlib import Path

import yaml

from samepicture.expectations import suite_document
from samepicture.feed import FEED_FILE, FeedError
from samepicture.records import CONTRACTS, Column, Contract, Kind

GOOD_ROWS = 3
FIRST_DAY = date(2026, 1, 5)


def scaffold(feed_id: str, record_type: str, root: Path) -> Path:
    """Write feed.yml, sample.csv and expected.yml into a new folder below `root`; the folder.

    The sample holds three good rows and one that repeats the first. Raises FeedError where the record
    type is unknown or the folder exists.
    """
    contract = CONTRACTS.get(record_type)
    if contract is None:
        raise FeedError(f"--record-type {record_type!r} is unknown: use one of {', '.join(CONTRACTS)}.")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", feed_id):
        raise FeedError(f"{feed_id!r} can't be a feed's id: use small letters, digits and underscores, for example complaint_westbrook.")
    folder = root / feed_id
    if folder.exists():
        raise FeedError(f"{folder} exists: choose another id, or change what is there.")
    columns = [column for column in contract.columns if column.kind is not Kind.JSON and column.name != "is_removed"]
    rows = [[_value(contract, column, row) for column in columns] for row in range(GOOD_ROWS)]
    folder.mkdir(parents=True)
    (folder / "sample.csv").write_text(_csv([_header(column) for column in columns], [*rows, rows[0]]))
    (folder / FEED_FILE).write_text(_feed_document(feed_id, contract, columns))
    (folder / "expected.yml").write_text(
        yaml.safe_dump(
            {
                "received": GOOD_ROWS + 1,
                "accepted": GOOD_ROWS,
                "rejected": 1,
                "loaded_rows": GOOD_ROWS,
                "rejections": {"duplicate_key": [GOOD_ROWS + 2]},
                "warnings": {},
            },
            sort_keys=False,
            default_flow_style=None,
        )
    )
    return folder


def _feed_document(feed_id: str, contract: Contract, columns: list[Column]) -> str:
    mapped = {column.name: {"from": _header(column), **_options(column)} for column in columns}
    document = {
        "id": feed_id,
        "title": feed_id.replace("_", " ").capitalize(),
        "record_type": contract.record_type,
        "publisher": "Name of the organisation that supplies it",
        "owner_directorate": "nursing",
        "source_family": _family(contract.record_type),
        "licence": "Name the licence or the data-sharing agreement",
        "reader": {"kind": "delimited"},
        "layouts": [
            {
                "name": "export",
                "recognise": [_header(contract.by_name[name]) for name in contract.key if contract.by_name[name] in columns],
                "columns": mapped,
            }
        ],
    }
    return yaml.safe_dump(document, sort_keys=False, width=140)


def _family(record_type: str) -> str:
    families = {
        "complaint": "complaints",
        "complaint_return": "complaints",
        "survey_response": "surveys",
        "survey_result": "surveys",
        "experience_story": "stories",
        "healthwatch_report": "healthwatch",
        "engagement_activity": "engagement",
        "improvement_action": "engagement",
        "ombudsman_decision": "complaints",
        "inspection_rating": "safety",
    }
    return families.get(record_type, "reference")


def _options(column: Column) -> dict[str, object]:
    if column.kind is Kind.DATE:
        return {"dates": ["%d/%m/%Y"]}
    if column.kind in (Kind.LIST, Kind.REFERENCES):
        return {"split": ";"}
    return {}


def _header(column: Column) -> str:
    return column.name.replace("_", " ").capitalize()


def _value(contract: Contract, column: Column, row: int) -> str:
    """A value that the contract's suite accepts; key columns differ from row to row."""
    for expectation in suite_document(contract.record_type)["expectations"]:
        kwargs = expectation["kwargs"]
        if kwargs.get("column") == column.name and kwargs.get("value_set"):
            return str(kwargs["value_set"][0])
    day = FIRST_DAY + timedelta(days=row)
    match column.kind:
        case Kind.DATE:
            return f"{day:%d/%m/%Y}"
        case Kind.TIMESTAMP:
            return f"{day}T09:00:00"
        case Kind.INTEGER | Kind.DECIMAL:
            return "1"
        case Kind.BOOLEAN:
            return "no"
        case Kind.CODE:
            return f"RZ{'NEHK'[row]}"
        case Kind.LIST | Kind.REFERENCES:
            return "RZN"
        case _:
            return f"Invented {row + 1}"


def _csv(header: list[str], rows: list[list[str]]) -> str:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return target.getvalue()
