"""A real browser on a real server: what every walk shares.

Without a Chromium on the machine the walks are skipped and say so, unless SEQUENCE_REQUIRE_BROWSER is set (as in
continuous integration), where its absence is a failure. SEQUENCE_SCREENSHOTS names a folder for the pictures.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect, sync_playwright
from werkzeug.serving import make_server

from tests.service.web.conftest import (  # noqa: F401  (the small country and its application, as fixtures)
    Clock,
    app,
    browser_for,
    clock,
    country,
    database,
    stage,
    templates,
)
from tests.service.web.small_country import PASSWORD

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The walk of an académie takes several of its rounds: it is in the full profile alone."""
    return True if collection_path.name == "test_academy.py" and not config.getoption("--full") else None


def chromium_path() -> str | None:
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    path = chromium_path()
    if path is None:
        reason = f"no Chromium on this machine (looked for $CHROMIUM, {', '.join(NAMES)})"
        if os.environ.get("SEQUENCE_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def site(app: Flask) -> Iterator[str]:  # noqa: F811
    """The address of a server that serves `app` on its own threads."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def window(chromium: Chromium, site: str) -> Iterator[Page]:
    """A fresh window of 1,280 px, French, on the site. Nothing may be asked from any other host."""
    context = chromium.new_context(base_url=site, locale="fr-FR", timezone_id="Europe/Paris", viewport=WIDE)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    elsewhere: list[str] = []
    page = context.new_page()
    page.on("request", lambda sent: elsewhere.append(sent.url) if not sent.url.startswith((site, "data:")) else None)
    yield page
    context.close()
    assert elsewhere == [], "a page asked another host for something"


@pytest.fixture
def sign_in(window: Page) -> Callable[[str], None]:
    """Fill in the sign-in form as a person does."""

    def enter(email: str, password: str = PASSWORD) -> None:
        window.goto("/connexion")
        window.get_by_label("Adresse électronique").fill(email)
        window.get_by_label("Mot de passe").fill(password)
        window.get_by_role("main").get_by_role("button", name="Se connecter").click()
        window.wait_for_load_state()

    return enter


@pytest.fixture
def look(window: Page) -> Callable[[str], None]:
    """Judge the page on screen: one title, no accessibility fault, nothing wider than a telephone; keep its picture."""

    def judge(name: str) -> None:
        window.wait_for_load_state()
        expect(window.locator("h1")).to_have_count(1)
        for width, size in (("1280", WIDE), ("360", NARROW)):
            window.set_viewport_size(size)  # type: ignore[arg-type]
            faults = Axe().run(window).response["violations"]
            assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in faults] == []
            overflow = window.evaluate("document.documentElement.scrollWidth") - size["width"]
            assert overflow <= 0, f"{name} is too wide at {width}"
            folder = os.environ.get("SEQUENCE_SCREENSHOTS")
            if folder:
                window.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
        window.set_viewport_size(WIDE)  # type: ignore[arg-type]

    return judge


@pytest.fixture
def worker(app: Flask, clock: Clock) -> Iterator[subprocess.Popen[bytes]]:  # noqa: F811
    """The real worker, in a process of its own, on the site's database and queue, on the site's day."""
    settings = {
        "SEQUENCE_DATABASE_URL": app.extensions["sequence_settings"].database_url,
        "SEQUENCE_TODAY": clock().date().isoformat(),
    }
    process = subprocess.Popen([sys.executable, "-m", "service.cli", "worker"], env={**os.environ, **settings})
    yield process
    process.terminate()
    assert process.wait(30) == 0, "the worker did not stop in good order"
