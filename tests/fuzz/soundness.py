"""What must hold of every file that comes: a verdict that adds up or a refusal that can be acted on, and nobody's words told."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

import polars as pl

from samepicture.feed import Feed
from samepicture.judge import work_folder
from samepicture.mapping import Mapping
from samepicture.messages import CODE_LENGTH, SubmissionRejected
from samepicture.privacy.redaction import redact_identifiers
from samepicture.process import Pipeline
from samepicture.readers import LINE, read_parts
from samepicture.records import CONTRACTS, Kind
from tests.fuzz.mutants import Mutant

WORDS_TOGETHER = 4
"""So many words of a text, one after the other, are a quotation."""


@dataclass(frozen=True)
class Private:
    """What no sentence may say."""

    texts: frozenset[tuple[str, ...]]
    """Runs of words of narratives."""
    values: frozenset[str]
    """Of columns that are never read."""

    def quoted(self, sentence: str) -> str | None:
        """What of it a sentence says."""
        words = _words(sentence)
        runs = {tuple(words[at : at + WORDS_TOGETHER]) for at in range(len(words))}
        found = [" ".join(run) for run in runs & self.texts] + [value for value in self.values if value in sentence]
        return found[0] if found else None


def read_and_mapped(feed: Feed, mutant: Mutant) -> str:
    """'read', or the code of the refusal. Raises whatever a reader or the mapping should not."""
    sentences: list[str] = []
    with TemporaryFile() as stream:  # as in the store: a file's errors are not those of bytes in memory
        stream.write(mutant.content)
        stream.seek(0)
        try:
            outcome = _read(feed, stream, mutant.name, sentences)
        except SubmissionRejected as refusal:
            outcome = refusal.code
            sentences.append(_told(refusal.code, refusal.sentence))
    _keeps_quiet(feed, sentences)
    return outcome


def _read(feed: Feed, stream: IO[bytes], file_name: str, sentences: list[str]) -> str:
    for part in read_parts(feed, stream, file_name):
        mapping = Mapping(feed, part.headers)
        for frame in part.frames:
            assert frame.schema[LINE].is_integer()
            assert frame.get_column(LINE).null_count() == 0
            mapped = mapping.apply(frame)
            sentences += redact_identifiers(mapped.problems.get_column("sentence").unique()).to_list()  # as it is kept
        sentences += [warning.sentence for warning in (*mapping.warnings, *part.warnings)]
        assert all(_is_short(warning.value) for warning in (*mapping.warnings, *part.warnings))
        sentences += [str(row["sentence"]) for row in part.unreadable]
    return "read"


def judged(pipeline: Pipeline, feed: Feed, mutant: Mutant) -> str:
    """'accepted', or the code of the refusal; the whole way to the verdict, as the DAG takes it."""
    receipt, _ = pipeline.land(feed.id, mutant.name, io.BytesIO(mutant.content))
    verdict = pipeline.judge(receipt.submission_id)
    assert verdict.received == verdict.accepted + verdict.rejected
    assert min(verdict.received, verdict.accepted, verdict.rejected) >= 0
    sentences = [str(warning["sentence"]) for warning in verdict.warnings]
    assert all(_is_short(warning["value"]) for warning in verdict.warnings)
    if verdict.rejection_code:
        sentences.append(_told(verdict.rejection_code, verdict.rejection_sentence or ""))
    quarantine = work_folder(pipeline.settings, receipt.submission_id) / "quarantine.parquet"
    if quarantine.is_file():
        sentences += pl.read_parquet(quarantine).get_column("sentence").unique().to_list()
    _keeps_quiet(feed, sentences)
    return verdict.rejection_code or "accepted"


def _told(code: str, sentence: str) -> str:
    assert re.fullmatch(r"[a-z0-9_]+", code)
    assert sentence[:1].isupper() or sentence[:1].isdigit(), sentence
    assert sentence.endswith((".", "...")), sentence
    assert len(sentence) < 2_000, sentence[:2_000]
    return sentence


def _is_short(value: object) -> bool:
    """A value that a warning may quote: a code, or what was put in its place."""
    return len(str(value or "")) <= CODE_LENGTH or bool(re.match(r"\(a text of |\w+$|.*\[\w+\]", str(value)))


def _keeps_quiet(feed: Feed, sentences: list[str]) -> None:
    private = private_of(feed)
    for sentence in sentences:
        assert (said := private.quoted(sentence)) is None, f"{said!r} is somebody's, and is said: {sentence}"


def private_of(feed: Feed) -> Private:
    """The words and values of a feed's samples that belong to people."""
    if feed.id not in _PRIVATE:
        _PRIVATE[feed.id] = _found_private(feed)
    return _PRIVATE[feed.id]


_PRIVATE: dict[str, Private] = {}


def _found_private(feed: Feed) -> Private:
    narratives = [column.name for column in CONTRACTS[feed.record_type].columns if column.kind is Kind.NARRATIVE]
    texts: set[tuple[str, ...]] = set()
    values: set[str] = set()
    for sample in feed.samples:
        with suppress(SubmissionRejected), sample.open("rb") as stream:
            for part in read_parts(feed, stream, sample.name):
                mapping = Mapping(feed, part.headers)
                for frame in part.frames:
                    kept = mapping.apply(frame).frame
                    for text in (text for name in narratives for text in kept.get_column(name).drop_nulls()):
                        words = _words(text)
                        texts.update(tuple(words[at : at + WORDS_TOGETHER]) for at in range(len(words) - WORDS_TOGETHER + 1))
                    for name in set(mapping.layout.drop) & set(frame.columns):
                        values.update(value for value in frame.get_column(name).drop_nulls() if " " in value)
    declared = (feed.folder / "feed.yml").read_text()
    return Private(frozenset(texts), frozenset(value for value in values if value not in declared))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
