"""Care Opinion and NHS.uk: from answers to rows, and from poll to poll."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samepicture.connectors.answers import read_answers, write_answer
from samepicture.connectors.base import ConnectorError, Cursors, FetchContext, land_deliveries
from samepicture.connectors.http import Answer
from samepicture.connectors.paging import pages
from samepicture.demo.apis import DemoApis
from samepicture.feed import Feed, load_feed
from samepicture.landing import Landing
from samepicture.mapping import Mapping
from samepicture.messages import SubmissionRejected, SubmissionWarning
from samepicture.readers import read_parts
from samepicture.settings import PROJECT

TODAY = datetime(2026, 7, 1, 6, tzinfo=UTC)


def feed_at_full_speed(feed_id: str) -> Feed:
    feed = load_feed(PROJECT / "dags" / "feeds" / feed_id)
    return replace(feed, connector=replace(feed.connector, options={**feed.connector.options, "requests_per_second": 1000}))


CARE_OPINION = feed_at_full_speed("experience_story_care_opinion")
NHSUK = feed_at_full_speed("experience_story_nhsuk")


def rows(feed: Feed, content: bytes) -> tuple[pl.DataFrame, list[SubmissionWarning]]:
    """Read and map, as the judge does."""
    frames, warnings = [], []
    for part in read_parts(feed, io.BytesIO(content), "answers"):
        mapping = Mapping(feed, part.headers)
        frames += [mapping.apply(frame).frame for frame in part.frames]
        warnings += [*mapping.warnings, *part.warnings]
    return pl.concat(frames) if frames else pl.DataFrame(), warnings


def page(*stories: dict[str, Any]) -> bytes:
    return json.dumps(stories).encode()


def story(story_id: int | None, **fields: Any) -> dict[str, Any]:
    return {"id": story_id, "title": "t", "body": "b", "dateOfSubmission": "2026-01-01T10:00:00", "links": [], **fields}


def review(comment_id: str, **fields: Any) -> dict[str, Any]:
    return {"comment": {"commentId": comment_id, "odsCode": "RZN", "commentText": "b", "dateSubmitted": "2026-01-01T10:00:00", **fields}}


def document(*answers: tuple[str, int, Any]) -> bytes:
    target = io.BytesIO()
    for request, status, content in answers:
        write_answer(target, Answer(request, status, json.dumps(content).encode(), content if status == 200 else None))
    return target.getvalue()


@pytest.fixture
def apis() -> Iterator[DemoApis]:
    with DemoApis(stories=130, review_count=130) as server:
        yield server


class Poller:
    """Polls one feed again and again into a landing store of its own."""

    def __init__(self, feed: Feed, apis: DemoApis, folder: Path) -> None:
        self.feed, self.apis = feed, apis
        self.landing, self.cursors = Landing(str(folder / "landing")), Cursors(folder / "cursors")

    def poll(self) -> pl.DataFrame | None:
        receipts = list(land_deliveries(self.feed, self.landing, self.cursors, FetchContext(self.apis.environment(), TODAY)))
        assert len(receipts) <= 1
        return rows(self.feed, self.content(receipts[0].submission_id))[0] if receipts else None

    def content(self, submission_id: str) -> bytes:
        with self.landing.open(self.landing.receipt(submission_id)) as stream:
            return stream.read()


# -- real pages ---------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["2020-12-25", "2021-6-1", "2021-6-5", "2022-7-10", "2022_07_10", "2023-1-10", "2023-8-10"])
def real_page(request: pytest.FixtureRequest, published: Path) -> bytes:
    return (published / "care_opinion" / "opinions" / f"{request.param}.json").read_bytes()


def test_real_page_gives_a_row_a_story(real_page: bytes) -> None:
    stories = json.loads(real_page)
    frame, warnings = rows(CARE_OPINION, real_page)
    assert sorted(frame["story_id"]) == sorted({str(story["id"]) for story in stories})
    assert warnings == [], "a real page has a field, role or criticality that feed.yml does not know"
    by_id = {str(story["id"]): story for story in stories}
    for row in frame.iter_rows(named=True):
        source = by_id[row["story_id"]]
        linked = [link["id"].upper() for link in source["links"] if link["rel"] == "healthservice"]
        assert json.loads(row["service_ods_codes"]) == list(dict.fromkeys(linked))
        found = json.loads(row["organisation_ods_codes"] or "[]")
        assert all(any(service.startswith(code) for service in linked) for code in found)
        assert {code for code in linked if re.fullmatch(r"[A-Z0-9]{5,6}", code)} <= set(found)
        assert row["body"].strip() == source["body"].strip()
        assert row["submitted_date"].isoformat() == source["dateOfSubmission"][:10]
        assert len(json.loads(row["tags"])) == sum(link["rel"] == "tag" for link in source["links"])
        assert row["response_count"] == sum(link["rel"] == "response" for link in source["links"])


def test_real_page_is_coded_and_nameless(real_page: bytes) -> None:
    stories = json.loads(real_page)
    frame, _ = rows(CARE_OPINION, real_page)
    assert frame["submitted_at"].null_count() == 0
    assert set(frame["progress_code"]) <= {"no_response", "response", "change_planned", "change_made"}
    assert set(frame["origin_code"]) <= {"care_opinion", "nhsuk"}
    roles = {"patient", "relative", "carer", "friend", "advocate", "staff", "volunteer", "other"}
    assert set(frame["author_role_code"].drop_nulls()) <= roles
    assert frame["author_role_code"].null_count() == sum(story["authorRole"] is None for story in stories)
    assert frame["severity_score"].null_count() == sum(story["criticality"] is None for story in stories)
    assert frame["unmapped"].null_count() == frame.height, "author and readers must not be kept beside the record"


def test_criticality_is_a_severity() -> None:
    words = ["not critical", "minimally critical", "mildly critical", "moderately critical", "strongly critical", "severely critical"]
    frame, warnings = rows(CARE_OPINION, page(*(story(n, criticality=text) for n, text in enumerate([*words, None]))))
    assert frame["severity_score"].to_list() == [0, 1, 2, 3, 4, 5, None]
    assert warnings == []


# -- layout of single fields --------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("RP5DR_110", "RP5DR"),
        ("rbz12-covid-swabbing-unit", "RBZ12"),
        ("F84009", "F84009"),
        ("RAP", "RAP"),
        ("ZT003_32024_501", "ZT003"),
        ("1-101660555-don-social-pre", None),
        ("scot-ambulance-emergency", None),
    ],
)
@pytest.mark.parametrize("relation", ["rel", "relation"])
def test_organisation_is_found_in_the_links(service: str, code: str | None, relation: str) -> None:
    frame, _ = rows(CARE_OPINION, page(story(1, links=[{relation: "healthservice", "id": service}])))
    assert json.loads(frame["organisation_ods_codes"][0] or "[]") == ([code] if code else [])
    assert json.loads(frame["service_ods_codes"][0]) == [service.upper()]


def test_unknown_criticality_is_told_and_not_zero() -> None:
    frame, warnings = rows(CARE_OPINION, page(story(1, criticality="Hugely critical"), story(2, criticality="hugely critical")))
    assert frame["severity_score"].to_list() == [None, None]
    assert [(warning.code, warning.value, warning.count) for warning in warnings] == [("unknown_criticality", "hugely critical", 2)]


@pytest.mark.parametrize("value", [{"name": "Ann Other"}, ["Ann Other"], "long words of somebody " * 4])
def test_unknown_fields_that_may_be_words_are_withheld(value: Any) -> None:
    frame, warnings = rows(CARE_OPINION, page(story(1, somethingNew=value)))
    assert json.loads(frame["unmapped"][0]) == {"somethingNew": "[withheld]"}
    assert [warning.code for warning in warnings] == ["unknown_column"]


def test_a_page_without_a_field_is_refused_by_name() -> None:
    without = story(1)
    del without["body"]
    with pytest.raises(SubmissionRejected, match="'body'"):
        rows(CARE_OPINION, page(without))


def test_an_entry_that_is_no_story_is_unreadable() -> None:
    (part,) = read_parts(CARE_OPINION, io.BytesIO(json.dumps([story(1), "Sorry!"]).encode()), "page.json")
    assert sum(frame.height for frame in part.frames) == 1
    assert [line["line_number"] for line in part.unreadable] == [2]


def test_review_is_unescaped_and_nameless() -> None:
    entry = review(
        "7",
        title="Four hours &amp;amp; no news &amp;lt;3",
        commentText="They said &quot;wait&quot;.",
        screenName="Ann Other",
        visit={"month": 3, "year": 2026},
        ratings=[{"question": "q", "rating": "4"}, {"question": "not answered", "rating": None}],
        response={"dateSubmitted": "2026-01-05T23:30:00+00:00", "screenName": "Manager"},
    )
    frame, warnings = rows(NHSUK, json.dumps({"comments": [entry]}).encode())
    row = frame.row(0, named=True)
    assert warnings == []
    assert (row["title"], row["body"]) == ("Four hours & no news <3", 'They said "wait".')
    assert json.loads(row["ratings"]) == [{"question": "q", "score": 4, "scale_code": "nhsuk_stars_5"}]
    assert (row["visit_month_date"], row["first_response_date"]) == (date(2026, 3, 1), date(2026, 1, 5))
    assert (row["response_count"], row["progress_code"], row["unmapped"]) == (1, "response", None)
    assert "Ann Other" not in str(row)
    assert "Manager" not in str(row)


def test_offsets_become_utc() -> None:
    frame, _ = rows(NHSUK, json.dumps({"comments": [review("7", lastUpdated="2026-06-01T00:30:00+01:00")]}).encode())
    assert frame["version_at"][0] == datetime(2026, 5, 31, 23, 30, tzinfo=UTC)


def test_response_beside_the_comment_counts() -> None:
    entry = {**review("7"), "response": {"dateSubmitted": "2026-01-05T10:00:00"}}
    frame, _ = rows(NHSUK, json.dumps({"comments": [entry]}).encode())
    assert frame["response_count"].to_list() == [1]


@pytest.mark.parametrize("removed_first", [True, False])
def test_removal_wins_and_drops_the_words(removed_first: bool) -> None:
    published = ("comments/Comments?status=published", 200, {"comments": [review("7", title="secret", department="Ward 9")]})
    removed = ("comments/Comments?status=removed", 200, {"comments": [review("7", title="secret", department="Ward 9")]})
    frame, _ = rows(NHSUK, document(removed, published) if removed_first else document(published, removed))
    row = frame.row(0, named=True)
    assert frame.height == 1
    assert row["is_removed"]
    assert row["version_at"] is None, "a removal is new when it lands, whatever lastUpdated says"
    assert [row[name] for name in ("title", "body", "ratings", "service_names")] == [None] * 4


def test_nothing_holds_up_a_removal() -> None:
    entries = [review("7", status="removed", dateSubmitted="last Tuesday", visit={"month": 13, "year": 1}), review("", status="removed")]
    (part,) = read_parts(NHSUK, io.BytesIO(json.dumps({"comments": entries}).encode()), "page.json")
    mapped = [Mapping(NHSUK, part.headers).apply(frame) for frame in part.frames]
    assert [(one.frame["story_id"].to_list(), one.problems.height) for one in mapped] == [(["7"], 0)]
    assert [line["line_number"] for line in part.unreadable] == [2], "without its number it can remove nothing"


# -- files that are no answers ------------------------------------------------------------


@pytest.mark.parametrize("feed", [CARE_OPINION, NHSUK], ids=["care_opinion", "nhsuk"])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"<!DOCTYPE html><html>Log in</html>", "not_json"),
        (b"PK\x03\x04\xff\xfe", "not_json"),
        (b'[{"id": 1, "title": "broken of', "broken_json"),
        (b'{"request": "opinions", "status": 200}\n', "broken_json"),
        (b'{"request": "opinions", "status": 200, "answer": "[{"}\n', "broken_json"),
        (b'{"unrelated": 1}', "wrong_feed"),
    ],
)
def test_refused_with_a_sentence(feed: Feed, content: bytes, code: str) -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        rows(feed, content)
    assert refusal.value.code == code


def test_pages_of_the_other_feed_are_refused() -> None:
    with pytest.raises(SubmissionRejected, match="wrong_feed"):
        rows(NHSUK, page(story(1)))
    with pytest.raises(SubmissionRejected, match="wrong_feed"):
        rows(CARE_OPINION, json.dumps({"comments": [review("7")]}).encode())


@given(st.lists(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3), max_leaves=5), max_size=5))
def test_landed_answers_can_be_had_back(answers: list[Any]) -> None:
    sent = [json.dumps([answer], ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass") for answer in answers]
    target = io.BytesIO()
    for content, answer in zip(sent, answers, strict=True):
        write_answer(target, Answer("opinions?skip=0", 200, content, [answer]))
    assert [json.loads(line)["answer"].encode("utf-8") for line in target.getvalue().splitlines()] == sent
    if answers:
        assert [landed.document for landed in read_answers(target, "a.jsonl")] == [[answer] for answer in answers]


# -- paging -------------------------------------------------------------------------------


@given(st.data())
def test_paging_loses_nothing_while_the_list_changes(data: st.DataObject) -> None:
    """Entries are removed and added between any two requests; whoever stays throughout is read."""
    listed = list(range(data.draw(st.integers(0, 60))))
    stayed, added = set(listed), 1000
    size, cap = 10, data.draw(st.integers(4, 10))  # the source may give fewer than asked for
    changes = data.draw(st.integers(0, 6))

    def ask(position: int) -> tuple[Answer, list[int]]:
        nonlocal added, changes
        found = listed[position : position + cap]
        if changes and listed:
            changes -= 1
            for gone in data.draw(st.lists(st.sampled_from(listed), unique=True, max_size=25)):
                listed.remove(gone)
                stayed.discard(gone)
            for _ in range(data.draw(st.integers(0, 3))):
                listed.append(added)
                added += 1
        return Answer("", 200, b"", found), found

    try:
        read = {key for _, keys in pages(ask, size, overlap=3) for key in keys}
    except ConnectorError:
        return  # said so, which is no silent loss
    assert stayed <= read


def test_paging_ends_where_a_source_ignores_the_position() -> None:
    asked: list[int] = []

    def ask(position: int) -> tuple[Answer, list[int]]:
        asked.append(position)
        return Answer("", 200, b"", None), list(range(100))

    assert len(list(pages(ask))) == 1
    assert len(asked) == 2


def test_paging_says_where_pages_do_not_fit() -> None:
    with pytest.raises(ConnectorError, match="do not fit together"):
        list(pages(lambda position: (Answer("", 200, b"", None), [] if position else list(range(100)))))


@given(st.lists(st.tuples(st.integers(1, 8), st.integers()), min_size=1, max_size=30), st.integers(1, 5))
def test_overlapping_pages_never_lose_or_double_a_story(copies: list[tuple[int, int]], size: int) -> None:
    """Whatever the pages, each story is one row: its last copy."""
    stories = [story(story_id, body=f"copy {copy}") for story_id, copy in copies]
    answers = [(f"opinions?skip={at}", 200, stories[at : at + size]) for at in range(0, len(stories), size)]
    frame, _ = rows(CARE_OPINION, document(*answers))
    assert dict(zip(frame["story_id"], frame["body"], strict=True)) == {str(one["id"]): one["body"] for one in stories}
    assert frame["story_id"].n_unique() == frame.height


# -- polls --------------------------------------------------------------------------------


def test_first_poll_brings_every_story_with_its_tags(apis: DemoApis, tmp_path: Path) -> None:
    apis.page_shift = 7
    frame = Poller(CARE_OPINION, apis, tmp_path).poll()
    assert frame is not None
    assert sorted(frame["story_id"]) == sorted(str(one["id"]) for one in apis.opinions)
    tags = dict(zip(frame["story_id"], map(json.loads, frame["tags"]), strict=True))
    assert {int(key): [(tag["name"], tag["polarity"]) for tag in value] for key, value in tags.items()} == {
        key: [(tag["name"], tag["polarity"]) for tag in value] for key, value in apis.tags.items()
    }
    assert sum("/tags" in request for request in apis.requests) == len(apis.opinions), "one request a story, though pages overlap"


def test_tags_have_names_alone_beyond_the_budget(apis: DemoApis, tmp_path: Path) -> None:
    feed = replace(
        CARE_OPINION, connector=replace(CARE_OPINION.connector, options={**CARE_OPINION.connector.options, "tag_requests_max": 3})
    )
    frame = Poller(feed, apis, tmp_path).poll()
    assert frame is not None
    rated = [all(tag["polarity"] is not None for tag in json.loads(tags)) for tags in frame["tags"]]
    assert (sum(rated), len(rated)) == (3, 130)
    assert all(tag["name"] for tags in frame["tags"] for tag in json.loads(tags))


def test_later_polls_bring_edits_and_removals(apis: DemoApis, tmp_path: Path) -> None:
    poller = Poller(CARE_OPINION, apis, tmp_path)
    poller.poll()
    edited, removed = apis.opinions[-1]["id"], apis.opinions[-2]["id"]
    apis.edit_story(edited, "I have thought about it again.")
    apis.remove_story(removed)
    frame = poller.poll()
    assert frame is not None
    assert frame.height < 20, "only the overlap is read again"
    by_id = {row["story_id"]: row for row in frame.iter_rows(named=True)}
    assert by_id[str(edited)]["body"] == "I have thought about it again."
    assert by_id[str(removed)]["is_removed"]
    assert by_id[str(removed)]["body"] is None
    assert not any(row["is_removed"] for key, row in by_id.items() if key != str(removed))
    again = poller.poll()
    assert again is not None
    assert not again["is_removed"].any(), "told once"


def test_same_answers_are_the_same_submission(apis: DemoApis, tmp_path: Path) -> None:
    poller = Poller(CARE_OPINION, apis, tmp_path)
    for _ in range(3):
        poller.poll()
    assert len(poller.landing.submission_ids()) == 2, "all of it, then the overlap, then the same again"


def test_nothing_new_is_no_submission(apis: DemoApis, tmp_path: Path) -> None:
    apis.opinions, apis.reviews = [], []
    for feed in (CARE_OPINION, NHSUK):
        poller = Poller(feed, apis, tmp_path)
        assert poller.poll() is None
        assert poller.cursors.read(feed.id) == {}


@pytest.mark.parametrize("slip", ["2999-01-01T00:00:00", "unknown"])
def test_a_story_with_an_impossible_moment_hides_and_holds_up_no_other(slip: str, apis: DemoApis, tmp_path: Path) -> None:
    normal, latest = apis.answer, max(one["dateOfPublication"] for one in apis.opinions)

    def one_slips(path: str, params: dict[str, str]) -> Any:
        status, document = normal(path, params)
        stories = [dict(one) for one in document] if path.endswith("/opinions") else document
        if path.endswith("/opinions") and stories:
            stories[0]["dateOfPublication"] = slip
        return status, stories

    apis.answer = one_slips  # type: ignore[method-assign]
    poller = Poller(CARE_OPINION, apis, tmp_path)
    poller.poll()
    assert poller.cursors.read(CARE_OPINION.id)["published_to"] <= latest
    poller.poll()


def test_reviews_are_removed_whatever_their_age(apis: DemoApis, tmp_path: Path) -> None:
    poller = Poller(NHSUK, apis, tmp_path)
    first = poller.poll()
    assert first is not None
    assert sorted(first["story_id"]) == sorted(one["comment"]["commentId"] for one in apis.reviews)
    assert not first["is_removed"].any()
    assert {"&amp;", "&#"} & set(re.findall(r"&amp;|&#", "".join(first["title"]))) == set()
    oldest = apis.reviews[0]["comment"]["commentId"]
    apis.remove_review(oldest)
    second = poller.poll()
    assert second is not None
    assert second.height < first.height
    assert second.filter(pl.col("is_removed"))["story_id"].to_list() == [oldest]


def test_reviews_are_asked_for_by_organisation(apis: DemoApis, tmp_path: Path) -> None:
    context = FetchContext({**apis.environment(), "SAMEPICTURE_NHSUK_ORGANISATIONS": "TRU:RZN, GPB:Z81001"}, TODAY)
    poller = Poller(NHSUK, apis, tmp_path)
    (receipt,) = land_deliveries(NHSUK, poller.landing, poller.cursors, context)
    frame, _ = rows(NHSUK, poller.content(receipt.submission_id))
    assert set(frame["organisation_ods_codes"]) <= {'["RZN"]', '["Z81001"]'}
    wrong = FetchContext({**apis.environment(), "SAMEPICTURE_NHSUK_ORGANISATIONS": "RZN"}, TODAY)
    with pytest.raises(ConnectorError, match="SAMEPICTURE_NHSUK_ORGANISATIONS"):
        list(land_deliveries(NHSUK, poller.landing, poller.cursors, wrong))


def test_cursor_moves_only_after_landing(apis: DemoApis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poller = Poller(CARE_OPINION, apis, tmp_path)

    def full(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Landing, "land", full)
        with pytest.raises(OSError, match="no space"):
            poller.poll()
    assert poller.cursors.read(CARE_OPINION.id) == {}
    with monkeypatch.context() as patch:
        patch.setattr(Cursors, "write", full)  # killed between landing and cursor
        with pytest.raises(OSError, match="no space"):
            poller.poll()
    assert poller.cursors.read(CARE_OPINION.id) == {}
    frame = poller.poll()
    assert frame is not None
    assert frame.height == len(apis.opinions)
    assert len(poller.landing.submission_ids()) == 1, "the poll that is repeated is the same submission"


def test_damaged_cursor_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a_feed.json").write_text("[half")
    with pytest.raises(ConnectorError, match="remove it"):
        Cursors(tmp_path).read("a_feed")


def test_feeds_without_a_source_say_so(tmp_path: Path) -> None:
    feed = replace(CARE_OPINION, connector=replace(CARE_OPINION.connector, kind="sent"))
    with pytest.raises(ConnectorError, match="samepicture submit"):
        list(land_deliveries(feed, Landing(str(tmp_path)), Cursors(tmp_path), FetchContext({}, TODAY)))


def test_a_poll_of_removals_alone_is_taken() -> None:
    gone = [
        {"request": "opinions?skip=0", "status": 200, "answer": "[]"},
        {"request": "opinions/7", "status": 404, "answer": ""},
    ]
    document = "\n".join(json.dumps(answer) for answer in gone).encode()
    (part,) = read_parts(CARE_OPINION, io.BytesIO(document), "poll.jsonl")
    headers = part.headers
    assert {"title", "body"} <= set(headers), "without them no layout would fit, and the story would stay for ever"
    assert sum(frame.height for frame in part.frames) == 1
