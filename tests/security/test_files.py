"""Files of strangers that are made to harm: each is refused, or read in bounded time and memory, and nothing is fetched."""

from __future__ import annotations

import io
import re
import resource
import socket
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest

from samepicture.connectors.base import ConnectorError
from samepicture.connectors.stock import healthwatch
from samepicture.connectors.website import Fetched
from samepicture.feed import load_feed
from samepicture.messages import SubmissionRejected
from samepicture.readers import report_pdf
from samepicture.readers.archive import open_members
from samepicture.readers.stock import delimited, workbook
from samepicture.settings import PROJECT

FEEDS = PROJECT / "dags" / "feeds"
ANY = re.compile(r"\.csv$")


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(SubmissionRejected) as refused:
        work()
    return refused.value.code


# -- archives -----------------------------------------------------------------------------


def zipped(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_csv", ".csv").replace("_zip", ".zip"), content)
    return target.getvalue()


def members(content: bytes) -> list[bytes]:
    return [member.read() for _, member in open_members(io.BytesIO(content), "a.zip", ANY)]


def test_an_archive_inside_an_archive_is_not_unpacked() -> None:
    inner = zipped(a_csv=b"x" * 1000)
    assert refusal(lambda: members(zipped(inner_zip=inner))) == "archive_without_data"


def test_an_archive_named_as_a_table_is_no_table() -> None:
    feed = load_feed(FEEDS / "complaint_northmoor")
    nested = zipped(a_csv=zipped(b_csv=b"ID\n1\n"))
    assert refusal(lambda: [list(part.frames) for part in delimited.read(io.BytesIO(nested), "a.zip", feed)]) == "not_delimited"


def test_a_bomb_of_zeros_is_refused_before_it_unpacks() -> None:
    assert refusal(lambda: members(zipped(a_csv=bytes(200 << 20)))) == "archive_too_large"


def test_a_name_that_climbs_out_writes_nothing_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("../../evil.csv", "a\n")
        archive.writestr("/etc/evil.csv", "b\n")
    found = [name for name, _ in open_members(io.BytesIO(target.getvalue()), "a.zip", ANY)]
    assert len(found) == 2
    assert not list(tmp_path.rglob("*"))


# -- workbooks ----------------------------------------------------------------------------


def test_links_of_a_workbook_to_elsewhere_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An external link's cached value is text like any other; nobody is asked for a newer one."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["ID", "Trust code", "Type", "Date received", "Stage (code)", "Subject 1 (code)", "Outcome (code)"])
    sheet.append(["1", '=WEBSERVICE("http://127.0.0.1:9/x")', "PALS", "01/01/2025", "NEW", "ACC", "='[http://127.0.0.1:9/b.xlsx]S'!A1"])
    target = io.BytesIO()
    book.save(target)

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("somebody was asked")

    monkeypatch.setattr(socket, "create_connection", forbidden)
    monkeypatch.setattr(socket.socket, "connect", forbidden)
    feed = load_feed(FEEDS / "complaint_northmoor")
    with_links = with_part(target.getvalue(), "xl/externalLinks/externalLink1.xml", EXTERNAL_LINK)
    (part,) = workbook.read(io.BytesIO(with_links), "a.xlsx", feed)
    (frame,) = part.frames
    assert frame.height == 1
    assert "127.0.0.1" not in frame.write_csv(), "a formula was taken for a value"


EXTERNAL_LINK = b"""<?xml version="1.0"?><externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><externalBook r:id="rId1"/></externalLink>"""
LAUGHS = b'<!DOCTYPE w [<!ENTITY a0 "ha">' + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)) + b"]>"


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The workbook with one part replaced, or added."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in source.namelist():
            if member != name:
                archive.writestr(member, source.read(member))
        archive.writestr(name, part)
    return target.getvalue()


