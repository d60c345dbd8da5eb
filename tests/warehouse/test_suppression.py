"""What is withheld of published tables can't be worked out from what is shown: an attacker tries, on any hierarchy and on ours."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from jinja2 import Environment

from samepicture.settings import PROJECT
from tests.warehouse.attacker import Attacker
from tests.warehouse.invented_rows import Row, Warehouse, case, feed, provenance, submission, text_label

MACROS = PROJECT / "dbt" / "macros"
Cell = tuple[str, str | None, str | None, int, int]
"""cell_key, parent_key, partition_code, level_number, cell_count: what withheld_cells reads."""
COUNTS = st.sampled_from([0, 0, 1, 1, 1, 2, 3, 4, 5, 6, 9, 40])


@cache
def withheld_sql(depth: int) -> str:
    source = "".join((MACROS / name).read_text() for name in ("suppression.sql", "withhold.sql"))
    module: Any = Environment(extensions=["jinja2.ext.do"]).from_string(source).module
    return str(module.withheld_cells("cells", depth))


@st.composite
def hierarchies(draw: st.DrawFn, depth: int = 3) -> list[Cell]:
    """Totals of parts of parts; some totals are split a second time, in another way."""
    cells: list[Cell] = []

    def grown(level: int, parent: str | None) -> int:
        place = len(cells)
        key = f"{place:03}"
        cells.append((key, parent, "one" if parent else None, level, 0))
        if level < depth and (level == 0 or draw(st.booleans())):
            count = sum(grown(level + 1, key) for _ in range(draw(st.integers(1, 4))))
            if draw(st.booleans()):
                cuts = sorted(draw(st.lists(st.integers(0, count), max_size=3)))
                parts = [high - low for low, high in zip([0, *cuts], [*cuts, count], strict=True)]
                cells.extend((f"{key}-{number}", key, "two", level + 1, part) for number, part in enumerate(parts))
        else:
            count = draw(COUNTS)
        cells[place] = (key, parent, "one" if parent else None, level, count)
        return count

    grown(0, None)
    return cells


def flags(cells: list[Cell], depth: int = 3) -> dict[str, bool]:
    with duckdb.connect() as connection:
        connection.execute(
            "create table cells (cell_key varchar, parent_key varchar, partition_code varchar, level_number integer, cell_count bigint)"
        )
        connection.executemany("insert into cells values (?, ?, ?, ?, ?)", cells)
        return dict(connection.execute(withheld_sql(depth)).fetchall())


def attacker_of(cells: list[Cell], withheld: dict[str, bool]) -> Attacker:
    attacker, splits = Attacker(), defaultdict(list)
    for key, parent, partition, _, count in cells:
        attacker.sees(key, None if withheld[key] else count)
        if parent:
            splits[parent, partition].append(key)
    for (total, _), parts in splits.items():
        attacker.adds_up(total, parts)
    return attacker


@examples(max_examples=150)
@given(hierarchies())
def test_nothing_that_is_withheld_can_be_worked_out(cells: list[Cell]) -> None:
    withheld = flags(cells)
    assert withheld.keys() == {cell[0] for cell in cells}
    for key, *_, count in cells:
        assert withheld[key] or not 1 <= count <= 4, "a small count is shown"
        assert not (withheld[key] and count == 0), "a true 0 is shown"
    assert attacker_of(cells, withheld).worked_out() == {}


@examples(max_examples=60)
@given(hierarchies())
def test_nothing_is_withheld_without_a_small_count(cells: list[Cell]) -> None:
    large = [(*cell[:4], cell[4] * 10) for cell in cells]  # and still adds up
    assert not any(flags(large).values())


SPLIT: list[Cell] = [
    ("total", None, None, 0, 20),
    *[(name, "total", "outcome", 1, count) for name, count in {"upheld": 10, "partially": 3, "not": 7}.items()],
]


def test_the_attacker_works_out_what_is_not_protected() -> None:
    """Else a test that he finds nothing would mean nothing."""
    alone = {key: 1 <= count <= 4 for key, *_, count in SPLIT}
    assert attacker_of(SPLIT, alone).worked_out() == {"partially": 3}
    ones: list[Cell] = [("total", None, None, 0, 5), *[(f"p{n}", "total", "all", 1, 1) for n in range(5)]]
    shown_total = {key: key != "total" for key, *_ in ones}
    assert attacker_of(ones, shown_total).worked_out() == {f"p{n}": 1 for n in range(5)}, "five that are at least 1 make 5"
    assert all(flags(ones, 1).values()), "so their total is withheld too"


def test_the_smallest_other_part_goes_with_a_small_one() -> None:
    assert {key for key, is_withheld in flags(SPLIT, 1).items() if is_withheld} == {"partially", "not"}


def test_postgresql_withholds_the_same(postgres_url: str) -> None:
    cells = [*SPLIT, *[(f"u{n}", "upheld", "month", 2, count) for n, count in enumerate((0, 4, 6))], ("n1", "not", "month", 2, 7)]
    with psycopg.connect(postgres_url) as connection:
        connection.execute(
            "create temp table cells (cell_key varchar, parent_key varchar, partition_code varchar, level_number integer, cell_count bigint)"
        )
        connection.cursor().executemany("insert into cells values (%s, %s, %s, %s, %s)", cells)
        assert dict(connection.execute(withheld_sql(2).encode()).fetchall()) == flags(cells, 2)


# -- our published tables ---------------------------------------------------------------------

MONTHS = [date(2024, month, 9) for month in range(1, 13)]
OUTCOMES = ("upheld", "partially_upheld", "not_upheld", None)
ETHNIC = "A" * 70 + "B" * 9 + "H" * 9 + "KLNNNPRSZZ"
FEED = provenance("x-1", "complaints", "2025-01-31")


def invented(seed: int) -> list[Row]:
    """A year of six trusts' complaints: few a month, few late, few upheld."""
    chance = random.Random(seed)
    rows = []
    for number in range(6):
        for month in MONTHS:
            for n in range(chance.choice((0, 1, 3, 6, 9, 25))):
                closed = {"closed_date": f"2024-{month.month:02}-28", "stage_code": "closed"} if chance.random() < 0.9 else {}
                acknowledged = {"acknowledged_date": f"2024-{month.month:02}-{chance.choice((10, 10, 10, 20))}"}
                outcome = {"outcome_code": chance.choice(OUTCOMES)} if closed else {}
                due = {"response_due_date": f"2024-{month.month:02}-27"} if chance.random() < 0.8 else {}
                answered = {"response_sent_date": f"2024-{month.month:02}-{chance.choice((26, 26, 28))}"} if chance.random() < 0.8 else {}
                subjects = chance.choice((["communications"], ["waiting_times", "communications"], ["transport"]))
                key = f"{number}-{month.month}-{n}"
                people = {
                    "narrative": "Invented.",
                    "ethnic_category_code": chance.choice(ETHNIC),
                    "has_learning_disability": chance.choice((False,) * 80 + (True, None)),
                }
                row = case(key, month.isoformat(), FEED, subjects, **closed, **acknowledged, **outcome, **due, **answered, **people)
                rows.append(row | {"organisation_ods_code": f"RX{number}"})
    return rows


