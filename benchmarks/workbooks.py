"""A workbook of 100,000 complaints to typed rows, or published workbooks where they are; fastexcel's bare read beside.

    make bench-workbooks    or   python benchmarks/workbooks.py [rows]
                                 python benchmarks/workbooks.py published [folder of the Friends and Family Test workbooks]

Ours finds sheets and headers, maps columns, and gives dates, numbers and codes their types; the bare read gives cells.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measure import Figure, Way, clocked, in_turn, show  # noqa: E402
from benchmarks.report import Point, at_most, keep  # noqa: E402

FEEDS = ROOT / "dags" / "feeds"
PUBLISHED = ROOT.parent / "shared" / "data" / "fft"


def invent(path: str, rows: int) -> float:
    """In a process of its own: openpyxl takes gigabytes."""
    from samepicture.demo.cases import eastvale_xlsx

    return clocked(lambda: Path(path).write_bytes(eastvale_xlsx(24, 1, rows)))


def bare(paths: tuple[str, ...]) -> float:
    """Every visible sheet's cells as text."""
    import fastexcel
    import polars  # noqa: F401 - before the clock starts

    def read() -> None:
        for path in paths:
            book = fastexcel.read_excel(path)
            for name in (name for name in book.sheet_names if book.load_sheet(name, n_rows=0).visible == "visible"):
                book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()

    return clocked(read)


def ours(feed_folder: str, paths: tuple[str, ...]) -> float:
    """From the files to the frames that are judged."""
    from samepicture.feed import load_feed
    from samepicture.mapping import Mapping
    from samepicture.readers import read_parts

    feed = load_feed(Path(feed_folder))

    def read() -> None:
        for path in paths:
            with Path(path).open("rb") as stream:
                for part in read_parts(feed, stream, Path(path).name):
                    mapping = Mapping(feed, part.headers)
                    for frame in part.frames:
                        mapping.apply(frame)

    return clocked(read)


def invented(rows: int) -> None:
    """One large workbook."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/cases.xlsx"
        in_turn({"invent": partial(invent, path, rows)}, 1)
        ways: dict[str, Way] = {
            "fastexcel, bare": partial(bare, (path,)),
            "ours": partial(ours, str(FEEDS / "complaint_eastvale"), (path,)),
        }
        figures = in_turn(ways)
        show(f"{rows:,} complaints, {Path(path).stat().st_size / 1e6:.0f} MB", figures, "fastexcel, bare")
        told(f"a workbook of {rows:,} rows", figures)
        for figure in figures:
            keep(Point("A workbook to typed rows", figure.name, rows, "rows", figure.seconds))


def published(folder: Path) -> None:
    """Many small sheets."""
    books = tuple(str(each) for each in sorted(folder.glob("*.xls[xm]")))
    if not books:
        print(f"no published workbooks in {folder}: name their folder")
        return
    ways: dict[str, Way] = {"fastexcel, bare": partial(bare, books), "ours": partial(ours, str(FEEDS / "survey_result_fft"), books)}
    figures = in_turn(ways)
    show(f"{len(books)} published workbooks of the Friends and Family Test", figures, "fastexcel, bare")
    told(f"{len(books)} workbooks of the Friends and Family Test", figures)


def told(what: str, figures: list[Figure]) -> None:
    """Goal 4."""
    limit, us = figures
    at_most(4, what, us.seconds, "fastexcel's bare read", limit.seconds, 2.2, us.peak_mb)


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else "100000"
    if what == "published":
        published(Path(sys.argv[2]) if len(sys.argv) > 2 else PUBLISHED)
    else:
        invented(int(what))
