"""A page in a browser of its own that is typed into and watched: one sample is one key press and what was drawn after it.

A sample counts only where its own text (or state of a switch) was drawn after the key. The others are thrown away and counted.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

RECORDER = Path(__file__).with_name("drawn.js")
QUIET = 400  # ms without a change or a message, after which a rerun counts as drawn
PATIENCE = 120_000  # ms to wait for that
TRIES = 10  # samples in a row that may be thrown away

EARLY = "sent before Enter could be pressed"  # the live text field was faster
UNDRAWN = "ended without anything drawn after the key"
OTHER = "ended with another text or state on screen"


@dataclass(frozen=True)
class Rerun:
    """One text typed, or one switch flipped, and drawn."""

    milliseconds: float  # from the key to the frame that shows the last change; above 0
    bytes: int  # of all websocket messages from the server after the key


def letters(text: str) -> str:
    """Letters and digits alone: what a text has in common with the pieces that spell it."""
    return "".join(filter(str.isalnum, text))


class Tab:
    """A page in a browser profile of its own, with the recorder (drawn.js) inside.

    `thrown` counts the samples that do not count, by reason; `counted` those that do.
    """

    def __init__(self, browser, url: str, **query: str) -> None:
        self.thrown: Counter[str] = Counter()
        self.counted = 0
        self.context = browser.new_context(viewport={"width": 1280, "height": 900})
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.add_init_script(path=RECORDER)
        self.page.goto(f"{url}/?{urlencode(query)}")
        self._settle()

    def type(self, text: str) -> Rerun | None:
        """Replace the text, press Enter, wait until it is drawn; None, counted in `thrown`, where that cannot be said of it."""
        self.page.get_by_label("English sentence").fill(text)
        self.page.keyboard.press("Enter")
        self._settle()
        return self._sample(letters(self.page.evaluate("bench.text()")) == letters(text))

    def type_one(self, texts: Iterable[str]) -> tuple[str, Rerun]:
        """The next text that gives a sample, and the sample. Raises RuntimeError where TRIES in a row give none, or there is no other."""
        for text in itertools.islice(texts, TRIES):
            if rerun := self.type(text):
                return text, rerun
        raise RuntimeError(f"This machine is too busy to measure on, or there are too few texts. {thrown_away([self])}")

    def flip(self, switch: str, on: bool) -> Rerun | None:
        """Flip a switch by its name with the space bar, to `on`, wait until the page is drawn; None as `type`.

        Raises RuntimeError where it stood there already: what would be measured is the other flip.
        """
        box = self.page.get_by_label(switch, exact=True)
        if box.is_checked() == on:
            raise RuntimeError(
                f"The switch “{switch}” is {'on' if on else 'off'} already: flipping it would measure the other way."
            )
        box.focus()
        self.page.keyboard.press("Space")
        self._settle()
        return self._sample(box.is_checked() == on)

    def close(self) -> None:
        """Close the page and forget its profile."""
        self.context.close()

    def _sample(self, shown: bool) -> Rerun | None:
        """What the recorder saw of the last key, if it is a sample. shown: whether what was asked for is on screen."""
        bench = self.page.evaluate("bench")
        reason = EARLY if bench["early"] else UNDRAWN if bench["frame"] <= bench["entered"] else "" if shown else OTHER
        if reason:
            self.thrown[reason] += 1
            return None
        self.counted += 1
        return Rerun(bench["frame"] - bench["entered"], bench["bytes"])

    def _settle(self) -> None:
        from playwright.sync_api import TimeoutError

        try:
            self.page.wait_for_function("quiet => bench.settled(quiet)", arg=QUIET, polling=50)
        except TimeoutError as error:
            raise RuntimeError(
                f"{self.page.url} did not come to rest in {PATIENCE // 1000} s: {self.page.evaluate('bench')}"
            ) from error


def thrown_away(tabs: Iterable[Tab]) -> str:
    """How many samples of these pages do not count and why, in a sentence; empty where all do."""
    tabs = list(tabs)
    thrown = sum((tab.thrown for tab in tabs), Counter())
    if not thrown:
        return ""
    reasons = "; ".join(f"{count} {reason}" for reason, count in thrown.most_common())
    return f"Thrown away: {thrown.total()} of {thrown.total() + sum(tab.counted for tab in tabs)} samples ({reasons})."


def until_one(samples: Iterator[Rerun | None]) -> Rerun:
    """The first sample that counts. Raises RuntimeError where TRIES in a row do not."""
    found = next((rerun for rerun in itertools.islice(samples, TRIES) if rerun), None)
    if found is None:
        raise RuntimeError(f"{TRIES} samples in a row had to be thrown away: this machine is too busy to measure on.")
    return found
