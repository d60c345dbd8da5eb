"""Draws control charts: Vega-Lite to SVG while the page is made, so that readers need no script.

A drawing is kept under the hash of what it was drawn from, and taken over from the edition
before where that has not changed.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from samepicture.page.signals import USUAL, Signal

WIDTH, HEIGHT = 400, 190
"""Small enough to be read on a phone as it is, and two in a row on a desk."""
COLOURS = {"Worse": "#b34700", "Better": "#005eb8", "Unusual": "#7c2855", USUAL: "#5b6770"}
"""After Making Data Count: orange, blue, purple, grey; each 4.5 : 1 against white."""
SHAPES = {"Worse": "square", "Better": "triangle-up", "Unusual": "diamond", USUAL: "circle"}
"""Never by colour alone."""
INK, MEAN_INK, LIMIT_INK, TARGET_INK = "#212b32", "#212b32", "#5b6770", "#b3006b"
LABELS_MAX = 5
FOLDER = "charts"


def chart(signal: Signal, edition: Path, before: Path | None) -> str:
    """Draw a signal into an edition, or take the same drawing over; its path within the edition."""
    drawing = json.dumps(specification(signal), sort_keys=True)
    name = hashlib.sha256((version("vl-convert-python") + drawing).encode()).hexdigest()[:24] + ".svg"
    path = edition / FOLDER / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        drawn = before / FOLDER / name if before else None
        if drawn and drawn.exists():
            path.hardlink_to(drawn)
        else:
            import vl_convert

            path.write_text(vl_convert.vegalite_to_svg(drawing, vl_version="5.21"), encoding="utf-8")
    return f"{FOLDER}/{name}"


def specification(signal: Signal) -> dict[str, Any]:
    """The chart in Vega-Lite: values, average, limits; a point's colour and shape say what it is."""
    values = [
        {
            "month": point.iso,
            "value": point.value,
            "mean": point.mean,
            "lower": point.lower,
            "upper": point.upper,
            "target": point.target,
            "kind": point.kind,
        }
        for point in signal.points
    ]
    kinds = [kind for kind in COLOURS if any(point.kind == kind for point in signal.points)]
    axis = {
        "labelColor": INK,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "gridColor": "#e8edee",
        "domainColor": LIMIT_INK,
        "tickColor": LIMIT_INK,
    }
    y = {
        "type": "quantitative",
        "axis": {
            **axis,
            "title": None,
            "tickCount": 5,
            "format": ".0%" if signal.is_share else "~d",
            "tickMinStep": 0.01 if signal.is_share else 1,
        },
        "scale": {"zero": not signal.is_share, "nice": True},
    }
    x = {
        "field": "month",
        "type": "temporal",
        "scale": {"type": "utc"},  # a month is the same one on every machine
        "axis": {**axis, "title": None, "format": "%b %y", "values": _labelled(signal)},
    }
    line = {"type": "line", "clip": True}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH - 60,
        "height": HEIGHT,
        "padding": 5,
        "autosize": {"type": "pad"},
        "background": "white",
        "config": {"font": "Arial, Helvetica, sans-serif", "view": {"stroke": None}},
        "data": {"values": values},
        "encoding": {"x": x},
        "layer": [
            *(
                {
                    "mark": {**line, "strokeDash": [5, 4], "stroke": LIMIT_INK, "interpolate": "step"},
                    "encoding": {"y": {**y, "field": limit}},
                }
                for limit in ("lower", "upper")
            ),
            {"mark": {**line, "stroke": MEAN_INK, "strokeWidth": 1.5, "interpolate": "step"}, "encoding": {"y": {**y, "field": "mean"}}},
            *(
                {"mark": {**line, "stroke": TARGET_INK, "strokeWidth": 2, "strokeDash": [2, 4]}, "encoding": {"y": {**y, "field": field}}}
                for field in ("target",)
                if any(point.target is not None for point in signal.points)
            ),
            {
                "mark": {**line, "stroke": LIMIT_INK, "strokeWidth": 1.5, "invalid": "break-paths-show-path-domains"},
                "encoding": {"y": {**y, "field": "value"}},
            },
            {
                "transform": [{"filter": "isValid(datum.value)"}],
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {
                    "y": {**y, "field": "value"},
                    "color": _by_kind(kinds, COLOURS),
                    "shape": _by_kind(kinds, SHAPES),
                },
            },
        ],
    }


def _labelled(signal: Signal) -> list[dict[str, Any]]:
    """Months that the axis names: few enough not to touch."""
    every = -(-len(signal.points) // LABELS_MAX)
    days = [date.fromisoformat(point.iso) for point in signal.points[::every]]
    return [{"year": day.year, "month": day.month, "date": 1, "utc": True} for day in days]


def _by_kind(kinds: list[str], looks: dict[str, str]) -> dict[str, Any]:
    legend = {"title": None, "orient": "bottom", "labelFontSize": 13, "labelColor": INK, "symbolSize": 80, "columns": 3}
    return {"field": "kind", "type": "nominal", "scale": {"domain": kinds, "range": [looks[kind] for kind in kinds]}, "legend": legend}
