"""What is checked of each page in a real browser; every check returns findings as sentences."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any, Final, NamedTuple

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, ViewportSize

from tests.audit.demo_site import AuditedPage

KILOBYTE: Final = 1000
BUDGET: Final = {"HTML": 9 * KILOBYTE, "CSS": 6.5 * KILOBYTE, "JS": 6 * KILOBYTE, "all": 35 * KILOBYTE}
"""Bytes of the first view, compressed; `all` is without pictures. Pages with forms load a second style sheet."""
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 900}
NARROW_PHONE: Final[ViewportSize] = {"width": 320, "height": 640}
ZOOMED_DESKTOP: Final[ViewportSize] = {"width": 320, "height": 256}
AXE_OPTIONS: Final = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
CONTRAST_OPTIONS: Final = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
OPEN_DETAILS_SCRIPT: Final = "document.querySelectorAll('main details').forEach(details => details.open = true)"
OVERFLOW_SCRIPT: Final = """() => [...document.querySelectorAll("main *, header *, footer *")]
    .filter(element => !element.closest(".unseen, .skip, select, svg, .parcel .steps"))
    .filter(element => element.getClientRects().length)
    .filter(element => element.getBoundingClientRect().right > innerWidth + 1
        || element.getBoundingClientRect().left < -1)
    .map(element => element.outerHTML.slice(0, 100))"""
INVISIBLE_IN_FORCED_COLORS_SCRIPT: Final = """() => [...document.querySelectorAll("a.button, button, .steps li.done")]
    .filter(element => element.getClientRects().length).filter(element => {
        const style = getComputedStyle(element), bar = getComputedStyle(element, "::before");
        return [style, bar].every(({ borderTopWidth, backgroundColor }) => borderTopWidth === "0px" &&
            backgroundColor === getComputedStyle(document.body).backgroundColor || borderTopWidth === "0px" &&
            backgroundColor === "rgba(0, 0, 0, 0)");
    }).map(element => element.outerHTML.slice(0, 100))"""


class Variant(NamedTuple):
    """A language with a colour scheme."""

    language: str
    scheme: Any


VARIANTS: Final = (Variant("en", "light"), Variant("ar", "dark"), Variant("ja", "light"))


class FirstView(NamedTuple):
    """The compressed bytes of a page at its first visit, by kind."""

    html: int
    css: int
    js: int
    total: int
    pictures: int


def open_page(browser: Browser, page: AuditedPage, language: str, **options: Any) -> Page:
    """Return the page in a browser of its own, which has seen nothing of the site before."""
    context = browser.new_context(service_workers="block", locale=language, timezone_id="Europe/Berlin", **options)
    origin = "/".join(page.url.split("/")[:3])
    context.add_cookies([{"name": "language", "value": language, "url": origin}])
    opened = context.new_page()
    opened.goto(page.url, wait_until="load")
    return opened


def check_variant(browser: Browser, page: AuditedPage, variant: Variant, size: ViewportSize, folder: Path) -> list[str]:
    """Take a picture, then open all details and check with axe."""
    opened = open_page(browser, page, variant.language, viewport=size, color_scheme=variant.scheme)
    device = "phone" if size == PHONE else "desktop"
    name = f"{page.name}, {variant.language} {variant.scheme} {device}"
    opened.screenshot(path=folder / f"{page.name}-{variant.language}-{variant.scheme}-{device}.png", full_page=True)
    opened.evaluate(OPEN_DETAILS_SCRIPT)
    findings = [f"{name}: {finding}" for finding in axe_findings(opened, AXE_OPTIONS)]
    opened.context.close()
    return findings


def axe_findings(page: Page, options: Any) -> list[str]:
    """Return what axe finds, one sentence for each rule and element."""
    violations = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in violations for node in rule["nodes"]]


def check_narrow(browser: Browser, page: AuditedPage, language: str) -> list[str]:
    """Check that nothing overflows at 320 px: first on a phone, then as a desktop of 1280 x 1024 px zoomed to 400 %."""
    findings = []
    opened = open_page(browser, page, language, viewport=NARROW_PHONE, device_scale_factor=4)
    opened.evaluate(OPEN_DETAILS_SCRIPT)
    for name, size in (("320 px", NARROW_PHONE), ("400 % zoom", ZOOMED_DESKTOP)):
        opened.set_viewport_size(size)
        overflowing = opened.evaluate(OVERFLOW_SCRIPT)
        if not overflowing and opened.evaluate("document.documentElement.scrollWidth > innerWidth"):
            overflowing = ["the page scrolls sideways"]
        findings += [f"{page.name}, {language}, {name}: {element}" for element in overflowing]
    opened.context.close()
    return findings


def check_forced_colors(browser: Browser, page: AuditedPage, folder: Path) -> list[str]:
    """Check contrast, and that buttons and progress stay visible, in a forced palette."""
    opened = open_page(browser, page, "en", viewport=PHONE, forced_colors="active")
    opened.screenshot(path=folder / f"{page.name}-forced-colors.png", full_page=True)
    found = axe_findings(opened, CONTRAST_OPTIONS)
    found += [f"cannot be seen: {element}" for element in opened.evaluate(INVISIBLE_IN_FORCED_COLORS_SCRIPT)]
    opened.context.close()
    return [f"{page.name}, forced colours: {finding}" for finding in found]


def measure_first_view(browser: Browser, page: AuditedPage) -> FirstView:
    """Return the compressed bytes of all that a phone loads with an empty cache, without the live stream."""
    context = browser.new_context(viewport=PHONE, service_workers="block", locale="en")
    opened, answers = context.new_page(), list[Response]()
    opened.on("response", lambda answer: answers.append(answer))
    opened.goto(page.url, wait_until="load")
    sizes = {"document": 0, "stylesheet": 0, "script": 0, "image": 0}
    for answer in answers:
        if answer.request.resource_type in sizes:
            sizes[answer.request.resource_type] += compressed_size(answer)
    context.close()
    total = sizes["document"] + sizes["stylesheet"] + sizes["script"]
    return FirstView(sizes["document"], sizes["stylesheet"], sizes["script"], total, sizes["image"])


def compressed_size(answer: Response) -> int:
    """Return the bytes of an answer's body as gzip sends them."""
    body = answer.body()
    return len(body) if answer.request.resource_type == "image" else min(len(body), len(gzip.compress(body, 9)))


def size_findings(page: AuditedPage, view: FirstView) -> list[str]:
    """Return what exceeds the budget."""
    measured = {"HTML": view.html, "CSS": view.css, "JS": view.js, "all": view.total}
    return [
        f"{page.name}: {name} {measured[name]:,} bytes, budget {limit:,.0f}"
        for name, limit in BUDGET.items()
        if measured[name] > limit
    ]
