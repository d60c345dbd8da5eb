"""What a digest is made of: what the page shows, and what else the rights of its readers' role let them see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from samepicture.page.reading import Material, material
from samepicture.settings import Settings
from samepicture.warehouse import open_warehouse

DIRECTORATES = ("nursing", "comms")
"""Each is a role of the warehouse too."""
WORDS = ("consented_story",)
"""Never in a mail, though their authors have published them."""
OUTSIDE = """
select metric_name, organisation_ods_code, organisation_name, funnel_code
from (select *, max(period_start_date) over (partition by metric_code) as newest_date from marts.funnel) as funnel
where period_start_date = newest_date and funnel_code in ('above_998', 'below_998')
order by metric_name, organisation_name, organisation_ods_code
"""


@dataclass(frozen=True)
class Outside:
    """An organisation that differs from the others by more than chance and their usual spread."""

    metric_name: str
    organisation_ods_code: str
    organisation_name: str | None
    is_above: bool


@dataclass(frozen=True)
class Read:
    """What was read for one directorate."""

    material: Material
    outside: Sequence[Outside] | None
    """None where the reader may not see it."""


def read_for(settings: Settings, directorate: str) -> Read:
    """Read as the directorate's role. Raises NothingPublished, and WarehouseError.

    On a shared server the database itself refuses what the role may not see, and of what is shown
    by organisation it shows nothing, for a mail to many is nobody's own. A file has no roles: of it
    what is published alone is read.
    """
    with open_warehouse(settings).as_role(directorate) as (built, connection):
        found = material(built, connection, without=WORDS)
        if directorate != "nursing" or connection.dialect.name == "duckdb":
            return Read(found, None)
        rows = connection.execute(text(OUTSIDE)).all()
    return Read(found, [Outside(row[0], row[1], row[2], row[3] == "above_998") for row in rows])
