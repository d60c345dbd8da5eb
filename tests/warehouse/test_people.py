"""Who speaks, in a built warehouse: representativeness, groups that nobody hears, equity gaps, completeness."""

from __future__ import annotations

import math
from datetime import date

import duckdb
import pytest

from samepicture import ledger
from samepicture.settings import PROJECT
from tests.warehouse.invented_rows import Row, Warehouse, case, feed, provenance, submission

MARTS = ("representativeness", "equity_gap", "demographic_completeness")
CENSUS = "ethnic_group_"
POPULATION = {
    f"{CENSUS}total_all_usual_residents": 1000,
    f"{CENSUS}black_black_british_black_welsh_caribbean_or_african": 300,
    f"{CENSUS}black_black_british_black_welsh_caribbean_or_african_african": 200,
    f"{CENSUS}black_black_british_black_welsh_caribbean_or_african_caribbean": 100,
    f"{CENSUS}white": 650,
    f"{CENSUS}white_english_welsh_scottish_northern_irish_or_british": 600,
    f"{CENSUS}white_roma": 50,
    f"{CENSUS}asian_asian_british_or_asian_welsh": 50,
    f"{CENSUS}asian_asian_british_or_asian_welsh_indian": 50,
}
"""A borough with 30% black residents; headings and the total stand beside what they add up."""
HEADINGS = {
    "total_all_usual_residents",
    "black_black_british_black_welsh_caribbean_or_african",
    "white",
    "asian_asian_british_or_asian_welsh",
}


def patients(source: Row) -> list[Row]:
    """100 complaints with a known group, 90 of black people; 25 more without. Half of the black people wait, a tenth of the others."""

    def told(number: int, group: str | None, subject: str, **more: object) -> Row:
        return case(f"p{number}", "2025-05-06", source, [subject], organisation_ods_code="RZL", ethnic_category_code=group, **more)

    def subject(waits: bool) -> str:
        return "waiting_times" if waits else "communications"

    black = [told(n, "N" if n < 60 else "M", subject(n % 2 == 0), age_band_code="26-55", has_learning_disability=n < 9) for n in range(90)]
    white = [told(100 + n, "A", subject(n == 0), age_band_code="75+") for n in range(10)]
    unknown = [told(200 + n, "Z" if n < 15 else None, "waiting_times", age_band_code="unknown") for n in range(25)]
    return black + white + unknown


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("people"))
    warehouse.insert("raw.complaint", patients(provenance("c-1", "complaints", "2025-07-02")))
    census = provenance("n-1", "census", "2021-03-21")
    common = {"denominator_code": "resident", "area_code": "E09999001", "area_type_code": "local_authority", "as_of_date": date(2021, 3, 21),
              "group_scheme_code": "ethnic_2021", "sex_code": "all", "age_code": "all"}  # fmt: skip
    warehouse.insert(
        "raw.population",
        [
            {**common, "group_code": code, "is_total": code.removeprefix(CENSUS) in HEADINGS, "people_count": count, **census}
            for code, count in POPULATION.items()
        ],
    )
    kinds = {"complaints": ("complaint", "complaints", "nursing"), "census": ("population", "reference", "comms")}
    warehouse.insert(f"ops.{ledger.feed.name}", [feed(name, *facts) for name, facts in kinds.items()])
    warehouse.insert(
        f"ops.{ledger.submission.name}",
        [submission("c-1", "complaints", "complaint", "2025-07-02", 1), submission("n-1", "census", "population", "2025-07-02", 2)],
    )
    cautious = ("--indirect-selection", "cautious")  # no tests of models beside these, which are not built
    statuses = warehouse.dbt("build", "--exclude-resource-type", "unit_test", *cautious, "--select", *(f"+{name}" for name in MARTS))
    assert set(statuses.values()) == {"success", "pass"}
    return warehouse


def told(people: Warehouse, columns: str, where: str) -> list[tuple[object, ...]]:
    return people.query(f"select {columns} from marts.representativeness where place_code = 'all' and {where} order by all")


def test_black_people_are_30_percent_of_the_borough_and_90_percent_of_its_patients(people: Warehouse) -> None:
    where = "source_code = 'complaint' and denominator_code = 'resident' and group_level_code = 'broad'"
    rows = told(
        people, "group_name, feedback_count, people_count, round(representation_index, 9), representation_code, round(coverage, 2)", where
    )
    assert rows == [
        ("Asian or Asian British", 0, 50, 0.0, "under", 0.8),
        ("Black or Black British", 90, 300, 3.0, "over", 0.8),
        ("Mixed", 0, 0, None, None, 0.8),
        ("Other ethnic groups", 0, 0, None, None, 0.8),
        ("White", 10, 650, round(0.1 / 0.65, 9), "under", 0.8),
    ]
    assert told(people, "distinct round(dissimilarity, 9)", where) == [(0.6,)]  # half of 0.6 + 0.55 + 0.05


def test_the_interval_of_the_index_is_wilsons_by_the_population_share(people: Warehouse) -> None:
    low, high = wilson(90, 100)
    where = "source_code = 'complaint' and denominator_code = 'resident' and group_code = 'broad_black'"
    assert told(people, "representation_index_low, representation_index_high", where) == [pytest.approx((low / 0.3, high / 0.3))]


