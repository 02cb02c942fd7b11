"""Tabs of Chromium that tests share: loading the page in a new profile each time would take most of their time."""

from __future__ import annotations

from urllib.parse import parse_qs

from support.chromium import settled

FIRST = 240_000  # milliseconds until a page stands: the first one waits until the server has loaded torch and the model
MOST_ENTRIES = 35  # of a tab's history, in which a test makes a few: Chromium forgets the first of more than 50
NARROW = 768  # px: below it the rail is a drawer, closed while the page is loaded
LEAD = """(query) => {  // as a step back leads the page: to another address, without loading it again
  window.history.replaceState(window.history.state, "", query);
  window.headlightHistory.arrive();
}"""


def leads(query: str) -> bool:
    """Whether an address names a view that an open page can go to; what is embedded is so from its loading."""
    names = parse_qs(query[1:]) if query.startswith("?") else {}
    return "view" in names and "embed" not in names


def lead(page, query: str) -> None:
    """Bring a page that is open to the front and to another address, and wait until it follows."""
    page.bring_to_front()
    if parse_qs(page.evaluate("location.search.slice(1)")) == parse_qs(query[1:]):
        page.reload()
        return
    page.wait_for_function("window.headlightHistory")
    turn = page.locator(".rail").get_attribute("data-turn")
    page.evaluate(LEAD, query)
    page.locator(f".rail:not([data-turn='{turn}'])").wait_for(state="attached")


class Tabs:
    """Tabs by colour scheme, and whether they are a phone's, in one browser profile, which has the page's code compiled. Loading the
    page takes longer than most tests, so a test goes on in the tab that another one has left, and the page is led to the address
    that this test asks for."""

    def __init__(self, browser, server: str) -> None:
        """browser: of Playwright; server: the URL that a query is asked of.

        With less motion, as a reader may ask for: what moves while a page works is drawn sixty times a second, and without a graphics
        card that is a quarter of what a page costs. Pages with motion are in the tests of the first visit, of a class and of several replicas.
        """
        self._profile, self._server = browser.new_context(reduced_motion="reduce"), server
        self._free: dict[tuple, list] = {}
        self._visited: list[tuple] = []  # (look, page) of the test that runs

    def visit(
        self, query: str = "?view=all-heads", scheme: str = "light", width: int = 1280, height: int = 900, fresh: bool = False
    ):
        """Open a query, or a URL, in a tab that no other visit of this test has, and wait until the script of the page has ended.

        fresh: in a new tab, with a history and a session that begin here. A query without a view is a visit of its own, and is
        loaded. Returns Playwright's page; `page.problems` are the errors of its JavaScript.
        """
        look = (scheme, width < NARROW)
        is_kept = not fresh and bool(self._free.get(look))
        page = self._free[look].pop() if is_kept else self._new(scheme)
        page.bring_to_front()
        page.set_viewport_size({"width": width, "height": height})
        page.problems.clear()
        if is_kept and leads(query):
            lead(page, query)
        else:
            page.goto(query if query.startswith("http") else f"{self._server}/{query}")
        apart = (
            fresh or query.startswith("http") or "embed=true" in query
        )  # another server's may be gone; embedded is a page from its loading
        self._visited.append((None if apart else look, page))
        page.locator("[data-testid=view-sentence], [data-testid=stAlert]").first.wait_for(state="attached", timeout=FIRST)
        return settled(page)

    def leave(self, has_failed: bool) -> None:
        """The test is over: its tabs are free for the next; closed where it failed, or where they no longer answer."""
        from playwright.sync_api import Error

        for look, page in self._visited:
            try:
                page.evaluate("() => { sessionStorage.clear(); localStorage.clear(); window.scrollTo(0, 0); }")
                page.mouse.move(0, 0)
                if look and not has_failed and page.evaluate("history.length") < MOST_ENTRIES:
                    self._free.setdefault(look, []).append(page)
                    continue
            except Error:
                pass
            page.close()
        self._visited = []

    def close(self) -> None:
        """Close them all."""
        self._profile.close()

    def _new(self, scheme: str):
        """Another tab, which collects the errors of its JavaScript."""
        page = self._profile.new_page()
        page.emulate_media(color_scheme=scheme)
        page.set_default_timeout(60_000)
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        return page