def labelled(seed: int) -> list[Row]:
    """What a model found in nine of ten of these: a theme or two, or none; and how critical they are, as far as it is sure."""
    chance = random.Random(seed)
    rows = []
    for row in [each for each in invented(seed) if each["organisation_ods_code"] < "RX3"]:
        feedback_id = f"complaint:{row['organisation_ods_code']}:{row['case_pseudonym']}"
        if chance.random() < 0.9:
            severity = chance.choice(("none", "mild", "mild", "strong", None))
            themes = chance.choice((["T01"], ["T01", "T02"], ["T12"], [None]))
            rows += [text_label(feedback_id, "narrative", theme, "x-1", severity) for theme in themes]
    return rows


@pytest.fixture(scope="module")
def published_tables(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder: Path = tmp_path_factory.mktemp("suppressed")
    warehouse = Warehouse(folder)
    warehouse.insert("raw.complaint", invented(5))
    warehouse.insert("ops.text_label", labelled(5))
    warehouse.insert("ops.feed", [feed("complaints", "complaint", "complaints", "nursing")])
    warehouse.insert("ops.submission", [submission("x-1", "complaints", "complaint", "2025-01-31", 1)])
    names = ("complaint_timeliness", "complaint_outcome", "spc", "theme_evidence", "known_already", "representativeness", "text_theme")
    wanted = ["--select", *(f"+published_{name}" for name in names), "--exclude-resource-type", "test", "unit_test"]
    statuses = warehouse.dbt("build", *wanted)
    assert set(statuses.values()) == {"success"}
    return warehouse


def rest_of(total: str, part: str) -> str:
    return f"{total} without {part}"


def in_rows(attacker: Attacker, warehouse: Warehouse, table: str, key: str, splits: dict[str, list[list[str]]]) -> None:
    """Let him see the counts of a table; a split of one part has a rest that is not published."""
    counts = sorted({*splits, *(part for ways in splits.values() for way in ways for part in way)})
    for name, *values in warehouse.query(f"select concat_ws(' ', '{table}', {key}), {', '.join(counts)} from published.{table}"):
        for count, value in zip(counts, values, strict=True):
            attacker.sees(f"{name} {count}", value)
        for total, ways in splits.items():
            for parts in ways:
                cells = [f"{name} {part}" for part in parts]
                if len(parts) == 1:
                    cells.append(rest_of(f"{name} {total}", parts[0]))
                    attacker.knows_of(cells[-1])
                attacker.adds_up(f"{name} {total}", cells)


def totals_over_quarters(attacker: Attacker, warehouse: Warehouse) -> None:
    """What is known of a theme is the sum of its quarters."""
    cells = defaultdict(list)
    for theme, organisation, name in warehouse.query(
        "select theme_code, organisation_ods_code, "
        "concat_ws(' ', 'theme_evidence', theme_code, organisation_ods_code, quarter_start_date) "
        "from published.theme_evidence"
    ):
        cells[theme, organisation].append(f"{name} feedback_count")
    for theme, organisation, count in warehouse.query(
        "select theme_code, organisation_ods_code, feedback_count from published.known_already"
    ):
        attacker.sees(f"known {theme} {organisation}", count)
        assert all(map(attacker.has, cells[theme, organisation]))
        attacker.adds_up(f"known {theme} {organisation}", cells[theme, organisation])


def shares_of_groups(attacker: Attacker, warehouse: Warehouse) -> None:
    """Of those whose group is known, so many are of each; a broad group is the sum of its own."""
    broad = dict(
        warehouse.query("select people_group_code, group_code from conformed.bridge_group_member where group_level_code = 'broad'")
    )
    parts = defaultdict(set)
    for year, dimension, group, known, count in warehouse.query(
        "select distinct year_name, dimension_code, group_code, known_count, feedback_count "
        "from published.representativeness where source_code = 'complaint' and (feedback_count is not null or is_suppressed)"
    ):
        total = f"{year} {dimension}"
        attacker.sees(total, known)
        attacker.sees(f"{total} {group}", count)
        parts[f"{total} {broad[group]}" if dimension == "ethnic_2001" and group in broad else total].add(f"{total} {group}")
    for total, groups in parts.items():
        others = f"{total} others"
        if total.endswith("learning_disability"):
            attacker.knows_of(others)
            groups.add(others)
        attacker.adds_up(total, sorted(groups))
    assert parts


def test_our_published_tables_give_nothing_away_even_together(published_tables: Warehouse) -> None:
    attacker = Attacker()
    measures = ("acknowledged_in_time", "answered_by_agreed_date", "beyond_six_months")
    decided = [f"{measure}_decided_count" for measure in measures]
    in_rows(attacker, published_tables, "complaint_timeliness", "organisation_ods_code, quarter_start_date", {
        "complaint_count": [["open_count"], *([each] for each in decided)],
        **{each: [[each.replace("_decided", "")]] for each in decided},
    })  # fmt: skip
    in_rows(attacker, published_tables, "complaint_outcome", "organisation_ods_code, subject_code, quarter_start_date", {
        "resolved_count": [["upheld_count", "partially_upheld_count", "not_upheld_count"]]
    })  # fmt: skip
    in_rows(attacker, published_tables, "theme_evidence", "theme_code, organisation_ods_code, quarter_start_date", {
        "feedback_count": [["complaint_count"], ["positive_count"], ["negative_count"]]
    })  # fmt: skip
    severities = ["not_critical_count", "mild_count", "strong_count", "severity_unsure_count"]
    in_rows(attacker, published_tables, "text_theme", "theme_code, organisation_ods_code, quarter_start_date", {
        "read_count": [["tagged_count"]], "tagged_count": [["comment_count"]], "comment_count": [severities, ["uncoded_count"]]
    })  # fmt: skip
    months = published_tables.query(
        "select organisation_ods_code, cast(date_trunc('quarter', month_start_date) as date), list(month_start_date), list(value) "
        "from published.spc where metric_code = 'complaints_new' group by 1, 2"
    )
    for organisation, quarter, names, values in months:
        cells = [f"{organisation} {name}" for name in names]
        for cell, value in zip(cells, values, strict=True):
            if value is None:
                attacker.knows_of(cell)  # one that is 0 is withheld with its quarter
            else:
                attacker.sees(cell, round(value))
        total = f"complaint_timeliness {organisation} {quarter} complaint_count"
        if attacker.has(total):  # of a quarter without complaints there is no row
            attacker.adds_up(total, cells)
    totals_over_quarters(attacker, published_tables)
    shares_of_groups(attacker, published_tables)
    assert len(attacker.least) > 300
    assert len(attacker.shown) > 300, "else little is published at all"
    small = {cell: count for cell, count in attacker.worked_out().items() if 1 <= count <= 4}
    assert small == {}


def test_what_is_the_same_for_each_theme_is_shown_for_all_or_for_none(published_tables: Warehouse) -> None:
    """Else the row of one theme would show what that of another withholds."""
    differs = " or ".join(f"count(distinct coalesce({count}, -1)) > 1" for count in ("read_count", "tagged_count"))
    rows = published_tables.query(
        f"select organisation_ods_code, quarter_start_date from published.text_theme group by 1, 2 having {differs}"
    )
    assert rows == []
    assert published_tables.query("select count(*) from published.text_theme where read_count is null") > [(0,)]


def test_a_share_is_not_shown_beside_a_withheld_count(published_tables: Warehouse) -> None:
    withheld = "upheld_count + partially_upheld_count + not_upheld_count + resolved_count is null"
    count = "select count(*) from published.complaint_outcome where upheld_share is not null"
    assert published_tables.query(count) > [(0,)]
    assert published_tables.query(f"{count} and {withheld}") == [(0,)]
