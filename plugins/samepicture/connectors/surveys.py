"""What connectors of survey platforms share: one delivery a survey, lists that change while they are read, returns that are gone.

Options in feed.yml: `surveys`, the platform's ids; `first_day`, where the first poll begins;
`overlap_days`, which each poll reads again: edits and deletions of this time are noticed.
The cursor keeps for each survey `changed_to`, the latest change that was read, and `known`,
the ids of returns that changed within the overlap of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import IO, Any

from samepicture.connectors.answers import write_answer
from samepicture.connectors.base import ConnectorError, Delivery, FetchContext
from samepicture.connectors.http import Answer, Client
from samepicture.feed import Feed

ROUNDS = 4
"""How often a list is read until it is whole: returns that change move to another page, and others into their place."""
PAGES_MAX = 10_000
ASKED_MAX = 100
"""Returns that a poll asks for by themselves."""
GONE = (404, 410)

CollectOne = Callable[[str, dict[str, Any], IO[bytes]], tuple[dict[str, Any], int | None]]
"""Survey id, its cursor and the document to write into; gives its new cursor, and how many returns the source says that it gave."""
Page = tuple[Answer, Mapping[str, str], int | None]
"""The answer, its entries' ids with the moment of their last change, and how many entries the source says that the list has."""


def deliveries(feed: Feed, cursor: dict[str, Any], context: FetchContext, collect_one: CollectOne) -> Iterator[Delivery]:
    """One delivery a survey that has anything new. Raises ConnectorError, at the end where single surveys failed."""
    states: dict[str, Any] = dict(cursor.get("surveys", {}))
    failed: dict[str, ConnectorError] = {}
    surveys = [str(survey) for survey in context.option(feed, "surveys")]
    for survey in surveys:
        with tempfile.TemporaryFile() as document:
            try:
                states[survey], count = collect_one(survey, states.get(survey, {}), document)
            except ConnectorError as error:
                failed[survey] = error
                continue
            if document.tell():
                document.seek(0)
                name = f"{feed.connector.kind}_{survey}_{context.now:%Y-%m-%dT%H%M}.jsonl"
                yield Delivery(name, document, {"surveys": dict(states)}, source_count=count)
    if failed and len(surveys) == 1:
        raise next(iter(failed.values()))
    if failed:
        told = " ".join(f"Survey {survey}: {error}" for survey, error in failed.items())
        raise ConnectorError(f"{feed.id}: {len(failed)} of {len(surveys)} surveys could not be collected, the others have landed. {told}")


def changed_since(feed: Feed, context: FetchContext, state: dict[str, Any]) -> datetime:
    """From when on to ask: the cursor less the overlap, else the first day."""
    if "changed_to" in state:
        return datetime.fromisoformat(state["changed_to"]) - timedelta(days=context.option(feed, "overlap_days"))
    first_day: date = context.option(feed, "first_day")
    return datetime.combine(first_day, time(), UTC)


def collect_listed(
    client: Client,
    feed: Feed,
    context: FetchContext,
    survey: str,
    state: dict[str, Any],
    about: str,
    ask: Callable[[int], Page],
    document: IO[bytes],
) -> tuple[dict[str, Any], int | None]:
    """Write what a platform says about a survey (the path `about`), its list of returns, and which of them are gone.

    The document stays empty where it would hold nothing but the first. Gives what a CollectOne gives.
    """
    write_answer(document, client.get(about))
    before = document.tell()
    seen, total = write_list(ask, document)
    missing, left = missing_from(state, seen)
    gone = write_gone(client, f"surveys/{survey}/responses", missing, document)
    if document.tell() == before:
        document.seek(0)
    return state_after(feed, context, state, seen, left), None if total is None else total + gone


def write_list(ask: Callable[[int], Page], document: IO[bytes]) -> tuple[dict[str, str], int | None]:
    """Write every page, from 1 on, until one reading has as many entries as the source says from its first page to its last.

    Gives the last change of each entry that was seen, and that number. Raises ConnectorError
    where entries stay missing. Where the source gives no number, it is read once, to its first empty page.
    """
    seen: dict[str, str] = {}
    total, found = None, set[str]()
    for _ in range(ROUNDS):
        totals, found, read = set[int | None](), set(), 0
        for number in range(1, PAGES_MAX):
            answer, entries, total = ask(number)
            totals.add(total)
            if not entries:
                break
            if any(seen.get(entry) != changed for entry, changed in entries.items()):
                write_answer(document, answer)
            seen.update(entries)
            found.update(entries)
            read += len(entries)
            if total is not None and read >= total:
                break
        if total is None or (len(totals) == 1 and len(found) >= total):
            return seen, total
    raise ConnectorError(
        f"The source says that it has {total} records and gave {len(found)}, or changes too fast to be read, {ROUNDS} times over: "
        "collect again later, and tell the data team if it stays so."
    )


def write_gone(client: Client, path: str, missing: list[str], document: IO[bytes]) -> int:
    """Ask for each return that is in the list no longer, write the refusals of those that are gone, and count them."""
    gone = 0
    for entry in missing:
        answer = client.get(f"{path}/{entry}", allowed=GONE)
        if answer.status in GONE:
            write_answer(document, answer)
            gone += 1
    return gone


def missing_from(state: dict[str, Any], seen: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Returns that were there at the last poll and are not now: those to ask for, and those left for the next poll, for quotas are small."""
    missing = sorted(set(state.get("known", [])) - seen.keys())
    return missing[:ASKED_MAX], missing[ASKED_MAX:]


def state_after(
    feed: Feed, context: FetchContext, state: dict[str, Any], seen: Mapping[str, str], left: Iterable[str] = ()
) -> dict[str, Any]:
    """The cursor of a survey after a poll that saw these returns, with the moment of each one's last change, and left some unasked."""
    moments: dict[str, datetime] = {}
    for entry, changed in seen.items():
        with suppress(ConnectorError):  # without a moment it moves nothing; the reader tells of it
            moments[entry] = min(moment(changed), context.now)  # one from the future must not hide what changes until then
    before = [datetime.fromisoformat(state["changed_to"])] if "changed_to" in state else []
    changed_to = max([*moments.values(), *before], default=None)
    if changed_to is None:
        return state
    recent = changed_to - timedelta(days=context.option(feed, "overlap_days"))
    known = {entry for entry, changed in moments.items() if changed >= recent}
    return {"changed_to": changed_to.isoformat(), "known": sorted(known.union(left))}


def moment(text: str) -> datetime:
    """A source's moment, in UTC where it gives no offset. Raises ConnectorError for something else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConnectorError("The source gave a return without the moment of its last change: tell the data team.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
