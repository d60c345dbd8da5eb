"""FHIR resources out of a file: JSON, newline-delimited JSON, XML, a Bundle of them, or a poll's landed answers.

Every form gives the same: resources as FHIR's JSON shape has them. Two things differ in
XML, which says neither what is a number nor what is a list of one: values are text, and a
list of one is the one. `each` and `number` level that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from samepicture.connectors.answers import LINE_BYTES_MAX, read_answers
from samepicture.messages import SubmissionRejected
from samepicture.readers import reject_empty
from samepicture.readers.documents import NestedTooDeeplyError, parsed

DEPTH_MAX = 200
"""Elements of XML inside one another; a questionnaire of ten levels has 40."""
FHIR = "{http://hl7.org/fhir}"
EXPONENT_MAX = 30
"""A number beyond it is shown as it was written, not with all its zeros."""


def resources(stream: IO[bytes], file_name: str, wanted: str, others: Counter[str]) -> Iterator[dict[str, Any]]:
    """The resources of one type, in order; memory holds one answer, line or Bundle entry of XML at a time.

    `others` counts what stood beside them, by type. Raises SubmissionRejected: empty_file,
    not_fhir, wrong_feed, broken_json, broken_xml, file_too_large, entities_declared,
    nested_too_deeply.
    """
    known = 0
    for resource in _all(stream, file_name):
        kind = str(resource.get("resourceType"))
        known += kind in (wanted, "Bundle")
        if kind == wanted:
            yield resource
        elif kind not in ("Bundle", "OperationOutcome"):
            others[kind] += 1
    if not known:
        found = ", ".join(sorted(name for name in others if re.fullmatch(r"[A-Za-z]{1,40}", name))) or "nothing that we know"
        raise SubmissionRejected("wrong_feed", f"The file {file_name} holds no {wanted} but {found}: it may belong to another feed.")


def each(value: Any) -> list[Any]:
    """A list of what may be a list, the one of it, or missing."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def objects(value: Any) -> list[dict[str, Any]]:
    """`each`, without what is no object."""
    return [item for item in each(value) if isinstance(item, dict)]


def text(value: Any) -> str | None:
    """A primitive as text, as XML would have it; None for what is no primitive."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None


def number(value: Any) -> str | None:
    """A number as plain text without a tail of zeros: 4.50 in XML and 4.5 in JSON are one."""
    try:
        exact = Decimal(str(value)).normalize()
    except InvalidOperation:
        return text(value)
    exponent = exact.as_tuple().exponent
    return format(exact, "f") if isinstance(exponent, int) and abs(exponent) <= EXPONENT_MAX else str(value)


def _all(stream: IO[bytes], file_name: str) -> Iterator[dict[str, Any]]:
    head = stream.read(4096)
    reject_empty(len(head.strip()), file_name)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b'{"request"'):
        for answer in read_answers(stream, file_name):
            if answer.document is not None:
                yield from _inside(answer.document)
    elif start.startswith(b"<") or head.startswith((b"\xff\xfe", b"\xfe\xff")):
        stream.seek(0)
        yield from _xml(stream, file_name)
    elif start.startswith((b"{", b"[")):
        for document in _json(stream, file_name):
            yield from _inside(document)
    else:
        raise SubmissionRejected("not_fhir", f"The file {file_name} is neither JSON nor XML: export it as FHIR R4.")


def _inside(document: Any) -> Iterator[dict[str, Any]]:
    """A resource; a Bundle and what its entries hold."""
    waiting = [document]
    while waiting:
        resource = waiting.pop()
        if isinstance(resource, list):
            waiting += reversed(resource)
        if not isinstance(resource, dict):
            continue
        yield resource
        if resource.get("resourceType") == "Bundle":
            waiting += [entry.get("resource") for entry in reversed(objects(resource.get("entry")))]


# -- JSON ---------------------------------------------------------------------------------


def _json(stream: IO[bytes], file_name: str) -> Iterator[Any]:
    """Line by line where each line is a whole document, else the file as one document."""
    stream.seek(0)
    first = stream.readline(LINE_BYTES_MAX + 1)
    if len(first) <= LINE_BYTES_MAX and _is_whole(first):
        while first:
            if first.strip():
                yield _parsed(first, file_name)
            first = stream.readline(LINE_BYTES_MAX + 1)
        return
    stream.seek(0)
    yield _parsed(stream.read(LINE_BYTES_MAX + 1), file_name)


def _is_whole(line: bytes) -> bool:
    try:
        parsed(line)
    except NestedTooDeeplyError:
        return True  # and refused when it is read
    except ValueError:
        return False
    return True


def _parsed(content: bytes, file_name: str) -> Any:
    if len(content) > LINE_BYTES_MAX:
        sentence = f"The file {file_name} has more than {LINE_BYTES_MAX >> 20} MB in one piece: send it as NDJSON, a resource a line."
        raise SubmissionRejected("file_too_large", sentence)
    try:
        return parsed(content)
    except NestedTooDeeplyError:
        raise _too_deep(file_name) from None
    except ValueError:
        raise SubmissionRejected("broken_json", f"The file {file_name} breaks off or is damaged: export and send it again.") from None


# -- XML ----------------------------------------------------------------------------------


def _xml(stream: IO[bytes], file_name: str) -> Iterator[dict[str, Any]]:
    path: list[Element] = []
    try:
        for event, element in iterparse(stream, ("start", "end"), forbid_dtd=True):
            if event == "start":
                if not path and not element.tag.startswith(FHIR):
                    raise SubmissionRejected("not_fhir", f"The file {file_name} is XML but not FHIR: export it as FHIR R4.")
                path.append(element)
                if len(path) > DEPTH_MAX:
                    raise _too_deep(file_name)
                continue
            path.pop()
            if not path or _name(path[-1]) == "resource":
                yield {"resourceType": _name(element)} if _name(element) == "Bundle" else _object(element)
            if len(path) == 1 and _name(path[0]) == "Bundle":
                path[0].clear()  # of an entry that was read
    except DefusedXmlException:
        raise SubmissionRejected(
            "entities_declared", f"The file {file_name} declares a document type or entities, which FHIR forbids: export it again without."
        ) from None
    except (ParseError, UnicodeError, LookupError):
        raise SubmissionRejected("broken_xml", f"The file {file_name} breaks off or is damaged: export and send it again.") from None


def _object(resource: Element) -> dict[str, Any]:
    inside = _value(resource)
    return {"resourceType": _name(resource), **(inside if isinstance(inside, dict) else {})}


def _value(element: Element) -> Any:
    """An element as FHIR's JSON has it; the depth is bounded by then."""
    children = [child for child in element if child.tag.startswith(FHIR)]  # not the narrative's HTML
    if "value" in element.attrib:
        return element.attrib["value"]
    result: dict[str, Any] = dict(element.attrib)
    for child in children:
        name = _name(child)
        value = _object(child[0]) if name in ("resource", "contained") and len(child) else _value(child)
        result[name] = [*each(result[name]), value] if name in result else value
    return result


def _name(element: Element) -> str:
    return element.tag.removeprefix(FHIR)


def _too_deep(file_name: str) -> SubmissionRejected:
    return SubmissionRejected(
        "nested_too_deeply", f"The file {file_name} is nested deeper than any questionnaire: check the export and send it again."
    )
