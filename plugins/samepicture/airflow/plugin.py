"""What Airflow loads of us in each of its processes: the timetable, and on the API server the webhook and the pages."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from samepicture.airflow.timetable import ScheduledSubmissions


class _OnTheApiServer:
    """Imports the web application only where it is asked for: every task's process loads plugins too."""

    def __get__(self, *_: object) -> list[dict[str, Any]]:
        from samepicture.airflow import intake, operating, page

        return [
            {"app": intake.app, "url_prefix": "/intake", "name": "Same Picture intake"},
            {"app": page.app, "url_prefix": page.PREFIX, "name": "Same Picture page"},
            {"app": operating.app, "url_prefix": operating.PREFIX, "name": "Same Picture operating"},
        ]


class SamePicturePlugin(AirflowPlugin):
    """Makes the timetable, the webhook and the pages known."""

    name = "samepicture"
    timetables: ClassVar = [ScheduledSubmissions]
    fastapi_apps = _OnTheApiServer()
    external_views: ClassVar = [
        {"name": "The page", "href": "samepicture/index.html", "url_route": "samepicture", "destination": "nav", "nav_top_level": True},
        {"name": "Feeds", "href": "operating/index.html", "url_route": "operating", "destination": "nav", "nav_top_level": True},
    ]
