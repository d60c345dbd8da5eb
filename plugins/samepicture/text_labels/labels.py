"""What happens to labels when their texts go or are called otherwise: nothing of an erased or removed record stays."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, FromClause, column, delete, exists, func, inspect, literal, select, table, update

from samepicture.ledger import text_label
from samepicture.privacy.pseudonym import DIGITS
from samepicture.records import Contract

FEEDBACK_PREFIX = {"complaint": "complaint", "experience_story": "story", "survey_response": "return"}
"""Record types of which a model reads texts, and how the ids of their feedback begin in the models of dbt; the record's key follows."""
NARRATIVE = table("narrative", *map(column, ("feedback_id", "part_name", "record_type", "narrative")), schema="published")


def forget_struck(connection: Connection, contract: Contract, keys: FromClause) -> None:
    """Take away the labels of records, known by a table with the columns of contract.record_key."""
    prefix = FEEDBACK_PREFIX.get(contract.record_type)
    if prefix is not None:
        feedback_id: ColumnElement[str] = literal(prefix)
        for name in contract.record_key:
            feedback_id = feedback_id + ":" + keys.c[name]
        connection.execute(delete(text_label).where(text_label.c.feedback_id.in_(select(feedback_id))))


def has_texts(connection: Connection) -> bool:
    """Whether a build has made the table of texts."""
    return inspect(connection).has_table(NARRATIVE.name, schema=NARRATIVE.schema)


def forget_gone(connection: Connection) -> None:
    """Take away the labels of texts that are no longer there."""
    there = exists().where(NARRATIVE.c.feedback_id == text_label.c.feedback_id, NARRATIVE.c.part_name == text_label.c.part_name)
    connection.execute(delete(text_label).where(~there))


def rekey(connection: Connection, contract: Contract, pairs: FromClause) -> None:
    """Let labels go by the new pseudonyms of their records: `pairs` is a table of before and after."""
    prefix = FEEDBACK_PREFIX.get(contract.record_type)
    if prefix is None:
        return
    feedback_id = text_label.c.feedback_id
    after = select(pairs.c.after).where(pairs.c.before == func.right(feedback_id, DIGITS)).scalar_subquery()
    connection.execute(
        update(text_label)
        .where(feedback_id.startswith(f"{prefix}:"), func.right(feedback_id, DIGITS).in_(select(pairs.c.before)))
        .values(feedback_id=func.left(feedback_id, func.length(feedback_id) - DIGITS) + after)
    )
