"""Roles on the shared server: what each may read, who holds which, and who opened which narrative.

The database enforces it. The models' own grants and row policies come from dbt's config
(dbt/macros/access.sql); here is the rest: the roles, raw, ops, and the schema `access`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from samepicture import ledger
from samepicture.settings import SettingError
from samepicture.warehouse.base import WarehouseError
from samepicture.warehouse.tables import raw_tables, words_of

ROLES = ("engineer", "nursing", "analyst", "comms")
"""Of people. Each is a role of PostgreSQL, samepicture_<name>; nobody logs in as one."""
PIPELINE = "pipeline"
"""The role of whoever loads and builds: row policies let it see all. A user's own name would not outlast a restore elsewhere."""
WORDS_OF_OPS = {"quarantine": ("record",)}
"""Columns of ops that hold words, redacted: read by nobody but the pipeline."""
LOGIN = re.compile(r"[a-z][a-z0-9_.-]{0,62}")
ODS_CODE = re.compile(r"[0-9A-Z]{3,10}")
CONNECTIONS_MAX = 20
"""Of one person at a time: a hundred, by default, are all that a server has."""
WITH_PARAMETERS = {"no_parameters": False}


@dataclass(frozen=True)
class Person:
    """Who may log in, and as what."""

    login: str
    roles: tuple[str, ...]
    organisations: tuple[str, ...]
    """Whose records and narratives a person of nursing may read."""


@dataclass(frozen=True)
class Opening:
    """That somebody opened a narrative, or tried to."""

    login: str
    opened_at: datetime
    feedback_id: str
    purpose: str
    is_allowed: bool


def is_established(connection: Connection) -> bool:
    """Whether roles and rights are those of this version of the software."""
    said: str | None = connection.exec_driver_sql("select obj_description(to_regnamespace('access'))").scalar_one()
    return said == _version(_statements(connection))


def check_owner(connection: Connection) -> None:
    """Refuse a database of which we can't say who may connect: PostgreSQL would warn, and leave everybody their rights."""
    owner = "select pg_has_role(current_user, datdba, 'usage') from pg_database where datname = current_database()"
    if not connection.exec_driver_sql(owner).scalar_one():
        user: str = connection.exec_driver_sql("select current_user").scalar_one()
        raise SettingError(
            f"The user {user!r} of SAMEPICTURE_WAREHOUSE does not own the database, so can't say who may connect: have an administrator "
            f"run `alter database {_database(connection)} owner to {user}`."
        )


def establish(connection: Connection) -> None:
    """Make roles and rights what this version says. Safe to repeat. Raises SettingError where the server does not let us."""
    make_roles(connection)
    statements = _statements(connection)
    for statement in statements:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"comment on schema access is '{_version(statements)}'")


def make_roles(connection: Connection) -> None:
    """Make the roles that are missing, and be one of the pipeline's users. Raises SettingError where the server does not let us."""
    names = [role_name(role) for role in (*ROLES, PIPELINE)]
    try:
        for name in names:
            if not _exists(connection, name):
                connection.exec_driver_sql(f"create role {name} nologin")
        connection.exec_driver_sql(f"grant {role_name(PIPELINE)} to current_user with inherit true")
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        user: str = connection.engine.url.username or "samepicture"
        raise SettingError(
            f"The user {user!r} of SAMEPICTURE_WAREHOUSE may not make roles: have an administrator of the server run `alter role {user} "
            f"createrole`, and `grant {', '.join(names)} to {user} with admin option` where another installation has made them already."
        ) from None


def _statements(connection: Connection) -> list[str]:
    """What makes the rights: access.sql, and of raw and ops every column without words for engineers."""
    name = connection.dialect.identifier_preparer.quote
    found = [Path(__file__).with_suffix(".sql").read_text().format(database=name(_database(connection)))]
    for table in (*raw_tables().tables.values(), *ledger.metadata.tables.values()):
        hidden = WORDS_OF_OPS.get(table.name, ()) if table.schema == "ops" else words_of(table.name)
        columns = ", ".join(name(column.name) for column in table.columns if column.name not in hidden)
        relation = f"{table.schema}.{name(table.name)}"
        found += [f"revoke all on {relation} from samepicture_engineer", f"grant select ({columns}) on {relation} to samepicture_engineer"]
    return found