def test_a_bridge_that_fits_nearly_says_so(people: Warehouse) -> None:
    """Roma are counted with other White people, a category of 2001; the British are what they are."""
    where = "source_code = 'complaint' and denominator_code = 'resident' and group_code in ('ethnic_a', 'ethnic_c')"
    assert told(people, "group_code, people_count, is_approximate", where) == [("ethnic_a", 600, False), ("ethnic_c", 50, True)]


def test_who_is_not_heard_has_a_row(people: Warehouse) -> None:
    rows = people.query((PROJECT / "dbt" / "analyses" / "08_representativeness.sql").read_text())
    why = {row[2]: row[5] for row in rows}
    assert why["Asian or Asian British: Indian"] == "heard by none of the sources that tell of it"
    assert why["Veterans"] == "no source tells of this group"
    assert "Black or Black British: African" not in why


def test_what_is_missing_is_named(people: Warehouse) -> None:
    """No population of users, no return, none of the registered by ethnic group."""
    gaps = people.query("select distinct source_code, denominator_code, dimension_code, gap_code from marts.representativeness")
    assert ("complaint", "user", "ethnic_2001", "no_population") in gaps
    assert ("complaint", "resident", "age", "no_population") in gaps
    assert ("survey_gp", "registered", "ethnic_2001", "no_feedback") in gaps
    assert ("complaint", "resident", "ethnic_2001", None) in gaps


def wilson(count: int, base: int) -> tuple[float, float]:
    """The bounds as roots of (p - P)^2 = z^2 P (1 - P) / n, not by the closed form of the macro."""
    z, p = 1.959964, count / base
    a, b, c = 1 + z * z / base, -2 * p - z * z / base, p * p
    root = math.sqrt(b * b - 4 * a * c)
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def test_the_gap_and_its_intervals_are_newcombes_and_katzs(people: Warehouse) -> None:
    columns = "group_saying_count, group_count, rest_saying_count, rest_count, difference, difference_low, difference_high, ratio, ratio_low, ratio_high"
    rows = people.query(
        f"select {columns} from marts.equity_gap where place_code = 'all' and theme_code = 'T01' and group_code = 'broad_black'"
    )
    (l1, u1), (l2, u2) = wilson(45, 90), wilson(1, 10)
    reach = 1.959964 * math.sqrt(1 / 45 - 1 / 90 + 1 / 1 - 1 / 10)
    low, high = 0.4 - math.hypot(0.5 - l1, u2 - 0.1), 0.4 + math.hypot(u1 - 0.5, 0.1 - l2)
    assert rows == [pytest.approx((45, 90, 1, 10, 0.4, low, high, 5.0, 5 * math.exp(-reach), 5 * math.exp(reach)))]
    verdict = people.query(
        "select gap_direction_code, coverage from marts.equity_gap where theme_code = 'T01' and group_code = 'broad_black'"
    )
    assert verdict == [("more", 0.8)]
    assert low > 0


def test_below_10_no_figure_is_told_and_deprivation_is_said_to_be_missing(people: Warehouse) -> None:
    rows = people.query(
        "select distinct group_code, group_count, rest_count, difference, gap_code from marts.equity_gap "
        "where group_code in ('learning_disability', 'imd_decile') and source_code = 'complaint' order by all"
    )
    assert rows == [("imd_decile", None, None, None, "no_deprivation_feed"), ("learning_disability", None, None, None, "too_few")]


def test_completeness_of_complaints(people: Warehouse) -> None:
    rows = people.query(
        "select dimension_code, known_count, not_stated_count, not_recorded_count, all_count, known_share, unknown_share "
        "from marts.demographic_completeness where organisation_ods_code = 'RZL' order by all"
    )
    assert rows == [
        ("age", 100, 25, 0, 125, 0.8, 0.2),
        ("ethnic_2001", 100, 15, 10, 125, 0.8, 0.2),
        ("gender", 0, 0, 125, 125, 0.0, 1.0),
        ("learning_disability", 90, 0, 35, 125, 0.72, 0.28),
    ]


@pytest.mark.parametrize("name", ["06_equity_gap", "07_representativeness", "08_representativeness", "09_demographic_completeness"])
def test_the_saved_question_has_an_answer_and_begins_with_the_question(people: Warehouse, name: str) -> None:
    sql = (PROJECT / "dbt" / "analyses" / f"{name}.sql").read_text()
    assert sql.startswith("-- ")
    assert sql.splitlines()[0].endswith("?")
    with duckdb.connect(str(people.path), read_only=True) as connection:
        assert connection.execute(sql).fetchall()


def test_seeds_of_groups_fit_each_other(people: Warehouse) -> None:
    """An age band means one group, whichever scheme lists it; declared groups are groups."""
    twice = people.query(
        "select source_code from conformed.people_group_bridge where starts_with(source_scheme_code, 'age_') "
        "group by source_code having count(distinct people_group_code) > 1 or count(distinct is_approximate) > 1"
    )
    assert twice == []
    assert (
        people.query(
            "select group_code from conformed.equity_group anti join conformed.bridge_group_member using (dimension_code, group_code)"
        )
        == []
    )


def test_nobody_is_lost_between_the_dimensions(people: Warehouse) -> None:
    assert people.query(
        "select dimension_code, count(*) from conformed.bridge_feedback_people_group group by dimension_code order by dimension_code"
    ) == [("age", 125), ("ethnic_2001", 125), ("gender", 125), ("learning_disability", 125)]
