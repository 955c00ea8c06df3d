"""Takes the README's pictures anew, from the real demonstration: `python -m tests.journey.screenshots`.

It builds the invented country in a temporary folder, serves it, signs in as each of the three sample accounts and keeps
one picture per page in `tests/journey/screenshots/`. It judges nothing: the walks beside it do.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.journey.conftest import ARGUMENTS, NARROW, WIDE, chromium_path

PICTURES = Path(__file__).parent / "screenshots"


@dataclass(frozen=True)
class Picture:
    """`role` is the sample account that looks (none: the public); `link` is followed from its first page, if any."""

    name: str
    role: str = ""
    path: str = ""
    links: tuple[str, ...] = ()
    narrow: bool = False


ALBUM = (
    Picture("accueil", path="/"),
    Picture("etablissement", "school_coordinator"),
    Picture("classe", "school_coordinator", links=("main table a",), narrow=True),
    Picture("partenaire", "partner_manager"),
    Picture("coordination", "national_coordinator"),
    Picture("tour", "national_coordinator", links=("main a[href*='/tours/']",)),
    Picture("convention", "national_coordinator", path="/conventions/ovhcloud"),
)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def sequence(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "service.cli", *arguments]


@contextmanager
def demonstration(folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The address of the served demonstration, and its summary."""
    database = f"sqlite:///{folder}/demo.db"
    built = subprocess.run(
        sequence("demo", "--no-serve", "--json", "--database", database), stdout=subprocess.PIPE, check=True
    )
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    serving = subprocess.Popen(sequence("serve", "--database", database, "--port", str(port)), env=os.environ.copy())
    try:
        wait_for(address)
        yield address, json.loads(built.stdout)
    finally:
        serving.terminate()
        serving.wait(timeout=60)


def wait_for(address: str) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"the site did not answer at {address}")


def take(page: Page, address: str, picture: Picture, accounts: dict[str, dict[str, str]]) -> None:
    page.goto(address + "/")
    if picture.role:
        account = accounts[picture.role]
        page.goto(f"{address}/connexion")
        page.get_by_label("Adresse électronique").fill(account["email"])
        page.get_by_label("Mot de passe").fill(account["password"])
        page.get_by_role("main").get_by_role("button", name="Se connecter").click()
    if picture.path:
        page.goto(address + picture.path)
    for link in picture.links:
        page.locator(link).first.click()
    page.set_viewport_size(NARROW if picture.narrow else WIDE)  # type: ignore[arg-type]
    height = min(1400, page.evaluate("document.documentElement.scrollHeight"))
    width = (NARROW if picture.narrow else WIDE)["width"]
    page.set_viewport_size({"width": width, "height": height})
    page.screenshot(path=PICTURES / f"{picture.name}.png")


def main() -> None:
    """Build, serve, look."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, demonstration(folder) as (address, summary):
        accounts = {row["role"]: row for row in summary["accounts"]}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
            for picture in ALBUM:
                context = browser.new_context(locale="fr-FR", timezone_id="Europe/Paris")
                take(context.new_page(), address, picture, accounts)
                context.close()
            browser.close()


if __name__ == "__main__":
    main()
