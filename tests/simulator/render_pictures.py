"""Render the drawings of the demo shops as WebP, after one was changed: `python -m tests.simulator.render_pictures`."""

from __future__ import annotations

from playwright.sync_api import sync_playwright

from tests.chromium import CHROMIUM_FLAGS, find_chromium
from tracking.paper_check.images import shrink_image
from tracking.simulator.demo_shops import PICTURE_SIDES, PICTURES_FOLDER

RENDERED_SIDE = 832


def main() -> None:
    """Write each drawing in both sizes beside it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": RENDERED_SIDE, "height": RENDERED_SIDE})
        for drawing in sorted(PICTURES_FOLDER.glob("*.svg")):
            page.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{drawing.read_text()}")
            png = page.screenshot(omit_background=True)
            for side in PICTURE_SIDES:
                content = shrink_image(png, "PNG", side)
                (PICTURES_FOLDER / f"{drawing.stem}-{side}.webp").write_bytes(content)
        browser.close()


if __name__ == "__main__":
    main()
