"""Judges one landed submission: read, map, validate, de-identify; writes Parquet, not the warehouse.

Needs no writer: many submissions can be judged at once while one is loaded. What it
leaves in the work folder is de-identified, and written whole or not at all; judging
again gives the same. Where the original had to go, its judged copy is handed out instead.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from samepicture.ahead import ahead
from samepicture.copies import VERDICT, JudgedCopies
from samepicture.data_docs import keep_results
from samepicture.deidentify import deidentified
from samepicture.feed import Feed
from samepicture.landing import Landing, Receipt
from samepicture.locks import alone
from samepicture.mapping import Mapped, Mapping
from samepicture.messages import PROBLEMS, SubmissionRejected, SubmissionWarning
from samepicture.privacy.erased import CODE, REFERENCE_CODE, REFERENCE_SENTENCE, SENTENCE, Erased
from samepicture.privacy.harm import harm_codes
from samepicture.privacy.pseudonym import fingerprint
from samepicture.privacy.redaction import REDACTION_VERSION, redact_identifiers
from samepicture.readers import BATCH_ROWS, LINE, Part, read_parts
from samepicture.records import CONTRACTS, PROVENANCE, Contract, Kind
from samepicture.settings import SettingError, Settings
from samepicture.validation import LANDED_DATE, Validator

LOCAL = ZoneInfo("Europe/London")
"""Sources write the days of where they are: in the first hour of a summer's day it is still yesterday in UTC."""


@dataclass
class Verdict:
    """What judging found; kept as verdict.json beside the Parquet files."""

    submission_id: str
    received: int = 0
    accepted: int = 0
    rejected: int = 0
    accepted_rows: int = 0
    """Rows for raw: one record of a wide file is several."""
    layouts: list[str] = field(default_factory=list)
    rejection_code: str | None = None
    """Set where the whole submission is refused."""
    rejection_sentence: str | None = None
    warnings: list[dict[str, object]] = field(default_factory=list)
    started_at: str = ""
    finished_at: str = ""
    erased: int = 0
    """Records among the rejected that were erased on request, and came again."""
    erasures_known: int = 0
    """How many erasures there had been when this was judged."""
    key: str = ""
    """Fingerprint of the pseudonym key."""
    is_copy: bool = False
    """The original had to go: this is what was judged of it before."""


def judge(settings: Settings, feed: Feed, receipt: Receipt, progress: Callable[[int, float], None] | None = None) -> Verdict:
    """Judge a submission into its work folder. A refused submission is a verdict, not an error.

    `progress` is called with the number of records so far, and how much of their part is read, from 0 to 1. Raises SettingError without
    keys, CannotOpen where the landed bytes can't be read; any other error is ours. None leaves
    a verdict behind.
    """
    key = settings.require_pseudonym_key()
    landing = Landing.of(settings)
    with alone(settings, receipt.submission_id), _work_folder(settings, receipt.submission_id) as folder:
        if landing.is_gone(receipt):
            return _from_copy(settings, landing, receipt, folder)
        erased = Erased.read(landing, key)
        verdict = Verdict(receipt.submission_id, started_at=_now(), erasures_known=len(erased.marks), key=fingerprint(key))
        run = _Run(feed, receipt, key, erased, folder, verdict, progress)
        try:
            with landing.open(receipt) as stream:
                for part in read_parts(feed, stream, receipt.file_name):
                    run.part(part)
            run.close()
            _check_bounds(feed, verdict)
        except SubmissionRejected as refusal:
            run.close()
            verdict.rejection_code, verdict.rejection_sentence = refusal.code, refusal.sentence
        if verdict.rejection_code:
            verdict.accepted, verdict.rejected, verdict.accepted_rows = 0, verdict.received, 0
            (folder / "accepted.parquet").unlink(missing_ok=True)
        keep_results(settings, receipt.submission_id, run.validator.results)
        verdict.finished_at = _now()
        (folder / VERDICT).write_text(json.dumps(asdict(verdict)))
    return verdict


