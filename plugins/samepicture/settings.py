"""Every setting, in one place: environment variables that begin with SAMEPICTURE_."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from samepicture.errors import Explained

PROJECT = Path(__file__).resolve().parents[2]
"""The checkout: dags/, dbt/ and expectations/ lie beside plugins/."""


KEY_LENGTH_MIN = 32
DIFFERENT_CHARACTERS_MIN = 10
"""In a key that was made by chance: of 64 hexadecimal digits fewer than this come once in ten thousand million keys."""
_EXAMPLE = re.compile(
    r"(?i)\s|example|change.?me|secret|password|sample|dummy|insert|(?<![a-z0-9])your(?![a-z0-9])|your.?(?:key|own)|samepicture|0123456789"
)
"""Four letters in a row come by chance once in ten thousand keys of 64 characters: 'your' counts where it stands as a word."""
_DEFAULT_PASSWORDS = frozenset({"airflow", "admin", "changeme", "password", "postgres", "redis", "root", "samepicture", "secret"})


MEMORY = "1GB"
"""Of the embedded warehouse, where nobody says: enough for millions of records."""


class SettingError(Explained):
    """A setting is missing or wrong; the message names it and the fix."""


def require_key(name: str, value: str | None, command: str = "`python -c 'import secrets; print(secrets.token_hex(32))'`") -> str:
    """A key fit for a service, such as the command makes. Raises SettingError where it is missing, short or an example."""
    wrong = None
    if not value:
        wrong = "is missing"
    elif len(value) < KEY_LENGTH_MIN:
        wrong = f"is shorter than {KEY_LENGTH_MIN} characters"
    elif len(set(value)) < DIFFERENT_CHARACTERS_MIN or _EXAMPLE.search(value):
        wrong = "is an example, not a key made by chance"
    if wrong:
        raise SettingError(f"{name} {wrong}: set it, for example to what {command} prints, and keep it apart from the data.")
    assert value
    return value


def refuse_default_password(name: str, url: str) -> None:
    """Raises SettingError where the URL of a server holds a password that everybody knows; the message does not repeat it."""
    parts = urlsplit(url)
    password = unquote(parts.password or "")
    if password and (password.lower() in _DEFAULT_PASSWORDS or password == unquote(parts.username or "")):
        raise SettingError(
            f"{name} holds a password that everybody knows: give {parts.hostname or 'the server'} another one, and set it here."
        )


def _memory(text: str) -> str:
    if not re.fullmatch(r"[0-9]+(?:\.[0-9]+)? ?[KMGT]i?B", text):
        raise SettingError(f"SAMEPICTURE_MEMORY is {text!r}, which is no amount of memory: write it as 4GB.")
    return text


def _addresses(name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in os.environ.get(name, "").split(",") if part.strip())


@dataclass(frozen=True)
class Settings:
    """Where everything is. Made by `Settings.from_environment()`, passed on explicitly."""

    home: Path
    """SAMEPICTURE_HOME: what this installation writes. Default: .samepicture in the checkout."""
    warehouse: str = field(repr=False)
    """SAMEPICTURE_WAREHOUSE: SQLAlchemy URL, duckdb:///<file> or postgresql://... Default: a DuckDB file in the home."""
    landing: str
    """SAMEPICTURE_LANDING: fsspec URL of the landing store. Default: landing/ in the home."""
    feeds: tuple[Path, ...]
    """SAMEPICTURE_FEEDS: further folders of feeds, separated by ':'; dags/feeds comes first."""
    pseudonym_key: str | None = field(repr=False)
    """SAMEPICTURE_PSEUDONYM_KEY: makes pseudonyms; once rotated several, oldest first, separated by ','. Never stored in the warehouse."""
    landing_key: str | None = field(default=None, repr=False)
    """SAMEPICTURE_LANDING_KEY: an age identity; encrypts the landing store and backups. Never stored beside them."""
    backups: Path | None = None
    """SAMEPICTURE_BACKUPS: folder into which the DAG backs up each day."""
    smtp_url: str | None = field(default=None, repr=False)
    """SAMEPICTURE_SMTP_URL: mail server of notices and reports, smtps://user:password@host:port; smtp:// asks for STARTTLS."""
    mail_from: str | None = None
    """SAMEPICTURE_MAIL_FROM: who they are from. Default: the user of the mail server, where it is an address."""
    notices_to: tuple[str, ...] = ()
    """SAMEPICTURE_NOTICES_TO: addresses that notices are mailed to, separated by commas."""
    safeguarding_to: tuple[str, ...] = ()
    """SAMEPICTURE_SAFEGUARDING_TO: addresses that are told of records whose words speak of harm, separated by commas."""
    notices_webhook: str | None = field(default=None, repr=False)
    """SAMEPICTURE_NOTICES_WEBHOOK: address of a chat's incoming webhook (Slack, Teams, Mattermost)."""
    digest_to: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    """SAMEPICTURE_DIGEST_NURSING_TO, SAMEPICTURE_DIGEST_COMMS_TO: addresses of the weekly digest, by directorate, separated by commas.
    Not hashed: settings are kept in caches."""
    page_url: str | None = None
    """SAMEPICTURE_PAGE_URL: where the page of nursing and comms is seen; links of the digest lead there."""
    page_folder: Path | None = None
    """SAMEPICTURE_PAGE: folder into which the page of nursing and comms is written. Default: page/ in the home."""
    memory: str = MEMORY
    """SAMEPICTURE_MEMORY: what the embedded warehouse may take, as DuckDB writes it (4GB); beyond it works on disk, beside its file."""

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the environment once. Raises SettingError where a value can't be used."""
        home = Path(os.environ.get("SAMEPICTURE_HOME") or PROJECT / ".samepicture").absolute()
        further = [Path(part) for part in os.environ.get("SAMEPICTURE_FEEDS", "").split(":") if part]
        for folder in further:
            if not folder.is_dir():
                raise SettingError(f"SAMEPICTURE_FEEDS names {folder}, which is not a folder: create it or remove it from the list.")
        return cls(
            home=home,
            warehouse=os.environ.get("SAMEPICTURE_WAREHOUSE") or f"duckdb:///{home / 'warehouse.duckdb'}",
            landing=os.environ.get("SAMEPICTURE_LANDING") or str(home / "landing"),
            feeds=(PROJECT / "dags" / "feeds", *further),
            pseudonym_key=os.environ.get("SAMEPICTURE_PSEUDONYM_KEY"),
            landing_key=os.environ.get("SAMEPICTURE_LANDING_KEY") or None,
            backups=Path(backups).absolute() if (backups := os.environ.get("SAMEPICTURE_BACKUPS")) else None,
            smtp_url=os.environ.get("SAMEPICTURE_SMTP_URL") or None,
            mail_from=os.environ.get("SAMEPICTURE_MAIL_FROM") or None,
            notices_to=_addresses("SAMEPICTURE_NOTICES_TO"),
            safeguarding_to=_addresses("SAMEPICTURE_SAFEGUARDING_TO"),
            notices_webhook=os.environ.get("SAMEPICTURE_NOTICES_WEBHOOK") or None,
            digest_to={name: _addresses(f"SAMEPICTURE_DIGEST_{name.upper()}_TO") for name in ("nursing", "comms")},
            page_url=os.environ.get("SAMEPICTURE_PAGE_URL") or None,
            page_folder=Path(page).absolute() if (page := os.environ.get("SAMEPICTURE_PAGE")) else None,
            memory=_memory(os.environ.get("SAMEPICTURE_MEMORY") or MEMORY),
        )

    def require_pseudonym_key(self) -> tuple[bytes, ...]:
        """The key: its links, oldest first; one until it is rotated. Raises SettingError where it is missing, short or an example."""
        links = [link.strip() for link in (self.pseudonym_key or "").split(",")]
        for link in links:
            require_key("SAMEPICTURE_PSEUDONYM_KEY", link, "`samepicture keys`")
        if len(set(links)) < len(links):
            raise SettingError("SAMEPICTURE_PSEUDONYM_KEY holds the same key twice: `samepicture keys` prints a fresh one.")
        return tuple(link.encode() for link in links)

    @property
    def work(self) -> Path:
        """Scratch space of submissions under way; de-identified, safe to delete."""
        return self.home / "work"

    @property
    def compiled(self) -> Path:
        """What dbt compiled: models and tests as the warehouse runs them, with the names of its database."""
        engine, rest = self.warehouse.split(":", 1)
        if engine == "duckdb":
            return self.home / "compiled.json"
        return self.home / f"compiled.{PurePosixPath(urlsplit(rest).path).name}.json"

    @property
    def text_model(self) -> Path:
        """The folder of what was learned of themes and severity of free text, and its card."""
        return self.home / "text_model"

    @property
    def picture(self) -> Path:
        """The read-only copy that analysts query: replaced whole after each publish."""
        return self.home / "picture.duckdb"

    @property
    def page(self) -> Path:
        """What nursing and comms look at: editions, and a link to the newest."""
        return self.page_folder or self.home / "page"
