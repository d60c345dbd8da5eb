"""The document in which a poll's answers are landed: JSON lines, one answer a line.

    {"request": "opinions?skip=0&take=100", "status": 200, "answer": "<the answer's text, as received>"}

`answer` is a JSON string of the received text, so that its bytes can be had back exactly;
the document holds no time and no key, so the same answers are the same submission.
A plain file of one answer, as somebody may have saved it, is read as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from samepicture.connectors.http import ANSWER_BYTES_MAX, Answer
from samepicture.messages import SubmissionRejected
from samepicture.readers import reject_empty
from samepicture.readers.documents import parsed

LINE_BYTES_MAX = 2 * ANSWER_BYTES_MAX
"""An answer, with its quotation marks escaped."""


@dataclass(frozen=True)
class LandedAnswer:
    """One answer as it was landed."""

    request: str
    """Empty for a plain file."""
    status: int
    document: Any
    """None where the status brings none."""


def write_answer(target: IO[bytes], answer: Answer) -> None:
    """Add an answer to a document."""
    line = {
        "request": answer.request,
        "status": answer.status,
        "answer": answer.content.decode("utf-8", "replace" if answer.document is None else "strict"),
    }
    target.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")


def read_answers(stream: IO[bytes], file_name: str) -> Iterator[LandedAnswer]:
    """The answers of a document, or the one of a plain file; memory holds one at a time.

    Raises SubmissionRejected: empty_file, not_json, broken_json, file_too_large.
    """
    stream.seek(0)
    first = _line(stream, file_name)
    reject_empty(len(first), file_name)
    if not _is_landed(first):
        stream.seek(0)
        yield LandedAnswer("", 200, _parsed(_plain(stream, file_name), file_name))
        return
    while first:
        line = _parsed(first, file_name)
        try:
            request, status, answer = line["request"], line["status"], line["answer"]
            if not (isinstance(request, str) and isinstance(status, int) and isinstance(answer, str)):
                raise TypeError
        except (KeyError, TypeError):
            raise SubmissionRejected(
                "broken_json", f"The file {file_name} has a line that is no answer of the source: collect it again."
            ) from None
        yield LandedAnswer(request, status, _parsed(answer, file_name) if status == 200 else None)
        first = _line(stream, file_name)


def _is_landed(line: bytes) -> bool:
    return line.startswith(b'{"request"')


def _line(stream: IO[bytes], file_name: str) -> bytes:
    line = stream.readline(LINE_BYTES_MAX + 1)
    _reject_large(line, file_name)
    return line


def _plain(stream: IO[bytes], file_name: str) -> bytes:
    content = stream.read(LINE_BYTES_MAX + 1)
    _reject_large(content, file_name)
    return content


def _reject_large(content: bytes, file_name: str) -> None:
    if len(content) > LINE_BYTES_MAX:
        raise SubmissionRejected(
            "file_too_large", f"The file {file_name} has more than {LINE_BYTES_MAX >> 20} MB in one piece: send it in pages."
        )


def _parsed(content: bytes | str, file_name: str) -> Any:
    try:
        text = (content.decode("utf-8") if isinstance(content, bytes) else content).removeprefix("\ufeff").lstrip()
    except UnicodeDecodeError:
        text = ""
    if not text.startswith(("[", "{")):
        raise SubmissionRejected(
            "not_json", f"The file {file_name} is not JSON as the source's API gives it (it may be a web page): send the API's answer."
        )
    try:
        return parsed(text)
    except ValueError:
        raise SubmissionRejected("broken_json", f"The file {file_name} breaks off or is damaged: collect or send it again.") from None
