"""`python -m tests.audit [STATE ...]`: check every state's page in a browser, and write a report with pictures."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from tests.audit import lighthouse
from tests.audit.checks import (
    DESKTOP,
    PHONE,
    VARIANTS,
    FirstView,
    Variant,
    check_forced_colors,
    check_narrow,
    check_variant,
    measure_first_view,
    size_findings,
)
from tests.audit.demo_site import OTHER_PAGES, PROJECT_ROOT, AuditedPage, run_demo_site
from tests.chromium import CHROMIUM_FLAGS, find_chromium

REPORT_FOLDER: Final = PROJECT_ROOT / "audit-report"
NARROW_LANGUAGES: Final = ("en", "ar", "ja")
LIGHTHOUSE_PAGES: Final = ("on-the-way", "order", "look-up")


def audit_page(browser: Browser, page: AuditedPage, folder: Path) -> list[str]:
    """Return all findings about one page but its size."""
    findings = []
    for variant in VARIANTS:
        for size in (PHONE, DESKTOP):
            findings += check_variant(browser, page, variant, size, folder)
    dark = Variant("en", "dark")
    findings += check_variant(browser, page, dark, PHONE, folder)
    for language in NARROW_LANGUAGES:
        findings += check_narrow(browser, page, language)
    return findings + check_forced_colors(browser, page, folder)


def size_row(name: str, view: FirstView) -> str:
    """Return one row of the table of bytes."""
    return f"{name:24}{view.html:>8,}{view.css:>8,}{view.js:>8,}{view.total:>9,}{view.pictures:>11,}"


def audit_lighthouse(pages: list[AuditedPage], folder: Path) -> tuple[list[str], list[str]]:
    """Return report lines and findings of Lighthouse; a line says why where it cannot be run."""
    lines, findings = ["", f"{'Lighthouse':24}" + "".join(f"{name:>16}" for name in lighthouse.CATEGORIES)], []
    for page in pages:
        try:
            scores = lighthouse.measure(page, folder)
        except lighthouse.LighthouseMissingError as error:
            lines.append(f"{page.name:24}not measured: {error}")
            continue
        lines.append(f"{page.name:24}" + "".join(f"{scores[name]:>16}" for name in lighthouse.CATEGORIES))
        findings += lighthouse.score_findings(page, scores)
    return lines, findings


def main(wanted: list[str]) -> int:
    """Audit the wanted pages, or all; print and write the report. Return 1 if anything was found."""
    shutil.rmtree(REPORT_FOLDER, ignore_errors=True)
    REPORT_FOLDER.mkdir()
    lines = [f"{'bytes, compressed':24}{'HTML':>8}{'CSS':>8}{'JS':>8}{'all':>9}{'+pictures':>11}"]
    findings: list[str] = []
    with run_demo_site() as pages, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        chosen = [page for page in pages if page.url and (not wanted or page.name in wanted)]
        for page in chosen:
            print(f"auditing {page.name}", flush=True)
            view = measure_first_view(browser, page)
            lines.append(size_row(page.name, view))
            findings += size_findings(page, view) if page.name not in OTHER_PAGES else []
            findings += audit_page(browser, page, REPORT_FOLDER)
        browser.close()
        scores, low = audit_lighthouse([page for page in chosen if page.name in LIGHTHOUSE_PAGES], REPORT_FOLDER)
        lines, findings = lines + scores, findings + low
        missing = [page.name for page in pages if not page.url]
    lines += ["", f"States that the demo does not hold: {', '.join(missing) or 'none'}"]
    lines += ["", f"{len(findings)} findings", *findings]
    (REPORT_FOLDER / "report.txt").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    print(f"\nReport and pictures: {REPORT_FOLDER.relative_to(PROJECT_ROOT)}/")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