def _from_copy(settings: Settings, landing: Landing, receipt: Receipt, folder: Path) -> Verdict:
    """Hand out what was judged before the original had to go. Raises SettingError where the key was rotated and its copy not yet."""
    JudgedCopies(landing.store).unpack(receipt.submission_id, folder)
    verdict = Verdict(**json.loads((folder / VERDICT).read_text()))
    if verdict.key != fingerprint(settings.require_pseudonym_key()):
        raise SettingError(
            f"The judged copy of {receipt.submission_id} was made with another SAMEPICTURE_PSEUDONYM_KEY: set that one; "
            "if it was being rotated, run `samepicture rotate-key` again to the end."
        )
    return verdict


def work_folder(settings: Settings, submission_id: str) -> Path:
    """Where a submission's verdict and Parquet files lie until it is loaded."""
    return settings.work / submission_id


def read_verdict(settings: Settings, submission_id: str) -> Verdict:
    """The verdict of a judged submission. Raises FileNotFoundError where it is not judged."""
    return Verdict(**json.loads((work_folder(settings, submission_id) / VERDICT).read_text()))


class _Run:
    """One submission under way: counts, open files, keys seen."""

    def __init__(
        self,
        feed: Feed,
        receipt: Receipt,
        key: Sequence[bytes],
        erased: Erased,
        folder: Path,
        verdict: Verdict,
        progress: Callable[[int, float], None] | None,
    ) -> None:
        self.feed = feed
        self.receipt = receipt
        self.key = key
        self.erased = erased
        self.contract: Contract = CONTRACTS[feed.record_type]
        self.verdict = verdict
        self.progress = progress
        self.validator = Validator(feed.record_type)
        self.accepted = _Parquet(folder / "accepted.parquet")
        self.quarantine = _Parquet(folder / "quarantine.parquet")
        self.seen: list[pl.Series] = []
        self.warned: dict[tuple[str, str | None, str | None], SubmissionWarning] = {}

    def part(self, part: Part) -> None:
        """Judge one part, batch by batch."""
        mapping = Mapping(self.feed, part.headers)
        layout = part.layout or mapping.layout.name
        if layout not in self.verdict.layouts:
            self.verdict.layouts.append(layout)
        rows = max(BATCH_ROWS // mapping.rows_per_record, 1)
        read = ((batch, mapping.apply(batch), part.share) for frame in part.frames for batch in frame.iter_slices(rows))
        with ahead(read) as batches:
            for batch, mapped, share in batches:
                self._batch(part, batch, mapped)
                if self.progress is not None:
                    self.progress(self.verdict.received, share)
        self._unreadable(part)
        for warning in (*mapping.warnings, *part.warnings):
            self._warn(warning)

    def close(self) -> None:
        """Finish the files and the list of warnings."""
        self.accepted.close()
        self.quarantine.close()
        self.verdict.warnings = [warning.as_row() for warning in self.warned.values()]

    def _batch(self, part: Part, batch: pl.DataFrame, mapped: Mapped) -> None:
        landed = self.receipt.landed_datetime
        frame = mapped.frame.with_columns(
            pl.col("version_at").fill_null(pl.lit(landed).cast(pl.Datetime("us", "UTC"))),
            pl.lit(landed.astimezone(LOCAL).date()).alias(LANDED_DATE),
        )
        frame, erased = self._without_erased(frame)
        judgement = self.validator.judge(frame.filter(~pl.col("is_removed")))
        for warning in judgement.warnings:
            self._warn(warning)
        frame = deidentified(frame, self.contract, self.key)
        # A cell that could not be read is empty from here on: told once, not as missing too.
        unread = mapped.problems.select(LINE, "column_name").unique()
        broken = judgement.problems.join(unread, on=[LINE, "column_name"], how="anti", maintain_order="left")
        problems = pl.concat(
            [
                mapped.problems.join(erased, on=LINE, how="anti", maintain_order="left"),
                erased,
                broken,
                self._strangers(frame),
                self._from_the_future(frame),
            ]
        )
        problems = pl.concat([problems, self._duplicates(frame, problems)]).unique(maintain_order=True)
        rows = self._with_provenance(frame, part.name)
        good = rows.join(problems.select(LINE).unique(), on=LINE, how="anti", maintain_order="left")
        received = batch.get_column(LINE).n_unique()
        refused = problems.get_column(LINE).n_unique()
        self.verdict.received += received
        self.verdict.rejected += refused
        self.verdict.accepted += received - refused
        self.verdict.accepted_rows += good.height
        self.accepted.write(good)
        self._quarantine(part.name, rows, problems)

    def _without_erased(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The frame without records that were erased on request, and these as problems; what names one loses the reference."""
        found = self.erased.among_references(self.contract, frame)
        for name, named in found.references.items():
            frame = frame.with_columns(pl.when(~named).then(pl.col(name)).alias(name))
            self._warn(SubmissionWarning(REFERENCE_CODE, REFERENCE_SENTENCE, name, count=int(named.sum())))
        lines = frame.filter(found.rows).select(LINE).unique(maintain_order=True)
        self.verdict.erased += lines.height
        problems = lines.with_columns(
            pl.lit(CODE).alias("code"), pl.lit(None, dtype=pl.String).alias("column_name"), pl.lit(SENTENCE).alias("sentence")
        )
        return frame.join(lines, on=LINE, how="anti", maintain_order="left"), problems

    def _strangers(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Records of organisations that the feed may not speak for."""
        if not self.feed.organisations:
            return pl.DataFrame(schema=PROBLEMS)
        column = self.feed.organisation_column
        named = f"{', '.join(self.feed.organisations[:5])}"
        return frame.filter(~pl.col(column).is_in(list(self.feed.organisations))).select(
            LINE,
            pl.lit("unknown_organisation").alias("code"),
            pl.lit(column).alias("column_name"),
            pl.when(pl.col(column).str.contains(r"^[0-9A-Za-z]{1,6}$"))  # anything longer is no code, and not quoted
            .then(pl.format(f"The organisation '{{}}' is not one that this feed reports for ({named}): correct the code.", column))
            .otherwise(pl.lit(f"The organisation is not one that this feed reports for ({named}): correct the code."))
            .alias("sentence"),
        )

    def _from_the_future(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Versions that say that they were changed after they came: they would win over every later one."""
        latest = self.receipt.landed_datetime + timedelta(days=1)  # sources write local time, some of another zone
        return frame.filter(pl.col("version_at") > latest).select(
            LINE,
            pl.lit("changed_in_the_future").alias("code"),
            pl.lit("version_at").alias("column_name"),
            pl.lit("The time of the last change is later than the day on which the file came: correct it.").alias("sentence"),
        )

    def _duplicates(self, frame: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
        """Records whose key an earlier record of this submission has."""
        sound = frame.join(problems.select(LINE).unique(), on=LINE, how="anti", maintain_order="left")
        keys = sound.select(pl.struct(self.contract.key).hash()).to_series()
        repeated = ~keys.is_first_distinct()
        for earlier in self.seen:
            repeated |= keys.is_in(earlier)
        self.seen.append(keys.unique())
        names = ", ".join(_readable(name) for name in self.contract.key)
        return sound.filter(repeated).select(
            LINE,
            pl.lit("duplicate_key").alias("code"),
            pl.lit(None, dtype=pl.String).alias("column_name"),
            pl.lit(f"An earlier row has the same {names}: send each record once.").alias("sentence"),
        )

    def _with_provenance(self, frame: pl.DataFrame, part_name: str) -> pl.DataFrame:
        # A source's clock may be ahead, or tell local time; a takedown that came later must not lose against it.
        landed = pl.lit(self.receipt.landed_datetime).cast(pl.Datetime("us", "UTC"))
        return frame.with_columns(
            pl.min_horizontal("version_at", landed).alias("version_at"),
            pl.lit(self.receipt.submission_id).alias("submission_id"),
            pl.lit(self.feed.id).alias("feed_id"),
            pl.lit(part_name).alias("part_name"),
            pl.lit(REDACTION_VERSION).alias("redaction_version"),
            harm_codes([frame.get_column(name) for name in (*self.contract.of_kind(Kind.NARRATIVE), "unmapped")]),
        ).select([column.name for column in (*self.contract.columns, *PROVENANCE)])

    def _quarantine(self, part_name: str, rows: pl.DataFrame, problems: pl.DataFrame) -> None:
        if problems.is_empty():
            return
        record = [column.name for column in self.contract.columns] + ["unmapped"]
        wrong = rows.join(problems.select(LINE), on=LINE, how="semi", maintain_order="left").unique(LINE, keep="first", maintain_order=True)
        first = wrong.select(LINE, pl.struct(record).struct.json_encode().alias("record"))
        self.quarantine.write(
            problems.join(first, on=LINE, how="left", maintain_order="left").select(
                pl.lit(self.receipt.submission_id).alias("submission_id"),
                pl.lit(self.feed.id).alias("feed_id"),
                pl.lit(part_name).alias("part_name"),
                LINE,
                "code",
                "column_name",
                redact_identifiers(pl.Series("sentence", problems.get_column("sentence"))),
                "record",
                pl.lit(REDACTION_VERSION).alias("redaction_version"),
            )
        )

    def _unreadable(self, part: Part) -> None:
        """Lines that no reader could split: rejected records without a record to keep."""
        if not part.unreadable:
            return
        lines = pl.DataFrame(part.unreadable, schema={LINE: pl.Int64, "code": pl.String, "sentence": pl.String})
        self.verdict.received += lines.height
        self.verdict.rejected += lines.height
        self.quarantine.write(
            lines.select(
                pl.lit(self.receipt.submission_id).alias("submission_id"),
                pl.lit(self.feed.id).alias("feed_id"),
                pl.lit(part.name).alias("part_name"),
                LINE,
                "code",
                pl.lit(None, dtype=pl.String).alias("column_name"),
                "sentence",
                pl.lit(None, dtype=pl.String).alias("record"),
                pl.lit(REDACTION_VERSION).alias("redaction_version"),
            )
        )

    def _warn(self, warning: SubmissionWarning) -> None:
        key = (warning.code, warning.column_name, warning.value)
        earlier = self.warned.get(key)
        total = warning.count + (earlier.count if earlier else 0)
        self.warned[key] = SubmissionWarning(warning.code, warning.sentence, warning.column_name, warning.value, total)


class _Parquet:
    """A Parquet file that is made by its first batch."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def write(self, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        table: pa.Table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="lz4")
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


def _check_bounds(feed: Feed, verdict: Verdict) -> None:
    bounds = feed.bounds
    if verdict.received < bounds.rows_min:
        raise SubmissionRejected(
            "too_few_records",
            f"The file holds {verdict.received} records where at least {bounds.rows_min} are expected: check the export and send it again.",
        )
    wrong = verdict.rejected - verdict.erased  # nobody sent those wrongly
    if verdict.received and wrong / verdict.received > bounds.rejected_share:
        raise SubmissionRejected(
            "too_many_rejected",
            f"{wrong} of {verdict.received} records can't be taken (more than {bounds.rejected_share:.0%}), so none was loaded: "
            "correct them (see the list of rejected records) and send the whole file again.",
        )


@contextmanager
def _work_folder(settings: Settings, submission_id: str) -> Iterator[Path]:
    """A fresh folder that takes its final name only when the block ends well."""
    final = work_folder(settings, submission_id)
    under_way = final.with_name(final.name + ".part")
    shutil.rmtree(under_way, ignore_errors=True)
    under_way.mkdir(parents=True)
    yield under_way
    shutil.rmtree(final, ignore_errors=True)
    under_way.rename(final)


def _readable(column: str) -> str:
    """A contract column as the submitting organisation would call it."""
    return column.replace("_pseudonym", "_reference").replace("ods_code", "code").replace("_", " ")


def _now() -> str:
    return datetime.now(UTC).isoformat()
