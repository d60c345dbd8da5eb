"""The way of one submission, in the steps that the DAGs and the command line share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from samepicture.build import Built, build
from samepicture.feed import Feed, load_feeds
from samepicture.judge import Verdict, judge
from samepicture.landing import Landing, Receipt
from samepicture.load import Outcome, load
from samepicture.publish import publish, unpublished_since
from samepicture.settings import Settings


class Pipeline:
    """The steps, on one installation's settings.

    `environment` is where the variables that feed.yml names are looked up: addresses and
    keys of sources. In Airflow it also knows Airflow's variables, so its secrets backend.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str] = os.environ) -> None:
        self.settings = settings
        self.environment = environment
        # Landed originals hold identifiers: nobody else on this machine reads them.
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.feeds: dict[str, Feed] = load_feeds(settings.feeds)
        self.landing = Landing.of(settings)

    def feed(self, feed_id: str) -> Feed:
        """A declared feed. Raises KeyError that lists those that there are."""
        try:
            return self.feeds[feed_id]
        except KeyError:
            raise KeyError(f"there is no feed {feed_id!r}: use one of {', '.join(self.feeds)}") from None

    def land(self, feed_id: str, file_name: str, source: IO[bytes]) -> tuple[Receipt, bool]:
        """Store a submission's bytes and receipt; whether they are new."""
        return self.landing.land(self.feed(feed_id).id, file_name, source)

    def land_file(self, feed_id: str, path: Path) -> tuple[Receipt, bool]:
        """Store a file as a submission."""
        with path.open("rb") as source:
            return self.land(feed_id, path.name, source)

    def judge(self, submission_id: str, progress: Callable[[int, float], None] | None = None) -> Verdict:
        """Judge a landed submission into the work folder."""
        receipt = self.landing.receipt(submission_id)
        return judge(self.settings, self.feed(receipt.feed_id), receipt, progress)

    def load(self, submission_id: str, accept: Iterable[str] = ()) -> Outcome:
        """Load a judged submission."""
        receipt = self.landing.receipt(submission_id)
        return load(self.settings, self.feed(receipt.feed_id), receipt, accept)

    def collect(self, feed_id: str) -> Iterator[Receipt]:
        """Ask a feed's source for what is new; each delivery is landed before its cursor moves."""
        from samepicture.connectors.base import collect

        yield from collect(self.feed(feed_id), self.settings, self.landing, self.environment)

    def build_and_publish(self, progress: Callable[[str], None] = lambda _: None) -> Built | None:
        """Rebuild what is pending and publish what the copy does not show; None where nothing was pending."""
        built = build(self.settings, progress=progress)
        if unpublished_since(self.settings) is not None:
            publish(self.settings)
        return built