def _version(statements: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(statements).encode()).hexdigest()


def add_person(connection: Connection, login: str, role: str, organisations: Sequence[str]) -> None:
    """Let somebody log in with a role, and grant organisations. Adds to what they have. Raises WarehouseError."""
    codes = [organisation.strip().upper() for organisation in organisations]
    if role not in ROLES:
        raise WarehouseError(f"There is no role {role!r}: use one of {', '.join(ROLES)}.")
    if not LOGIN.fullmatch(login):
        raise WarehouseError(f"{login!r} can't be a login: use small letters, digits, '_', '.' and '-', a letter first, 63 at most.")
    if (role == "nursing") != bool(codes):
        raise WarehouseError("A person of nursing reads the records of some organisations: name them, and for no other role.")
    for code in codes:
        if not ODS_CODE.fullmatch(code):
            raise WarehouseError(f"{code!r} is not an ODS code (3 to 10 letters and digits): correct it.")
    name = connection.dialect.identifier_preparer.quote
    try:
        if _exists(connection, login):
            _refuse_powers(connection, login)
        else:
            connection.exec_driver_sql("set local createrole_self_grant = 'inherit'")  # so that end_sessions may
            connection.exec_driver_sql(f"create role {name(login)} login connection limit {CONNECTIONS_MAX}")
            _revoke_organisations(connection, login)  # of somebody who had the name before, and was dropped by hand
        connection.exec_driver_sql(f"grant {role_name(role)} to {name(login)}")
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        raise WarehouseError(
            "The user of SAMEPICTURE_WAREHOUSE may not make logins or give roles: have an administrator of the server run, for the role "
            f"of that user: alter role ... createrole; {'; '.join(f'grant {role_name(each)} to ... with admin option' for each in ROLES)}"
        ) from None
    # Roles are of the whole server: the right to connect, of this database, is each person's own.
    connection.exec_driver_sql(f"grant connect on database {name(_database(connection))} to {name(login)}")
    for code in codes:
        connection.execute(
            text("insert into access.organisation_grant (login, organisation_ods_code) values (:login, :code) on conflict do nothing"),
            {"login": login, "code": code},
            execution_options=WITH_PARAMETERS,
        )


def _refuse_powers(connection: Connection, login: str) -> None:
    """Raises WarehouseError for a group, whose members would all be let in, and for who could go around the rights."""
    found = connection.execute(
        text(
            """
            select
                logins.rolcanlogin,
                exists (
                    select 1 from pg_roles as powers
                    where pg_has_role(logins.oid, powers.oid, 'member') and (
                        powers.rolsuper or powers.rolbypassrls or powers.rolreplication or powers.rolcreaterole
                        or powers.rolname = current_user or powers.rolname ~ '^pg_'
                    )
                ) as has_powers
            from pg_roles as logins
            where logins.rolname = :login
            """
        ),
        {"login": login},
        execution_options=WITH_PARAMETERS,
    ).one()
    if not found.rolcanlogin:
        raise WarehouseError(f"{login!r} is a group, not somebody who logs in: add its members, one by one.")
    if found.has_powers:
        raise WarehouseError(f"{login!r} is above all roles, or the pipeline itself: give a person a login of their own.")


def remove_person(connection: Connection, login: str) -> None:
    """Take away all roles and organisations. What they opened stays written down.

    A transaction that they have open, and a cursor, may go on showing what it did: once this
    is committed, end_sessions ends that. Raises WarehouseError for somebody who has no role.
    """
    found = next((person for person in people(connection) if person.login == login), None)
    if found is None:
        raise WarehouseError(f"{login!r} has no role here: `samepicture people list` shows who has.")
    name = connection.dialect.identifier_preparer.quote
    for role in found.roles:
        connection.exec_driver_sql(f"revoke {role_name(role)} from {name(login)}")
    connection.exec_driver_sql(f"revoke connect on database {name(_database(connection))} from {name(login)}")
    _revoke_organisations(connection, login)


