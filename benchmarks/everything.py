"""Runs the benchmarks that have a goal, and writes what was found to docs/performance.md, with drawings of how each cost grows.

    make bench            or   python benchmarks/everything.py [quick]

`quick` runs each on a hundredth of the work, to see that they run: it prints the page and writes nothing. Each benchmark is a
process of its own: one that fails is told in the page, and the others go on.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402
from benchmarks.measure import PEERS  # noqa: E402
from benchmarks.report import KEPT_IN  # noqa: E402

DOCS = ROOT / "docs"
DRAWINGS = "performance"
RUNS: tuple[tuple[str, ...], ...] = (
    ("million_rows.py", "100000", "5"),
    ("million_rows.py", "1000000", "5"),
    ("million_rows.py", "5000000", "1"),
    ("million_rows.py", "1000000", "5", "postgresql"),
    ("judging.py", "100000", "5"),
    ("judging.py", "1000000", "5"),
    ("workbooks.py", "20000"),
    ("workbooks.py", "100000"),
    ("workbooks.py", "published"),
    ("pages.py", "100000", "5"),
    ("pages.py", "1000000", "5"),
    ("redaction_speed.py", "20000", "5"),
    ("redaction_speed.py", "100000", "5"),
    ("at_scale.py", "10000000", "5", "duckdb"),
    ("at_scale.py", "1000000", "5", "postgresql"),
    ("builds.py", "10000"),
    ("builds.py", "100000"),
    ("parsing.py", "100"),
    ("parsing.py", "500"),
    ("scheduler.py", "500"),
)
"""Each on less first, so that its cost is seen to grow."""
HEAD = """# How fast it is

Written by `make bench`, or from runs of its parts, on {day}: {machine}. Python {python}. Each figure is a median of runs in turn (how many, see below) with what stands beside it, in processes of their own, on files that were just written. Ratios are what counts: another machine has other seconds. What each benchmark does stands at the head of its file in `benchmarks/`; why some goals are not met, in [decision 33](decisions/0033-how-fast-is-fast-enough.md).

"""


def run(arguments: tuple[str, ...], kept: Path) -> str:
    """One benchmark; what went wrong, or nothing."""
    print(f"\n== {' '.join(arguments)}", flush=True)
    began = time.monotonic()
    command = [sys.executable, str(ROOT / "benchmarks" / arguments[0]), *arguments[1:]]
    done = subprocess.run(command, env={**os.environ, KEPT_IN: str(kept)}, check=False)
    print(f"== {time.monotonic() - began:.0f} s", flush=True)
    return f"{' '.join(arguments)} ended with {done.returncode}" if done.returncode else ""


def page(found: list[dict[str, Any]], failures: list[str], drawings: list[str], commands: list[str]) -> str:
    """The page in Markdown; `commands` are those that were run, with the size of the work and the runs."""
    memory = psutil.virtual_memory().total / 2**30
    machine = f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}"
    lines = ["| goal | what | ours | beside it | times | goal | met | peak MB |", "|---|---|---|---|---|---|---|---|"]
    for line in sorted((each for each in found if each["kind"] == "Line"), key=lambda each: each["number"]):
        peak = f"{line['peak_mb']:,.0f}" if line["peak_mb"] else ""
        met = "" if line["goal"] == "shown" else "yes" if line["is_met"] else "**no**"
        cells = (line["number"], line["what"], line["figure"], line["beside"], f"{line['ratio']:.2f}", line["goal"], met, peak)
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    text = HEAD.format(day=f"{datetime.now(UTC):%-d %B %Y}", machine=machine, python=platform.python_version()) + "\n".join(lines) + "\n"
    if failures:
        text += "\nDid not end well: " + "; ".join(failures) + ".\n"
    text += "\n## What was run\n\nThe size of the work first, then how many runs.\n\n```\n" + "\n".join(commands) + "\n```\n"
    if drawings:
        text += "\n## How each cost grows\n\nBoth scales are logarithmic: what costs ten times as much for ten times the work rises by one power of ten for each.\n\n"
        text += "\n".join(f"![{Path(name).stem.replace('-', ' ')}]({DRAWINGS}/{name})" for name in drawings) + "\n"
    return text


def draw(found: list[dict[str, Any]], folder: Path) -> list[str]:
    """A drawing of each cost that was measured at more than one size; their file names."""
    import vl_convert

    points = [each for each in found if each["kind"] == "Point"]
    names = []
    for title in dict.fromkeys(each["drawing"] for each in points):
        values = [each for each in points if each["drawing"] == title]
        if len({each["work"] for each in values}) < 2:
            continue
        name = "".join(letter if letter.isalnum() else "-" for letter in title.lower()).strip("-").replace("--", "-") + ".svg"
        axes = {"scale": {"type": "log"}}
        specification = {
            "title": title,
            "width": 420,
            "height": 240,
            "background": "white",
            "data": {"values": values},
            "mark": {"type": "line", "point": True},
            "encoding": {
                "x": {"field": "work", "type": "quantitative", "title": values[0]["unit"], **axes},
                "y": {"field": "seconds", "type": "quantitative", "title": "seconds", **axes},
                "color": {"field": "way", "type": "nominal", "title": None},
                "strokeDash": {"field": "way", "type": "nominal", "title": None},
            },
        }
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(vl_convert.vegalite_to_svg(json.dumps(specification), vl_version="5.21"), encoding="utf-8")
        names.append(name)
    return names


def smaller(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """A hundredth of the work, once."""
    name, work, *further = arguments
    return (name, str(max(int(work) // 100, 10)) if work.isdigit() else work, *("1" if each.isdigit() else each for each in further))


def main(is_quick: bool) -> int:
    if not PEERS.exists():
        print("The peers are not installed: run `make peers`.")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "found.jsonl"
        kept.touch()
        chosen = [smaller(arguments) if is_quick else arguments for arguments in RUNS]
        failures = [wrong for arguments in chosen if (wrong := run(arguments, kept))]
        found = [json.loads(line) for line in kept.read_text().splitlines()]
        drawings = draw(found, Path(folder) / DRAWINGS if is_quick else DOCS / DRAWINGS)
    text = page(found, failures, drawings, [f"python benchmarks/{' '.join(arguments)}" for arguments in chosen])
    print(text)
    if not is_quick:
        (DOCS / "performance.md").write_text(text, encoding="utf-8")
    return len(failures)


if __name__ == "__main__":
    sys.exit(main("quick" in sys.argv[1:]))
