"""The first lines of a page: what two directors should know before they read on. Each says what it counts."""

from __future__ import annotations

from collections.abc import Sequence

from samepicture.page import words
from samepicture.page.coverage import Coverage
from samepicture.page.evidence import UNDATED, Evidence
from samepicture.page.promises import Promise, Recommendation
from samepicture.page.signals import Signal

NAMED = 3
"""Themes and measures that a sentence names."""


def of_evidence(evidence: Evidence | None) -> list[str]:
    """What both functions hear, in the newest quarter."""
    dated = [quarter for quarter in evidence.quarters if quarter.key != UNDATED] if evidence else []
    if not dated:
        return []
    newest = dated[0]
    both = [f"‘{row.name}’" for row in newest.rows if row.is_both]
    if both:
        more = f", and {words.some(len(both) - NAMED, 'more theme')}" if len(both) > NAMED else ""
        return [f"In {newest.label}, both nursing's and comms' sources speak of {words.listed(both[:NAMED])}{more}."]
    return [f"In {newest.label}, no theme is spoken of in both nursing's and comms' sources."]


def of_signals(signals: Sequence[Signal] | None) -> list[str]:
    """What changed, beyond chance; or that nothing did."""
    return of_changes(signals) or (["No measure changed for the worse or better beyond chance."] if signals else [])


def of_changes(signals: Sequence[Signal] | None) -> list[str]:
    """What changed for the worse or better, beyond chance."""
    said = []
    for code, words_of in (("concern", "worse"), ("improvement", "better")):
        found = [signal.title for signal in signals or () if signal.variation_code == code]
        if found:
            more = f", and {words.some(len(found) - NAMED, 'more measure')}" if len(found) > NAMED else ""
            said.append(f"Changed for the {words_of}, beyond chance: {'; '.join(found[:NAMED])}{more}.")
    return said


def in_short(signals: Sequence[Signal] | None) -> str:
    """What changed, beyond chance, for a table of many organisations."""
    found = {code: [signal.title for signal in signals or () if signal.variation_code == code] for code in ("concern", "improvement")}
    said = [f"{word}: {'; '.join(found[code])}." for code, word in (("concern", "Worse"), ("improvement", "Better")) if found[code]]
    return " ".join(said) or ("Nothing" if signals else "No measure is followed over time")


def of_promises(promises: Sequence[Promise] | None) -> list[str]:
    """How promises stand."""
    if not promises:
        return []
    late = sum(promise.status_code == "late" for promise in promises)
    done = sum(promise.status_code == "done" for promise in promises)
    untold = sum(promise.is_untold for promise in promises)
    said = f"Of {words.some(len(promises), 'promise')}, {done:,} {'is' if done == 1 else 'are'} done and {late:,} {'is' if late == 1 else 'are'} late."
    return [said + (f" Of what is done, nobody was told of {untold:,}." if untold else "")]


def of_recommendations(recommendations: Sequence[Recommendation] | None) -> list[str]:
    """How recommendations stand."""
    late = sum(each.status_code == "late" for each in recommendations or ())
    due = sum(each.status_code == "due" for each in recommendations or ())
    if not recommendations:
        return []
    return [
        f"Healthwatch's recommendations: {late:,} wait for an answer that is late, {due:,} for one that is not due yet; {len(recommendations):,} in all."
    ]


def of_coverage(coverage: Coverage) -> list[str]:
    """What is missing in all this."""
    said = []
    if coverage.late:
        said.append(
            f"Late: {words.listed(feed.name for feed in coverage.late[:NAMED])}{_more(len(coverage.late))}. What is newest may be missing."
        )
    if coverage.incomplete:
        said.append(f"Incomplete: {words.listed(feed.name for feed in coverage.incomplete[:NAMED])}{_more(len(coverage.incomplete))}.")
    unanswered = [question for question in coverage.questions if not question.is_in_part]
    if unanswered:
        said.append(f"{words.capital(words.some(len(unanswered), 'question'))} can't be answered yet, for want of data.")
    return said or ["All feeds in use are on time and whole." if coverage.feeds else "No feed is in use yet."]


def _more(number: int) -> str:
    return f", and {words.some(number - NAMED, 'more feed')}" if number > NAMED else ""