def _revoke_organisations(connection: Connection, login: str) -> None:
    connection.execute(
        text("delete from access.organisation_grant where login = :login"), {"login": login}, execution_options=WITH_PARAMETERS
    )


def end_sessions(connection: Connection, login: str) -> int:
    """End somebody's connections to this database; how many stay, for a login that an administrator made may be out of our reach."""
    ended = connection.execute(
        text(
            """
            select count(*) filter (where not case when pg_has_role(current_user, usesysid, 'usage') then pg_terminate_backend(pid) end)
                + count(*) filter (where not pg_has_role(current_user, usesysid, 'usage')) as stay
            from pg_stat_activity
            where usename = :login and datname = current_database()
            """
        ),
        {"login": login},
        execution_options=WITH_PARAMETERS,
    )
    stay: int = ended.scalar_one()
    return stay


def people(connection: Connection) -> list[Person]:
    """Everybody who has a role and may connect to this database, by login."""
    rows: Sequence[Any] = connection.exec_driver_sql(
        """
        select
            members.rolname as login,
            array_agg(distinct replace(roles.rolname, 'samepicture_', '') order by replace(roles.rolname, 'samepicture_', '')) as roles,
            (
                select coalesce(array_agg(organisation_ods_code::text order by organisation_ods_code), '{}')
                from access.organisation_grant where login = members.rolname
            ) as organisations
        from pg_auth_members as memberships
        inner join pg_roles as roles on memberships.roleid = roles.oid
        inner join pg_roles as members on memberships.member = members.oid
        where roles.rolname = any (array['samepicture_engineer', 'samepicture_nursing', 'samepicture_analyst', 'samepicture_comms'])
            and members.rolcanlogin and members.rolname <> current_user
            and has_database_privilege(members.oid, current_database(), 'connect')
        group by members.rolname
        order by members.rolname
        """
    ).all()
    return [Person(row.login, tuple(row.roles), tuple(row.organisations)) for row in rows]


def openings(connection: Connection, since: datetime) -> list[Opening]:
    """Who opened which narrative since then, latest first."""
    rows = connection.execute(
        text(
            "select login, opened_at, feedback_id, purpose, is_allowed from access.narrative_opening "
            "where opened_at >= :since order by opening_number desc"
        ),
        {"since": since},
        execution_options=WITH_PARAMETERS,
    ).all()
    return [Opening(row.login, row.opened_at, row.feedback_id, row.purpose, row.is_allowed) for row in rows]


def rekey_openings(connection: Connection, pairs: str) -> None:
    """Let what was opened go by the new pseudonyms of its records: `pairs` is a table of before and after."""
    connection.exec_driver_sql(
        f"""update access.narrative_opening as openings
        set feedback_id = regexp_replace(openings.feedback_id, '[^:]+$', pairs.after)
        from {pairs} as pairs
        where substring(openings.feedback_id from '[^:]+$') = pairs.before"""  # noqa: S608 - our own name
    )


def forget_gone(connection: Connection) -> None:
    """Leave of openings of feedback that is no longer there who, when and what for, and the record type alone."""
    if connection.exec_driver_sql("select to_regclass('conformed.fct_feedback')").scalar_one() is not None:
        connection.exec_driver_sql(
            "update access.narrative_opening set feedback_id = split_part(feedback_id, ':', 1) "
            "where feedback_id not in (select feedback_id from conformed.fct_feedback)"
        )


def role_name(role: str) -> str:
    """Of a role, in PostgreSQL."""
    return f"samepicture_{role}"


def _database(connection: Connection) -> str:
    database: str = connection.exec_driver_sql("select current_database()").scalar_one()
    return database


def _exists(connection: Connection, role: str) -> bool:
    found = connection.execute(text("select 1 from pg_roles where rolname = :role"), {"role": role}, execution_options=WITH_PARAMETERS)
    return found.first() is not None
