"""Tabs of Chromium that tests share: loading the page in a new profile each time would take most of their time."""

from __future__ import annotations

from support.chromium import settled

BLANK = "about:blank"
FIRST = 240_000  # milliseconds until a page stands: the first one waits until the server has loaded torch and the model


class Tabs:
    """Tabs by colour scheme and size, in one browser profile a scheme; a test that is over leaves them blank for the next."""

    def __init__(self, browser, server: str) -> None:
        """browser: of Playwright; server: the URL that a query is asked of."""
        self._browser, self._server = browser, server
        self._profiles: dict[str, object] = {}
        self._free: dict[tuple, list] = {}
        self._visited: list[tuple] = []  # (look, page) of the test that runs
        self._fresh: list = []  # tabs that this test alone has

    def visit(
        self, query: str = "?view=all-heads", scheme: str = "light", width: int = 1280, height: int = 900, fresh: bool = False
    ):
        """Open a query, or a URL, in a tab that no other visit of this test has, and wait until the script of the page has ended.

        fresh: in a new tab, with a history that begins here. Returns Playwright's page; `page.problems` are the errors of
        its JavaScript.
        """
        page = self._tab(scheme, width, height, fresh)
        page.goto(query if query.startswith("http") else f"{self._server}/{query}")
        page.locator("[data-testid=view-sentence]:visible, [data-testid=stAlert]:visible").first.wait_for(timeout=FIRST)
        return settled(page)

    def leave(self) -> None:
        """The test is over: its tabs forget what they stored and are free, or closed where they no longer answer."""
        from playwright.sync_api import Error

        for look, page in [*self._visited, *((None, page) for page in self._fresh)]:
            try:
                page.evaluate("() => { sessionStorage.clear(); localStorage.clear(); }")
                page.mouse.move(0, 0)
                page.goto(BLANK)
                if look:
                    self._free.setdefault(look, []).append(page)
                    continue
            except Error:
                pass
            page.close()
        self._fresh, self._visited = [], []

    def close(self) -> None:
        """Close every profile."""
        for context in self._profiles.values():
            context.close()

    def _tab(self, scheme: str, width: int, height: int, fresh: bool):
        """A blank tab of this look."""
        look = (scheme, width, height)
        if fresh:
            self._fresh.append(self._new(*look))
            return self._fresh[-1]
        free = self._free.get(look)
        page = free.pop() if free else self._new(*look)
        page.problems.clear()
        self._visited.append((look, page))
        return page

    def _new(self, scheme: str, width: int, height: int):
        """Another tab of the scheme's profile."""
        if scheme not in self._profiles:
            self._profiles[scheme] = self._browser.new_context(color_scheme=scheme)
        page = opened(self._profiles[scheme])
        page.set_viewport_size({"width": width, "height": height})
        return page


def opened(context):
    """A new tab that collects the errors of its JavaScript."""
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    return page
