"""Find a Chromium for the browser tests, or try to install one: `python -m tests.chromium`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

CHROMIUM_FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EXECUTABLE_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APT_PACKAGES: Final = ("chromium", "fonts-noto-core", "fonts-noto-cjk")
PLAYWRIGHT_DOWNLOAD_GLOB: Final = "chromium-*/chrome-linux*/chrome"


def find_chromium() -> str:
    """Return the path of a Chromium, or raise `FileNotFoundError` with instructions."""
    installed = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, EXECUTABLE_NAMES)), None)
    downloads = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    downloaded = sorted(downloads.glob(PLAYWRIGHT_DOWNLOAD_GLOB))
    if installed or downloaded:
        return installed or str(downloaded[-1])
    raise FileNotFoundError(
        "No Chromium was found and none could be installed. Install one (Debian: apt install chromium), "
        "or name one with CHROMIUM=/path/to/chromium."
    )


def install_chromium() -> None:
    """Install Chromium with apt if possible, else with Playwright's download."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get"):
        print("Installing Chromium and fonts with apt", flush=True)
        subprocess.run([*sudo, "apt-get", "update", "-qq"], check=False)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = [*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *APT_PACKAGES]
        subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)
    if not shutil.which("chromium"):
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Print the path of a Chromium, installing one if needed. Print the reason and return 1 if that fails."""
    try:
        print(f"Chromium: {find_chromium()}")
    except FileNotFoundError:
        install_chromium()
        try:
            print(f"Chromium: {find_chromium()}")
        except FileNotFoundError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