@pytest.mark.parametrize("name", ["xl/sharedStrings.xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_entities_of_a_workbook_do_not_grow(name: str) -> None:
    """Nine levels of ten: a thousand million words out of 600 bytes, if anybody resolved them."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["ID", "Trust code", "Type", "Date received", "Stage (code)", "Subject 1 (code)", "Outcome (code)"])
    target = io.BytesIO()
    book.save(target)
    content = target.getvalue()
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        original = source.read(name) if name in source.namelist() else b"<sst><si><t>ID</t></si></sst>"
    harmful = LAUGHS + original.split(b"?>", 1)[-1].replace(b">ID<", b">&a9;<")
    feed = load_feed(FEEDS / "complaint_northmoor")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    try:
        for part in workbook.read(io.BytesIO(with_part(content, name, harmful)), "a.xlsx", feed):
            list(part.frames)
    except SubmissionRejected:
        pass
    assert time.monotonic() - started < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10


# -- XML ----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("declared", ['<!ENTITY a "aaaa">', '<!ENTITY a SYSTEM "file:///etc/hostname">'])
def test_rss_with_entities_is_refused_in_every_encoding(encoding: str, declared: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding[:6]}"?><!DOCTYPE rss [{declared}]><rss><channel><item><link>&a;</link></item></channel></rss>'
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    page = Fetched("https://hw.example/rss", 200, mark + text.encode(encoding))
    with pytest.raises(ConnectorError, match="declares entities"):
        list(healthwatch._rss(page))


# -- PDF ----------------------------------------------------------------------------------


def pdf(objects: Sequence[bytes]) -> bytes:
    out, places = io.BytesIO(b"%PDF-1.7\n"), []
    out.seek(0, io.SEEK_END)
    for number, each in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, each))
    at = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(places) + 1, at))
    return out.getvalue()


def stream(data: bytes, further: bytes = b"", times: int = 1) -> bytes:
    for _ in range(times):
        data = zlib.compress(data, 9)
    return b"<<%s/Filter[%s]/Length %d>>\nstream\n%s\nendstream" % (further, b"/FlateDecode" * times, len(data), data)


def report(content: bytes, pages: int = 1, forms: Sequence[bytes] = ()) -> bytes:
    """A PDF whose pages all draw the same content."""
    first = 6 + len(forms)
    named = b" ".join(b"/X%d %d 0 R" % (n, 6 + n) for n in range(len(forms)))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources 3 0 R/Contents 4 0 R>>"
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, b" ".join(b"%d 0 R" % (first + n) for n in range(pages))),
            b"<</Font<</F 5 0 R>>/XObject<<%s>>>>" % named,
            content,
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            *forms,
            *[page] * pages,
        ]
    )


FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources 3 0 R"
WORD = b"BT /F 12 Tf (word) Tj ET "
BOMBS = {
    "500 pages that draw the same million times": lambda: report(stream(WORD * 100_000), pages=500),
    "nine levels of forms, each drawn 20 times": lambda: report(
        stream(b"/X0 Do "), forms=[*(stream(b"/X%d Do " % (n + 1) * 20, FORM) for n in range(8)), stream(WORD, FORM)]
    ),
    "a gigabyte of blanks": lambda: report(stream(b" " * (1 << 30), times=2)),
    "a form that draws itself": lambda: report(stream(b"/X0 Do "), forms=[stream(WORD + b"/X0 Do ", FORM)]),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_pdf_bomb_ends_soon_and_small(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_pdf, "MAX_OPERATORS", 100_000)  # of three million: a thirtieth of the minute
    content = BOMBS[name]()
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    found = report_pdf.read_pdf(content, "bomb.pdf")
    assert time.process_time() - started < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 << 10
    assert found.code in ("pdf_too_long", "pdf_without_text", "pdf_unreadable", None)


def test_a_pdf_that_draws_too_much_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_pdf, "MAX_OPERATORS", 1000)
    assert report_pdf.read_pdf(report(stream(WORD * 1000)), "a.pdf").code == "pdf_too_long"
    found = report_pdf.read_pdf(report(stream(WORD), pages=400), "a.pdf")
    assert (found.code, "only the first 250 were read" in str(found.sentence)) == ("pdf_too_long", True)


def test_a_pdf_whose_first_line_goes_on_from_nothing() -> None:
    found = report_pdf.read_pdf(report(stream(b"BT /F 12 Tf (went on as before) Tj ET")), "a.pdf")
    assert (found.text, found.code) == ("went on as before", None)


def test_a_pdf_may_not_name_a_program_or_a_file() -> None:
    """What an action of a PDF asks for is never done: nothing but text is read. Told by a process that may open nothing."""
    action = b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/Launch/F(/bin/touch)/Win<</F(calc.exe)>>>>/AA<</O<</S/URI/URI(http://127.0.0.1:9/)>>>>>>"
    content = report(stream(WORD)).replace(b"<</Type/Catalog/Pages 2 0 R>>", action)
    script = (
        "import sys, socket, subprocess, os\n"
        "from samepicture.readers.report_pdf import read_pdf\n"
        "content = sys.stdin.buffer.read()\n"
        "def told(event, args):\n"
        "    if event in ('socket.connect', 'subprocess.Popen', 'os.system', 'os.exec') or event == 'open' and 'w' in str(args[1]):\n"
        "        os.write(2, f'{event} {args}'.encode()); os._exit(3)\n"
        "sys.addaudithook(told)\n"
        "print(read_pdf(content, 'a.pdf').text)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], input=content, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.decode().strip()) == (0, "word"), done.stderr[-2000:]
