"""The page as its readers see it, in real Chromium: access for everybody, choices, paper, and no other host."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAGES = ("index.html", "organisations/RZN.html")
DESK, PHONE, NARROW = {"width": 1280, "height": 900}, {"width": 375, "height": 812}, {"width": 320, "height": 800}
OPENED_SECONDS = 2.0

Opened = Callable[..., Page]


def shown(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(f"{selector}:visible").all_inner_texts()]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("made_of", ["busy", "empty", "overlong"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_wcag_2_2_aa(opened: Opened, made_of: str, path: str, size: dict[str, int]) -> None:
    page = opened(made_of, path, viewport=size)
    for details in page.locator("details").all():
        details.evaluate("element => { element.open = true }")
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}, "preload": False})
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > 10, "axe has looked at something"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("made_of", ["busy", "empty", "overlong"])
@pytest.mark.parametrize("size", [DESK, PHONE, NARROW], ids=["desk", "phone", "narrow"])
def test_nothing_scrolls_sideways(opened: Opened, made_of: str, path: str, size: dict[str, int]) -> None:
    page = opened(made_of, path, viewport=size)
    for details in page.locator("details").all():
        details.evaluate("element => { element.open = true }")
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_newest_quarter_shows_first_and_the_others_wait(opened: Opened) -> None:
    page = opened("busy", "organisations/RZN.html", viewport=DESK)
    assert shown(page, "#evidence ~ div > table caption") == ["April to June 2026"]
    assert shown(page, "#evidence ~ [data-follows]") == ["Shown: April to June 2026; All themes"]
    assert len(shown(page, ".sp-story")) == 2
    assert page.locator("tr.sp-chosen th").first.inner_text() == "April to June 2026"


def test_a_link_keeps_the_choice(opened: Opened) -> None:
    page = opened("busy", "organisations/RZN.html", viewport=DESK)
    page.select_option("#theme", "T08")
    page.select_option("#period", "all")
    page.get_by_role("button", name="Show").click()
    assert shown(page, "#evidence ~ div > table caption") == ["Coordination, discharge and transitions, quarter by quarter"]
    assert len(shown(page, "#evidence ~ div tbody tr")) == 3
    assert len(shown(page, ".sp-story")) == 6, "stories have no theme"
    assert len(shown(page, "#known ~ table tbody tr")) == len(shown(page, "#promises ~ table tbody tr")) == 1
    link = page.get_by_role("link", name="link to this view").get_attribute("href") or ""
    assert parse_qs(urlsplit(link).query) == {"period": ["all"], "theme": ["T08"]}
    assert parse_qs(urlsplit(page.url).query) == {"period": ["all"], "theme": ["T08"]}
    other = opened("busy", f"organisations/{link}", viewport=PHONE)
    assert shown(other, "#evidence ~ div > table caption") == ["Coordination, discharge and transitions, quarter by quarter"]


def test_another_organisation_with_the_same_choice_and_back(opened: Opened) -> None:
    page = opened("busy", "index.html?period=2026-01&theme=T01", viewport=DESK)
    page.select_option("#organisation", label="Eastvale Hospitals NHS Trust")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/RZE.html?period=2026-01&theme=T01")
    assert shown(page, "#evidence ~ div > table caption") == ["January to March 2026"]
    assert len(shown(page, "#evidence ~ div tbody tr")) == 1
    page.get_by_role("link", name="The whole system").click()
    page.wait_for_url("**/index.html?period=2026-01&theme=T01")
    page.go_back()
    assert page.input_value("#theme") == "T01"


def test_a_choice_that_is_not_offered_is_left_alone(opened: Opened) -> None:
    page = opened("busy", "organisations/RZN.html?period=<script>&theme=T77", viewport=DESK)
    assert (page.input_value("#period"), page.input_value("#theme")) == ("2026-04", "all")


def test_where_nothing_fits_the_choice_it_says_so(opened: Opened) -> None:
    page = opened("busy", "organisations/RZN.html?period=2026-04&theme=T02", viewport=DESK)
    assert shown(page, "#stories ~ [data-no-match]") == []
    assert shown(page, "#engagement ~ [data-no-match]") == ["Nothing here for this choice of period and theme."]
    assert shown(page, "#engagement ~ table") == []
    assert shown(page, "#known ~ [data-no-match]") == []


def test_with_the_keyboard_alone(opened: Opened) -> None:
    page = opened("busy", "organisations/RZN.html", viewport=DESK)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText").strip() == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "maincontent"
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        element = page.evaluate(
            "({id: document.activeElement.id, text: document.activeElement.innerText, outline: getComputedStyle(document.activeElement).outlineWidth, shadow: getComputedStyle(document.activeElement).boxShadow, border: getComputedStyle(document.activeElement).borderBottomWidth})"
        )
        reached.append(element["id"] or element["text"].strip())
        assert element["outline"] != "0px" or element["shadow"] != "none", f"{reached[-1]} does not show that it has the focus"
        if element["id"] == "theme":
            page.keyboard.type("Access")
    assert reached == ["organisation", "period", "theme", "Show"]
    page.keyboard.press("Enter")
    assert parse_qs(urlsplit(page.url).query)["theme"] == ["T01"]


def test_every_in_page_link_leads_to_a_heading(opened: Opened) -> None:
    for path in PAGES:
        page = opened("busy", path, viewport=DESK)
        targets = [link.get_attribute("href") for link in page.locator(".sp-contents a").all()]
        assert targets
        for target in targets:
            assert page.locator(f"h2{target}").count() == 1


def test_without_javascript_everything_is_there_as_tables(opened: Opened) -> None:
    page = opened("busy", "organisations/RZN.html", viewport=DESK, java_script_enabled=False)
    assert shown(page, "#evidence ~ div > table caption") == ["April to June 2026", "January to March 2026", "October to December 2025"]
    assert len(shown(page, ".sp-story")) == 6
    assert shown(page, "#chooser") == [], "what does nothing is not offered"
    system = opened("busy", "index.html", viewport=DESK, java_script_enabled=False)
    system.get_by_role("link", name="Eastvale Hospitals NHS Trust").click()
    assert shown(system, "h1") == ["Eastvale Hospitals NHS Trust"]


def test_each_chart_has_its_table(opened: Opened) -> None:
    page = opened("busy", "organisations/RZN.html", viewport=PHONE)
    charts = page.locator(".sp-signal:has(img)")
    assert charts.count() == 5
    for chart in charts.all():
        assert chart.locator("img").evaluate("image => image.complete && image.naturalWidth > 0")
        chart.locator("summary").click()
        assert len(chart.locator("tbody tr").all_inner_texts()) == 15
    assert page.locator(".sp-signal").count() == 6, "a series that is withheld has its words and its table"


def test_on_a4(opened: Opened, tmp_path: Path) -> None:
    page = opened("busy", "organisations/RZN.html?period=2026-04&theme=all", viewport=DESK)
    page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    paper = pypdf.PdfReader(tmp_path / "page.pdf")
    assert [round(float(side)) for side in paper.pages[0].mediabox[2:]] == [595, 842]
    text = " ".join(" ".join(sheet.extract_text() for sheet in paper.pages).split())
    assert "Shown: April to June 2026" in text
    assert "Hot meal after six" in text
    assert "Choose what you see" not in text
    assert "January to March 2026; All themes" not in text
    assert 2 <= len(paper.pages) <= 12


def test_opens_at_once(opened: Opened) -> None:
    for path in PAGES:
        started = time.monotonic()
        opened("busy", path, viewport=PHONE)
        assert time.monotonic() - started < OPENED_SECONDS
