"""What Airflow loads of us in each of its processes: the timetable, and on the API server the webhook."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from samepicture.airflow.timetable import ScheduledSubmissions


class _OnTheApiServer:
    """Imports the web application only where it is asked for: every task's process loads plugins too."""

    def __get__(self, *_: object) -> list[dict[str, Any]]:
        from samepicture.airflow.intake import app

        return [{"app": app, "url_prefix": "/intake", "name": "Same Picture intake"}]


class SamePicturePlugin(AirflowPlugin):
    """Makes the timetable and the webhook known."""

    name = "samepicture"
    timetables: ClassVar = [ScheduledSubmissions]
    fastapi_apps = _OnTheApiServer()
