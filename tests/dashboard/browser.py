"""The real dashboard in the real browser: a Streamlit server on a free port, and a page that notes what goes wrong."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.error import URLError
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from footfall.settings import PROJECT_ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_PATIENCE_S = 60
_LOCAL = {"127.0.0.1", "localhost", ""}


@contextmanager
def serve(home: Path) -> Iterator[str]:
    """The dashboard on this home, as a person starts it; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(PROJECT_ROOT / "dashboard" / "overview.py")]
    # another folder than the project's: the page must find its configuration from there too
    home.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join(filter(None, [str(PROJECT_ROOT), os.environ.get("PYTHONPATH")]))
    server = subprocess.Popen(
        [*command, "--server.port", str(port)],
        cwd=home,
        env=os.environ | {"FOOTFALL_HOME": str(home), "PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_until_healthy(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_until_healthy(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the dashboard did not come up on port {port} (exit code {server.poll()})")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, talking to nobody on its own account."""
    expect.set_options(timeout=_PATIENCE_S * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


@dataclass
class Screen:
    """One open page, and every console error and request to another machine it made."""

    page: Page
    wrong: list[str] = field(default_factory=list)

    def open(self, url: str, ready: str = "headline") -> None:
        """Go there and wait for the figures (or another test's landmark, by its text)."""
        self.page.goto(url)
        if ready == "headline":
            expect(self.page.get_by_test_id("stMetric").first).to_be_visible()
        else:
            expect(self.page.get_by_text(ready)).to_be_visible()

    def figure(self, label: str) -> str:
        """The headline figure as written on the page."""
        return self._metric(label).get_by_test_id("stMetricValue").inner_text()

    def expect_figure(self, label: str, value: str) -> None:
        """Wait until the headline figure is this."""
        expect(self._metric(label).get_by_test_id("stMetricValue")).to_have_text(value)

    def expect_change(self, label: str, value: str) -> None:
        """Wait until the figure's change since the period before is this."""
        expect(self._metric(label).get_by_test_id("stMetricDelta")).to_contain_text(value)

    def choose(self, period: str) -> None:
        """Press one of the period buttons."""
        self.page.get_by_role("radio", name=period, exact=True).click()

    def expect_rows(self, panel: str, *rows: list[str]) -> None:
        """Wait until a ranking has exactly these rows."""
        cells = self.page.locator(f"#{panel} tbody :is(th, td)")
        expect(cells).to_have_text([cell for row in rows for cell in row])

    def _metric(self, label: str) -> Locator:
        exact = self.page.get_by_test_id("stMetricLabel").get_by_text(label, exact=True)
        return self.page.get_by_test_id("stMetric").filter(has=exact)


@contextmanager
def screen(browser: Browser, width: int = 1400, scheme: Literal["light", "dark"] = "light") -> Iterator[Screen]:
    """A fresh page; on the way out it fails on console errors and on requests to other machines."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    shown = Screen(page)
    page.on("console", lambda message: shown.wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: shown.wrong.append(str(error)))
    page.on(
        "request",
        lambda request: (
            shown.wrong.append(f"asked {request.url}") if (urlsplit(request.url).hostname or "") not in _LOCAL else None
        ),
    )
    yield shown
    page.close()
    assert shown.wrong == []
