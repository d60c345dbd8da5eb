"""Puts what is said into HTML: one page of the whole system, one of each organisation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import files
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, ChoiceLoader, Environment, PackageLoader, StrictUndefined

from samepicture.page import complaints, words
from samepicture.page.content import Content
from samepicture.page.reading import Material
from samepicture.page.signals import Signal

HERE = Path(__file__).parent
OWN_ASSETS = ("page.css", "page.js")
STYLESHEET = "nhsuk-frontend.css"
WEB_FONTS = re.compile(r"@font-face\{[^}]*\}|/\*# sourceMappingURL=[^*]*\*/")
"""Of the stylesheet: fonts that another host serves, and a file that is not here."""
COMPONENTS = {"skip_link": ("skip-link", "skipLink"), "tag": ("tag", "tag"), "button": ("button", "button")}
"""Of NHS.UK frontend, by the name under which templates call them: folder, and macro."""
POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'"
"""Nothing comes from another host, and no text of a story could run as a script."""
INDEX, FOLDER, ASSETS = "index.html", "organisations", "assets"


def pages(material: Material, said: Content, draw: Callable[[Signal], str]) -> Iterator[tuple[str, str]]:
    """Path and HTML of each page; `draw` draws a signal, and says where the drawing lies."""
    for page in said.of_organisations:
        drawings = [(signal, draw(signal) if signal.is_drawn else "") for signal in page.signals or ()]
        yield f"{FOLDER}/{page.organisation.file_name}", _html("organisation.jinja", material, said, "../", page=page, drawings=drawings)
    yield INDEX, _html("system.jinja", material, said, "", page=said.system)


def assets() -> Iterator[tuple[str, str]]:
    """Path and content of the stylesheets and the script."""
    found = next(path for path in files("wagtail-nhsuk-frontend") or () if path.match("css/nhsuk-frontend-*.min.css"))
    release = found.name.removeprefix("nhsuk-frontend-").removesuffix(".min.css")
    notice = f"/*! NHS.UK frontend {release}, MIT licence, https://github.com/nhsuk/nhsuk-frontend */\n"
    yield f"{ASSETS}/{STYLESHEET}", notice + WEB_FONTS.sub("", Path(str(found.locate())).read_text(encoding="utf-8"))
    for name in OWN_ASSETS:
        yield f"{ASSETS}/{name}", (HERE / ASSETS / name).read_text(encoding="utf-8")


def _html(template: str, material: Material, said: Content, root: str, **more: Any) -> str:
    known = {"everybody": said.everybody, "today": words.day(material.today), "at": f"{material.built_at:%H:%M}", "root": root}
    return templates().get_template(template).render(**known, **more)


@cache
def templates(package: str = "samepicture.page") -> Environment:
    """Those of a package, and the page's, whose parts they may use. Every text is escaped.

    NHS.UK frontend's macros come from an environment of their own, for they count on missing values.
    """
    nhsuk = Environment(loader=PackageLoader("nhsuk_frontend_jinja"), undefined=ChainableUndefined, autoescape=True)
    own = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("samepicture.page")]),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name, (folder, macro) in COMPONENTS.items():
        own.globals[name] = getattr(nhsuk.get_template(f"nhsuk/components/{folder}/macro.jinja").module, macro)
    own.globals.update(complaints=complaints, words=words, policy=POLICY, folder=FOLDER, assets=ASSETS, stylesheet=STYLESHEET)
    return own
